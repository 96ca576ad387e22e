"""The coordinator: answers itself, or asks its team, and always has the last word.

    direct answer       1 model call
    one delegation      2: its own, and the agent's, whose streamed words are the answer
    several, or failed  1 + n + 1: it joins what came back

Rules that need no model come first: who chose an agent gets that agent, and files that only one
agent takes go to it, for one call. What is typed is never looked through for names: "@media print"
is a question about CSS.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from agents.core.agent import COORDINATOR, Agent, Task, response_to, user_content
from agents.core.merge import merged
from agents.core.model import Model
from agents.core.outputs import Delegated, Failed, FromAgent, Output, Returned
from agents.core.turn import Record, Turn
from common.bounded import BoundedText, is_blank
from gemini import catalogue
from gemini.errors import GeminiError
from gemini.files import kind_of, mention
from gemini.outputs import Activity, Content, Saved, TextDelta
from gemini.request import Function

SYSTEM = (
    "You are the coordinator of a small team in a chat. Answer short and simple questions "
    "yourself, in Markdown and in the language of the user. Where a member of your team would do "
    "better, call its function instead of writing the answer; call several in one go when the "
    "request has independent parts. Never pretend to be a member of your team, and never claim "
    "that you cannot do what one of them can. The user sees what your team answers as it is "
    "written: afterwards join the results in a few sentences and do not repeat them."
)
ALONE = (
    "You answer in a chat, in Markdown and in the language of the user. What you see of earlier "
    "answers may be by others of your team; you have nobody to ask this time."
)
ON_MAPS = " It also finds places on Google Maps: ask it where something is, or what is near."
CODE_SHOWN = "[Code was run; the user sees it with its result.]"


@dataclass(slots=True)
class _Delegation:
    """One call of the coordinator's model for help, and what came of it."""

    call: dict[str, Any]
    agent: Agent
    arguments: dict[str, str]
    id: str = field(default_factory=lambda: str(uuid4()))
    text: str = ""
    error: GeminiError | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    """Who answers by rule: an agent with its arguments, ``direct``, or ``auto``."""

    agent: str
    arguments: dict[str, str] = field(default_factory=dict)


