"""What an agent is, and what it works with. A new one is one file: see docs/agents.md."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypedDict, Unpack
from uuid import uuid4

from agents.core.call import ModelCall
from agents.core.context import RunContext
from agents.core.emitter import Emitter
from agents.core.errors import RunError
from agents.core.request import RunRequest
from gemini import capabilities, catalogue, history
from gemini.files import newest_pictures
from gemini.keys import Key
from gemini.media_options import PictureOptions, Speaker
from gemini.outputs import Activity, Output
from gemini.request import Function, ModelRequest
from gemini.types import Content, FunctionCall, FunctionResponse, Part

logger = logging.getLogger(__name__)

COORDINATOR = "coordinator"
RESULT_CHARS = 16_000
GO_ON = "Go on with what I asked."


@dataclass(frozen=True, slots=True)
class Tool:
    """A function of ours that an agent's model may call.

    Args:
        parameters: a JSON schema of an object.
        run: gets the arguments by name, as the model gave them, and returns the result for the
            model. An exception is a failure to the model, without its text.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    run: Callable[..., Awaitable[str]]


class Agent(ABC):
    """A specialist that the coordinator can delegate to.

    Attributes:
        name: one lower-case word; its function is ``ask_name_agent``.
        label: what people read.
        description: tells the coordinator's model when to delegate to it.
        parameters: JSON schema properties that it wants besides the task and the reason.
        tools: Google's that it may use, by the catalogue's names, and tools of its own.
        outputs: what it can be asked to answer with, if there is a choice.
        takes: kinds of files that go to it at once, when the user chose no agent.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]
    parameters: ClassVar[dict[str, Any]] = {}
    tools: ClassVar[tuple[str | Tool, ...]] = ()
    outputs: ClassVar[tuple[str, ...]] = ()
    takes: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    async def run(self, task: Task) -> None:
        """Do the task: ``task.emit`` what is made, as it is made. Cancellation stops it.

        Raises:
            GeminiError: it could not be done.
        """


class RequestOptions(TypedDict, total=False):
    """What a model call may ask for besides an answer in words; see ``ModelRequest``."""

    thoughts: bool
    functions: tuple[Function, ...]
    call_functions: bool
    modalities: tuple[str, ...]
    voice: str
    speakers: tuple[Speaker, ...]
    picture: PictureOptions
    expects: str


class CallOptions(RequestOptions, total=False):
    """How a model call may differ from the plain one; see ``Task.call``."""

    model: str
    only: Content
    with_made: bool


@dataclass(slots=True)
class Task:
    """What an agent is to do, and all it needs for that.

    Args:
        agent: whose it is.
        prompt: what to do, complete in itself.
        message: the same as a content, with the user's message and files.
        arguments: as the coordinator's model gave them.
        tools: see ``Agent.tools``.
        contents: the conversation about it so far: the model's, and results of functions.
    """

    request: RunRequest
    context: RunContext
    emitter: Emitter
    agent: str
    prompt: str
    message: Content
    arguments: dict[str, str] = field(default_factory=dict)
    tools: tuple[str | Tool, ...] = ()
    contents: list[Content] = field(default_factory=list)

    def emit(self, output: Output) -> None:
        """Show the user an output of this agent, at once."""
        self.emitter.emit(output)

    def call(
        self,
        *,
        system: str,
        model: str = "",
        only: Content | None = None,
        with_made: bool = False,
        **options: Unpack[RequestOptions],
    ) -> ModelCall:
        """Prepare a model call on the run's key and limits, which emits what the model says.

        The user's own instructions stand behind ``system``.

        Args:
            model: an API id; empty: the one the user chose.
            only: all that is sent, in the place of the conversation.
            with_made: files that agents made earlier go along.
        """
        model = model or catalogue.api_id(self.request.model)
        system, preamble = self._instructions(model, system)
        compose = partial(self._contents, model, preamble, only=only, with_made=with_made)
        contents, notices = compose(self.context.keys.in_use)
        thinks = self.context.models.info(model).thinks
        options["thoughts"] = options.get("thoughts", False) and thinks
        request = ModelRequest(
            model=model,
            system=system,
            contents=contents,
            api_key=self.context.keys.secrets[0],
            tools=capabilities.supported_tools(model, self._google_tools()),
            thinking=self.request.thinking or "auto",
            limits=self.context.limits,
            **options,
        )

        def recompose(key: Key | None, as_text: bool) -> tuple[Content, ...]:
            return compose(key, as_text=as_text)[0]

        return ModelCall(
            request,
            self.context,
            self.emitter,
            agent=self.agent,
            notices=notices,
            compose=recompose,
        )

    async def answer(self, *, system: str, **options: Unpack[CallOptions]) -> None:
        """Have the model do the task, with the agent's own tools used for it; see ``call``.

        Raises:
            GeminiError: see ``ModelCall.run``; ``limit_reached``: it never stopped calling tools.
        """
        own = {tool.name: tool for tool in self.tools if isinstance(tool, Tool)}
        options["functions"] = tuple(
            Function(tool.name, tool.description, tool.parameters) for tool in own.values()
        )
        rounds = self.context.limits.rounds
        for round_ in range(1, rounds + 1):
            options["call_functions"] = round_ < rounds
            call = self.call(system=system, **options)
            await call.run()
            self.append(call, with_calls=bool(own))
            if not own or not call.functions:
                return
            if round_ == rounds:
                break  # it was not to call functions any more, and would not hear the results
            responses = [await self._use(function, own) for function in call.functions]
            self.contents.append({"role": "user", "parts": responses})
        raise RunError("limit_reached")

    def append(self, call: ModelCall, *, with_calls: bool = True) -> None:
        """Add an answer to the contents; without its function calls if nobody responds to them."""
        content = call.content()
        if not with_calls:  # Gemini refuses a conversation with a call that has no response
            parts = [part for part in content["parts"] if "functionCall" not in part]
            content = {**content, "parts": parts}
        if content["parts"]:
            self.contents.append(content)

    def exchange(self) -> list[Content]:
        """This task as its agent's part of the conversation; nothing if no model answered."""
        if not any(content["role"] == "model" for content in self.contents):
            return []
        return [{**content, "agent": self.agent} for content in (self.message, *self.contents)]

    async def _use(self, call: FunctionCall, own: dict[str, Tool]) -> Part:
        """Use a tool as the model wants it, show that, and return the part that responds."""
        name = call["name"]
        tool = own.get(name)
        if tool is None:
            result = {"error": "There is no such function."}
        else:
            try:
                result = {"output": (await tool.run(**call["args"]))[:RESULT_CHARS]}
            except Exception as error:
                # Only the type: the text may hold what was written.
                logger.warning("The tool %s failed: %s", tool.name, type(error).__name__)
                result = {"error": "The tool failed. Check its arguments, or do without it."}
        shown = {"result": result["output"]} if "output" in result else result
        activity = {"name": name, "arguments": call["args"], **shown}
        self.emit(Activity("tool", activity, ref=str(uuid4())))
        return response_to(call, result)

    def _google_tools(self) -> list[str]:
        """Those of the user's tools that are the agent's and of use here."""
        # Maps takes nothing but words, so not with files. Source, as read in November 2026:
        # https://ai.google.dev/gemini-api/docs/maps-grounding#limitations
        without = {"maps"} if self.context.attachments else set[str]()
        wanted = self.request.tools or ()
        return [tool for tool in wanted if tool in self.tools and tool not in without]

    def _instructions(self, model: str, system: str) -> tuple[str, tuple[Content, ...]]:
        """The system instruction, and the content that replaces it where a model takes none."""
        whole = self.context.instructions.added_to(system)
        match capabilities.instruction_mode(model):
            case "system":
                return whole, ()
            case "words":
                return "", (user_content(whole),) if whole else ()
            case _:
                return "", ()

    def _contents(
        self,
        model: str,
        preamble: tuple[Content, ...],
        key: Key | None,
        *,
        only: Content | None,
        with_made: bool,
        as_text: bool = False,
    ) -> tuple[tuple[Content, ...], list[Activity]]:
        """What is sent, and what the user should know of it: that earlier exchanges do not fit."""
        if only is not None:
            return (*preamble, only), []
        now = self._now(as_text=as_text)
        info = self.context.models.info(model)
        window = info.window_tokens
        cap = min(self.context.limits.history_tokens or window, window * history.ROOM)
        # The question goes whole, whatever it takes; only earlier exchanges give way to it.
        room = cap - sum(map(history.content_tokens, now))
        if instructions := self.context.instructions.added_to(""):
            room -= history.text_tokens(instructions)
        earlier = history.fit_exchanges(
            self.context.history,
            room,
            agent="" if self.agent == COORDINATOR else self.agent,
            model=model,
            made=with_made,
            key=key.id if key else "",
            as_text=as_text,
        )
        notices: list[Activity] = []
        # Told with a task's first call alone: later ones leave out the same, or more.
        if earlier.left_out and not self.contents:
            counts = {"kept": earlier.included, "leftOut": earlier.left_out}
            content = {**counts, "windowTokens": window}
            notices.append(Activity("history", content, ref=str(uuid4())))
        contents = (*preamble, *earlier.contents, *now)
        if info.pictures:
            contents = newest_pictures(contents, info.pictures.references)
        return contents, notices

    def _now(self, *, as_text: bool) -> tuple[Content, ...]:
        """The message, and the contents about it so far."""
        if not as_text or not self.contents:
            return (self.message, *self.contents)
        return (*history.as_plain_text((self.message, *self.contents)), user_content(GO_ON))


def user_content(*texts: str, files: Sequence[Part] = ()) -> Content:
    """A content of the user's; files stand before the text about them."""
    words: list[Part] = [{"text": text} for text in texts if text]
    return {"role": "user", "parts": [*files, *words]}


def response_to(call: FunctionCall, result: dict[str, Any]) -> Part:
    """The part that responds to a function call."""
    response: FunctionResponse = {"name": call["name"], "response": result}
    if "id" in call:
        response["id"] = call["id"]
    return {"functionResponse": response}
