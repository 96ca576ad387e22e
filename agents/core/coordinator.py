"""The coordinator: answers itself, or asks its team, and always has the last word.

    direct answer       1 model call
    one delegation      2: its own, and the agent's, whose streamed words are the answer
    several, or failed  1 + n + 1: it joins what came back

Rules that need no model come first: who names an agent gets that agent, for one call.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from agents.core.agent import Agent, Task, spoken, user_content
from agents.core.errors import AgentError
from agents.core.merge import merged
from agents.core.model import Function, Model
from agents.core.outputs import (
    Content,
    Delegated,
    Failed,
    FromAgent,
    Media,
    Output,
    Returned,
    Saved,
    TextDelta,
)
from agents.core.turn import Record, Turn

NAME = "coordinator"
SYSTEM = (
    "You are the coordinator of a small team in a chat. Answer short and simple questions "
    "yourself, in Markdown and in the language of the user. Where a member of your team would do "
    "better, call its function instead of writing the answer; call several in one go when the "
    "request has independent parts. Never pretend to be a member of your team, and never claim "
    "that you cannot do what one of them can. The user sees what your team answers as it is "
    "written: afterwards join the results in a few sentences and do not repeat them."
)
SHOWN = "Done; the result is shown to the user."


@dataclass(slots=True)
class _Delegation:
    """One call of the coordinator's model for help, and what came of it."""

    call: dict[str, Any]
    agent: Agent
    arguments: dict[str, Any]
    id: str = field(default_factory=lambda: str(uuid4()))
    text: str = ""
    error: str = ""


class Coordinator:
    """Leads one team through one turn."""

    def __init__(self, team: Sequence[Agent], model: Model) -> None:
        self._team = {agent.name: agent for agent in team}
        self._model = model

    async def run(self, turn: Turn, record: Record) -> AsyncGenerator[Output, None]:
        """Answer the turn; the record collects calls and contents.

        Raises:
            AgentError: the answer failed as a whole.
        """
        choice, prompt = _choice(turn, self._team)
        if choice in self._team:
            steps = self._hand_over(turn, record, self._team[choice], prompt)
        else:
            steps = self._lead(turn, record, prompt, functions=choice != "direct")
        async with aclosing(steps) as outputs:
            async for output in outputs:
                yield output

    async def _hand_over(
        self, turn: Turn, record: Record, agent: Agent, prompt: str
    ) -> AsyncGenerator[Output, None]:
        arguments = {"task": prompt, "reason": f"You asked for the {agent.name} agent."}
        delegation = _Delegation({}, agent, arguments)
        async with aclosing(self._delegate(turn, record, prompt, [delegation])) as outputs:
            async for output in outputs:
                yield output
        if delegation.error:
            raise AgentError(delegation.error)
        record.contents.append(_model_content(delegation.text))

    async def _lead(
        self, turn: Turn, record: Record, prompt: str, *, functions: bool
    ) -> AsyncGenerator[Output, None]:
        offered = tuple(map(_function, self._team.values())) if functions else ()
        for round_ in range(1, turn.limits.rounds + 1):
            contents = (*turn.history, user_content(prompt), *record.contents)
            call = Task(turn, contents, record, self._model).call(
                NAME,
                system=SYSTEM,
                functions=offered,
                call_functions=round_ < turn.limits.rounds,
                thoughts=True,
            )
            async with aclosing(call.outputs()) as words:
                async for said in words:
                    yield said
            if (content := call.content())["parts"]:
                record.contents.append(content)
            if not call.functions:
                return
            delegations = [self._delegation(call) for call in call.functions]
            wanted = [item for item in delegations if isinstance(item, _Delegation)]
            async with aclosing(self._delegate(turn, record, prompt, wanted)) as outputs:
                async for output in outputs:
                    yield output
            record.contents.append(_responses(delegations))
            if len(delegations) == 1 and wanted and not wanted[0].error:
                record.contents.append(_model_content(wanted[0].text))
                return
        raise AgentError("limit_reached")

    def _delegation(self, call: dict[str, Any]) -> _Delegation | dict[str, Any]:
        """The delegation that a function call asks for, or the call if it asks for nobody."""
        name = str(call.get("name", "")).removeprefix("ask_").removesuffix("_agent")
        arguments = {key: value for key, value in call["args"].items() if isinstance(value, str)}
        if name not in self._team:
            return call
        return _Delegation(call, self._team[name], arguments)

    async def _delegate(
        self, turn: Turn, record: Record, prompt: str, delegations: Sequence[_Delegation]
    ) -> AsyncGenerator[Output, None]:
        for one in delegations:
            agent = one.agent
            yield Delegated(one.id, agent.name, agent.description, one.arguments)
        work = [self._work(turn, record, prompt, delegation) for delegation in delegations]
        async with aclosing(merged(work)) as outputs:
            async for output in outputs:
                yield output

    async def _work(
        self, turn: Turn, record: Record, prompt: str, delegation: _Delegation
    ) -> AsyncGenerator[Output, None]:
        request = delegation.arguments.get("task") or prompt
        last = user_content(prompt) if request == prompt else user_content(prompt, request)
        contents = (*spoken(turn.history), last)
        if delegation.arguments.get("output") == "speech":
            contents = (user_content(request),)
        task = Task(turn, contents, record, self._model, delegation.arguments)
        said: list[str] = []
        try:
            async with aclosing(delegation.agent.run(task)) as outputs:
                async for output in outputs:
                    said.append(_readable(output))
                    yield FromAgent(delegation.id, output)
        except AgentError as error:
            if error.code in ("limit_reached", "budget"):  # of the run, not of this agent
                raise
            delegation.error = error.code
            yield Failed(delegation.id, error.code, error.message)
        else:
            delegation.text = "".join(said)
            yield Returned(delegation.id, delegation.text)


def _choice(turn: Turn, team: dict[str, Agent]) -> tuple[str, str]:
    """Who answers, and what is left of the prompt: ``@text``, ``@media`` and ``@direct`` count."""
    first, *rest = turn.prompt.split(maxsplit=1) or [""]
    named = first.removeprefix("@").lower()
    if first.startswith("@") and rest and (named in team or named == "direct"):
        return named, rest[0].strip()
    return turn.agent, turn.prompt


def _function(agent: Agent) -> Function:
    properties = {
        "task": {"type": "string", "description": "What to do, complete in itself."},
        "reason": {"type": "string", "description": "Why this agent, in a few words for the user."},
        **agent.parameters,
    }
    schema = {"type": "object", "properties": properties, "required": ["task", "reason"]}
    return Function(f"ask_{agent.name}_agent", agent.description, schema)


def _responses(delegations: Sequence[_Delegation | dict[str, Any]]) -> Content:
    return {"role": "user", "parts": [_response(delegation) for delegation in delegations]}


def _response(delegation: _Delegation | dict[str, Any]) -> dict[str, Any]:
    if isinstance(delegation, _Delegation):
        call = delegation.call
        result = {"output": delegation.text or SHOWN}
        if delegation.error:
            result = {"error": f"The {delegation.agent.name} agent failed: {delegation.error}."}
    else:
        call, result = delegation, {"error": "There is no such function."}
    answer = {"name": call["name"], "response": result}
    if "id" in call:
        answer["id"] = call["id"]
    return {"functionResponse": answer}


def _model_content(text: str) -> Content:
    return {"role": "model", "parts": [{"text": text or SHOWN}]}


def _readable(output: object) -> str:
    if isinstance(output, TextDelta):
        return output.text
    if isinstance(output, (Media, Saved)):
        return f"\n[{output.name}: {output.mime_type}]\n"
    return ""
