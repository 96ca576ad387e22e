"""What an agent is, and what it works with. A new one is one file: see docs/agents.md."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

from agents.core.call import ModelCall
from agents.core.model import Model
from agents.core.turn import Record, Turn
from gemini import capabilities, catalogue, history
from gemini.errors import GeminiError
from gemini.files import newest_pictures
from gemini.keys import Key
from gemini.outputs import Activity, Content, Said
from gemini.request import Function, ModelRequest

logger = logging.getLogger(__name__)

COORDINATOR = "coordinator"
RESULT_CHARS = 16_000
GO_ON = "Go on with what I asked."


@dataclass(frozen=True, slots=True)
class Tool:
    """A function of ours that an agent's model may call.

    Args:
        parameters: a JSON schema of an object.
        run: gets the arguments by name, as the model gave them, and returns what it is told. What
            it raises is told as a failure, without its text.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    run: Callable[..., Awaitable[str]]


class Agent(Protocol):
    """A specialist that the coordinator can ask.

    Attributes:
        name: one lower-case word; ``@name`` asks for it, and its function is ``ask_name_agent``.
        label: what people read.
        description: tells the coordinator's model when to ask it.
        parameters: JSON schema properties that it wants besides the task and the reason.
        tools: Google's that it may use, by the catalogue's names, and tools of its own.
        outputs: what it can be asked to answer with, if there is a choice.
        takes: kinds of files that go to it at once, when the user names nobody.
    """

    name: str
    label: str
    description: str
    parameters: dict[str, Any]
    tools: tuple[str | Tool, ...]
    outputs: tuple[str, ...]
    takes: frozenset[str]

    def run(self, task: Task) -> AsyncGenerator[Said, None]:
        """Do the task, yielding outputs as they come.

        Raises:
            GeminiError: it could not be done.
        """
        ...