class Coordinator:
    """Leads one team through one turn; the record collects calls and contents."""

    def __init__(self, team: Sequence[Agent], model: Model, turn: Turn, record: Record) -> None:
        self._team = {agent.name: agent for agent in team}
        self._model = model
        self._turn = turn
        self._record = record
        self._files = [file.part for file in turn.attachments]
        self._prompt = turn.prompt

    async def run(self) -> AsyncGenerator[Output, None]:
        """Answer the turn.

        Raises:
            GeminiError: the answer failed as a whole.
        """
        choice = self._choice()
        if agent := self._team.get(choice.agent):
            steps = self._hand_over(agent, choice.arguments)
        else:
            steps = self._lead(alone=choice.agent == "direct")
        async with aclosing(steps) as outputs:
            async for output in outputs:
                yield output

    def _choice(self) -> _Choice:
        """The agent that was chosen counts before the files' kinds."""
        turn = self._turn
        output = {"output": turn.output} if turn.output else {}
        if turn.agent in self._team:
            return _Choice(turn.agent, {**_asked(turn.agent), **output})
        kinds = {kind_of(file.mime_type) for file in turn.attachments}
        takers = [agent for agent in self._team.values() if agent.takes & kinds]
        if turn.agent == "auto" and takers:
            reason = f"The {takers[0].name} agent takes {' and '.join(sorted(kinds))} files."
            wanted = {"reason": reason, "output": turn.output or "text"}
            return _Choice(takers[0].name, wanted)
        return _Choice(turn.agent)

    async def _hand_over(
        self, agent: Agent, arguments: dict[str, str]
    ) -> AsyncGenerator[Output, None]:
        delegation = _Delegation({}, agent, {"task": self._prompt, **arguments})
        async with aclosing(self._delegate([delegation])) as outputs:
            async for output in outputs:
                yield output
        if delegation.error:
            raise delegation.error
        self._record.contents.append(self._answered(delegation.text))

    async def _lead(self, *, alone: bool) -> AsyncGenerator[Output, None]:
        team = () if alone else self._team.values()
        functions = tuple(_function(agent, self._turn) for agent in team)
        task = self._own_task(alone=alone)
        rounds = self._turn.limits.rounds
        for round_ in range(1, rounds + 1):
            call = task.call(
                system=ALONE if alone else SYSTEM,
                model=self._api_id(alone=alone),
                functions=functions,
                call_functions=round_ < rounds,
                thoughts=True,
            )
            async with aclosing(call.outputs()) as words:
                async for said in words:
                    yield said
            task.keep(call)
            if not call.functions:
                return
            if round_ == rounds:
                break  # it was told not to ask any more, and who is asked has to be paid
            # Alone it was offered nobody, whatever it says.
            delegations = [one if alone else self._delegation(one) for one in call.functions]
            wanted = [item for item in delegations if isinstance(item, _Delegation)]
            async with aclosing(self._delegate(wanted)) as outputs:
                async for output in outputs:
                    yield output
            task.said.append(_responses(delegations))
            if len(delegations) == 1 and wanted and not wanted[0].error:
                task.said.append(self._answered(wanted[0].text))
                return
        raise GeminiError("limit_reached")

    def _own_task(self, *, alone: bool) -> Task:
        """Alone, without functions of ours, it may use Google's tools; they mix badly."""
        last = user_content(self._prompt, files=self._files)
        tools = catalogue.TOOLS if alone else ()
        task = self._task(COORDINATOR, self._prompt, last, {}, tools)
        task.said = self._record.contents
        return task

    def _api_id(self, *, alone: bool) -> str:
        lighter = "" if alone else self._turn.coordinator_model
        return catalogue.api_id(lighter or self._turn.model)

    def _task(
        self, name: str, request: str, last: Content, arguments: dict[str, str], tools: Any
    ) -> Task:
        turn, record = self._turn, self._record
        return Task(turn, record, self._model, name, request, last, arguments, tools)

    def _delegation(self, call: dict[str, Any]) -> _Delegation | dict[str, Any]:
        """The delegation that a function call asks for, or the call if it asks for nobody."""
        name = str(call.get("name", "")).removeprefix("ask_").removesuffix("_agent")
        arguments = {key: value for key, value in call["args"].items() if isinstance(value, str)}
        if name not in self._team:
            return call
        return _Delegation(call, self._team[name], arguments)

    async def _delegate(self, delegations: Sequence[_Delegation]) -> AsyncGenerator[Output, None]:
        for one in delegations:
            agent = one.agent
            yield Delegated(one.id, agent.name, agent.description, one.arguments)
        async with aclosing(merged([*map(self._work, delegations)])) as outputs:
            async for output in outputs:
                yield output

    async def _work(self, delegation: _Delegation) -> AsyncGenerator[Output, None]:
        agent, prompt = delegation.agent, self._prompt
        request = delegation.arguments.get("task") or prompt
        said_first = "" if request == prompt else prompt
        last = user_content(said_first, request, files=self._files)
        task = self._task(agent.name, request, last, delegation.arguments, agent.tools)
        words, shown = BoundedText(), False
        try:
            async with (
                asyncio.timeout(self._turn.limits.agent_s),
                aclosing(agent.run(task)) as said,
            ):
                async for output in said:
                    words.append(_readable(output))
                    yield FromAgent(delegation.id, output)
                    shown = shown or (type(output) is Activity and output.kind == "code")
            if not shown and is_blank(str(words)):
                raise GeminiError("no_answer")
        except (GeminiError, TimeoutError) as failure:
            error = failure if isinstance(failure, GeminiError) else GeminiError("timeout")
            if error.code == "budget" or self._out_of_calls(error):
                raise  # the end of the run, not of this agent
            delegation.error = error
            yield Failed(delegation.id, error.code, error.message, error.advice)
        else:
            delegation.text = str(words).strip() or CODE_SHOWN
            self._record.made += task.kept()
            yield Returned(delegation.id, delegation.text)

    def _out_of_calls(self, error: GeminiError) -> bool:
        spent = len(self._record.calls) >= self._turn.limits.model_calls
        return error.code == "limit_reached" and spent

    def _answered(self, text: str) -> Content:
        """An agent's answer, as the coordinator remembers it."""
        return {
            "role": "model",
            "parts": [{"text": text}],
            "model": self._api_id(alone=False),
        }


def _asked(name: str) -> dict[str, str]:
    return {"reason": f"You asked for the {name} agent."}


def _function(agent: Agent, turn: Turn) -> Function:
    on_maps = "maps" in turn.tools and "maps" in agent.tools
    description = agent.description + (ON_MAPS if on_maps else "")
    properties = {
        "task": {"type": "string", "description": "What to do, complete in itself."},
        "reason": {"type": "string", "description": "Why this agent, in a few words for the user."},
        **agent.parameters,
    }
    schema = {"type": "object", "properties": properties, "required": ["task", "reason"]}
    return Function(f"ask_{agent.name}_agent", description, schema)


def _responses(delegations: Sequence[_Delegation | dict[str, Any]]) -> Content:
    return {"role": "user", "parts": [_response(delegation) for delegation in delegations]}


def _response(delegation: _Delegation | dict[str, Any]) -> dict[str, Any]:
    if not isinstance(delegation, _Delegation):
        return response_to(delegation, {"error": "There is no such function."})
    if delegation.error is None:
        return response_to(delegation.call, {"output": delegation.text})
    failed = f"The {delegation.agent.name} agent failed: {delegation.error.code}."
    return response_to(delegation.call, {"error": f"{failed} {delegation.error.message}"})


def _readable(output: object) -> str:
    if isinstance(output, TextDelta):
        return output.text
    if isinstance(output, Saved) and output.mime_type != "text/html":
        return f"\n{mention({'name': output.name, 'mimeType': output.mime_type})}\n"
    return ""