@dataclass(slots=True)
class Task:
    """What an agent is asked to do, and the way to a model for it.

    Args:
        agent: whose it is.
        request: what to do, complete in itself.
        last: the same as a content, with what the user said and sent.
        arguments: as the coordinator's model gave them.
        tools: see ``Agent.tools``.
        said: what was said about it so far: the model's contents, and results of functions.
    """

    turn: Turn
    record: Record
    gemini: Model
    agent: str
    request: str
    last: Content
    arguments: dict[str, str] = field(default_factory=dict)
    tools: tuple[str | Tool, ...] = ()
    said: list[Content] = field(default_factory=list)

    def call(
        self,
        *,
        system: str,
        model: str = "",
        alone: Content | None = None,
        made: bool = False,
        **more: Any,
    ) -> ModelCall:
        """Prepare a model call on the run's key and limits.

        The user's own instructions stand behind ``system``.

        Args:
            model: an API id; empty: the one the user chose.
            alone: all that is sent, in the place of the conversation.
            made: files that were made earlier go along.
            more: what else a ``ModelRequest`` can say.
        """
        model = model or catalogue.api_id(self.turn.model)
        system, words = self._instructions(model, system)
        compose = partial(self._contents, model, words, alone=alone, made=made)
        contents, notices = compose(self.record.keys.in_use)
        more["thoughts"] = more.get("thoughts", False) and self.turn.models.info(model).thinks
        request = ModelRequest(
            model=model,
            system=system,
            contents=contents,
            api_key=self.turn.keys[0].secret,
            tools=capabilities.tools(model, self._google_tools()),
            thinking=self.turn.thinking,
            limits=self.turn.limits,
            **more,
        )

        def composed(key: Key | None, as_words: bool) -> tuple[Content, ...]:
            return compose(key, as_words=as_words)[0]

        return ModelCall(self.agent, self.gemini, request, self.record, notices, composed)

    async def answer(self, *, system: str, **options: Any) -> AsyncGenerator[Said, None]:
        """What the model says, with the agent's own tools used for it; see ``call``."""
        own = {tool.name: tool for tool in self.tools if isinstance(tool, Tool)}
        functions = tuple(Function(t.name, t.description, t.parameters) for t in own.values())
        rounds = self.turn.limits.rounds
        for round_ in range(1, rounds + 1):
            call = self.call(
                system=system, functions=functions, call_functions=round_ < rounds, **options
            )
            async with aclosing(call.outputs()) as outputs:
                async for output in outputs:
                    yield output
            self.keep(call, calls=bool(own))
            if not own or not call.functions:
                return
            if round_ == rounds:
                break  # it was told to use no more of them, and will not be told what came of it
            responses = []
            for wanted in call.functions:
                used, response = await _use(own.get(str(wanted.get("name"))), wanted)
                yield used
                responses.append(response)
            self.said.append({"role": "user", "parts": responses})
        raise GeminiError("limit_reached")

    def keep(self, call: ModelCall, *, calls: bool = True) -> None:
        """Keep what was said; without its calls where nobody answers them: Gemini refuses those."""
        content = call.content()
        if not calls:
            parts = [part for part in content["parts"] if "functionCall" not in part]
            content = {**content, "parts": parts}
        if content["parts"]:
            self.said.append(content)

    def kept(self) -> list[Content]:
        """This task as its agent's part of the conversation; nothing if no model said anything."""
        if not any(content["role"] == "model" for content in self.said):
            return []
        return [{**content, "agent": self.agent} for content in (self.last, *self.said)]

    def _google_tools(self) -> list[str]:
        """Those that are wanted here; Maps takes nothing but words, so not with files.

        Source: https://ai.google.dev/gemini-api/docs/maps-grounding#limitations, as read in
        November 2026.
        """
        without = {"maps"} if self.turn.attachments else set[str]()
        return [tool for tool in self.turn.tools if tool in self.tools and tool not in without]

    def _instructions(self, model: str, system: str) -> tuple[str, tuple[Content, ...]]:
        """The system instruction, and the words that stand for it where a model refuses one."""
        whole = self.turn.instructions.added_to(system)
        match capabilities.instructed_by(model):
            case "system":
                return whole, ()
            case "words":
                return "", (user_content(whole),) if whole else ()
            case _:
                return "", ()

    def _contents(
        self,
        model: str,
        first: tuple[Content, ...],
        key: Key | None,
        *,
        alone: Content | None,
        made: bool,
        as_words: bool = False,
    ) -> tuple[tuple[Content, ...], list[Said]]:
        if alone is not None:
            return (*first, alone), []
        now = self._now(as_words=as_words)
        window = self.turn.models.info(model).window_tokens
        cap = min(self.turn.limits.history_tokens or window, window * history.ROOM)
        room = cap - sum(map(history.tokens_of, now))
        if instructions := self.turn.instructions.added_to(""):
            room -= history.text_tokens(instructions)
        sent = history.fitted(
            self.turn.history,
            room,
            agent="" if self.agent == COORDINATOR else self.agent,
            model=model,
            made=made,
            key=key.id if key else "",
            as_words=as_words,
        )
        notices: list[Said] = []
        if sent.left_out and not self.said:
            left_out = {"kept": sent.kept, "leftOut": sent.left_out, "windowTokens": window}
            notices.append(Activity("history", left_out, ref=str(uuid4())))
        contents = (*first, *sent.contents, *now)
        if pictures := self.turn.models.info(model).pictures:
            contents = newest_pictures(contents, pictures.references)
        return contents, notices

    def _now(self, *, as_words: bool) -> tuple[Content, ...]:
        """What is asked, and what was said about it so far."""
        if not as_words or not self.said:
            return (self.last, *self.said)
        return (*history.words((self.last, *self.said)), user_content(GO_ON))


def user_content(*texts: str, files: Sequence[dict[str, Any]] = ()) -> Content:
    """What a user says and sends; files stand before the words about them."""
    return {"role": "user", "parts": [*files, *({"text": text} for text in texts if text)]}


def response_to(call: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """The part that answers a function call."""
    answer = {"name": str(call.get("name", "")), "response": result}
    if "id" in call:
        answer["id"] = call["id"]
    return {"functionResponse": answer}


async def _use(tool: Tool | None, call: dict[str, Any]) -> tuple[Activity, dict[str, Any]]:
    """Use a tool as the model asked for; what to tell of it, and the part that answers."""
    told: dict[str, Any] = {"name": str(call.get("name", "")), "arguments": call.get("args", {})}
    if tool is None:
        result = {"error": "There is no such function."}
    else:
        try:
            result = {"output": (await tool.run(**call["args"]))[:RESULT_CHARS]}
        except Exception as error:
            # Only the type: the text may hold what was said.
            logger.warning("The tool %s failed: %s", tool.name, type(error).__name__)
            result = {"error": "The tool failed. Check its arguments, or do without it."}
    told |= {"result": result["output"]} if "output" in result else result
    return Activity("tool", told, ref=str(uuid4())), response_to(call, result)
