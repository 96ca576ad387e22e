"""The coordinator: answers itself, or delegates to its team, and always has the last word.

    direct answer       1 model call
    one delegation      2: its own, and the agent's, whose streamed answer is the answer
    several, or failed  1 + n + 1: it joins the results

Rules that need no model come first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.core.agent import COORDINATOR, Agent, Task, response_to, user_content
from agents.core.context import RunContext
from agents.core.emitter import Emitter
from agents.core.errors import RunError
from agents.core.request import RunRequest
from common.bounded import is_blank
from gemini import catalogue, model_info
from gemini.errors import GeminiError
from gemini.files import kind_of
from gemini.request import Function
from gemini.types import Content, FunctionCall, Part

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
    """One task for another agent, and its result or error."""

    agent: Agent
    arguments: dict[str, str]
    result: str = ""
    error: GeminiError | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    """Who answers by rule: an agent with its arguments, ``direct``, or ``auto``."""

    agent: str
    arguments: dict[str, str] = field(default_factory=dict)


class Coordinator:
    """Leads one team through one run."""

    def __init__(
        self, team: Sequence[Agent], request: RunRequest, context: RunContext, emitter: Emitter
    ) -> None:
        self._team = {agent.name: agent for agent in team}
        self._request = request
        self._context = context
        self._emitter = emitter
        self._files: list[Part] = [{"artifact": file} for file in context.attachments]

    async def run(self) -> None:
        """Answer the request. Cancellation stops everybody.

        Raises:
            GeminiError: the answer failed as a whole.
        """
        choice = self._choice()
        if agent := self._team.get(choice.agent):
            await self._hand_over(agent, choice.arguments)
        else:
            await self._lead(alone=choice.agent == "direct")

    def _choice(self) -> _Choice:
        """Who answers, by rules that need no model and cost no call."""
        # An agent that was chosen comes before the files' kinds. The message is never searched for
        # names: "@media print" is a question about CSS.
        request = self._request
        output = {"output": request.output} if request.output else {}
        if request.agent in self._team:
            reason = f"You asked for the {request.agent} agent."
            return _Choice(request.agent, {"reason": reason, **output})
        kinds = {kind_of(file["mimeType"]) for file in self._context.attachments}
        takers = [agent for agent in self._team.values() if agent.takes & kinds]
        if request.agent == "auto" and takers:
            reason = f"The {takers[0].name} agent takes {' and '.join(sorted(kinds))} files."
            arguments = {"reason": reason, "output": request.output or "text"}
            return _Choice(takers[0].name, arguments)
        return _Choice(request.agent)

    async def _hand_over(self, agent: Agent, arguments: dict[str, str]) -> None:
        """Delegate the whole request by rule, without asking a model."""
        delegation = _Delegation(agent, {"task": self._request.text, **arguments})
        await self._delegate([delegation])
        if delegation.error:
            raise delegation.error
        self._context.record.contents.append(self._as_content(delegation.result))

    async def _lead(self, *, alone: bool) -> None:
        """Answer, or delegate and join the results, in at most ``rounds`` calls."""
        team = () if alone else self._team.values()
        request, limits = self._request, self._context.limits
        # Google's tools only where no functions of ours go along: few models take both
        # (``request_body``).
        task = self._task(COORDINATOR, self._emitter, tools=model_info.TOOLS if alone else ())
        task.contents = self._context.record.contents
        for round_ in range(1, limits.rounds + 1):
            call = task.call(
                system=ALONE if alone else SYSTEM,
                model=self._api_id(alone=alone),
                functions=tuple(_function(agent, request) for agent in team),
                call_functions=round_ < limits.rounds,
                thoughts=True,
            )
            await call.run()
            task.append(call)
            if not call.functions:
                return
            if round_ == limits.rounds:
                break  # it was not to delegate any more, and each agent's call has to be paid
            # Alone it was offered nobody, whatever it calls.
            calls = [(one, None if alone else self._delegation(one)) for one in call.functions]
            delegations = [one for _, one in calls if one]
            await self._delegate(delegations)
            # To each call, one that names nobody as well: Gemini refuses a call without a response.
            responses = [_response(function, delegation) for function, delegation in calls]
            task.contents.append({"role": "user", "parts": responses})
            # The user has read the agent's answer as it was written: one more call would only
            # repeat it.
            if len(calls) == 1 and delegations and not delegations[0].error:
                task.contents.append(self._as_content(delegations[0].result))
                return
        raise RunError("limit_reached")

    def _task(
        self,
        agent: str,
        emitter: Emitter,
        *,
        arguments: dict[str, str] | None = None,
        tools: Any = (),
    ) -> Task:
        """A task; its message is the user's, with what the coordinator wants of an agent."""
        text, arguments = self._request.text, arguments or {}
        prompt = arguments.get("task") or text
        message = user_content("" if prompt == text else text, prompt, files=self._files)
        return Task(self._request, self._context, emitter, agent, prompt, message, arguments, tools)

    def _api_id(self, *, alone: bool) -> str:
        lighter = "" if alone else self._context.coordinator_model
        return catalogue.api_id(lighter or self._request.model)

    def _delegation(self, call: FunctionCall) -> _Delegation | None:
        """The delegation that a function call stands for; None if it names nobody."""
        name = call["name"].removeprefix("ask_").removesuffix("_agent")
        arguments = {key: value for key, value in call["args"].items() if isinstance(value, str)}
        if name not in self._team:
            return None
        return _Delegation(self._team[name], arguments)

    async def _delegate(self, delegations: Sequence[_Delegation]) -> None:
        """Have the agents work side by side; all have ended when this returns or raises."""
        # All are announced before one begins: readers see them in the order of the model's calls.
        started = [(one, self._start(one)) for one in delegations]
        try:
            async with asyncio.TaskGroup() as group:
                work = [group.create_task(self._work(*one)) for one in started]
        except BaseExceptionGroup as failures:
            # What ends the run in one of them (a budget, a bug) has cancelled the others. Taken out
            # of its group: the run ends with one error, which the user is told.
            raise failures.exceptions[0] from None
        # Cancelled from inside, as by a library: to a group that is an end like any other.
        if any(task.cancelled() for task in work):
            raise RunError("internal")

    def _start(self, delegation: _Delegation) -> Emitter:
        agent = delegation.agent
        return self._emitter.start_subagent(agent.name, agent.description, delegation.arguments)

    async def _work(self, delegation: _Delegation, emitter: Emitter) -> None:
        """One agent's work, whose failure is a result like any other."""
        agent = delegation.agent
        task = self._task(agent.name, emitter, arguments=delegation.arguments, tools=agent.tools)
        try:
            async with asyncio.timeout(self._context.limits.agent_s):
                await agent.run(task)
            text, ran_code = emitter.result
            # Code that printed is an answer without words; nothing at all is a failure, also if the
            # model says that it stopped well.
            if not ran_code and is_blank(text):
                raise GeminiError("no_answer")
        except (GeminiError, TimeoutError) as failure:
            error = failure if isinstance(failure, GeminiError) else RunError("timeout")
            if error.code == "budget" or self._is_out_of_calls(error):
                raise  # the end of the run, not of this agent
            delegation.error = error
            emitter.fail(error)
        else:
            delegation.result = text.strip() or CODE_SHOWN
            self._context.record.made += task.exchange()
            emitter.finish(delegation.result)

    def _is_out_of_calls(self, error: GeminiError) -> bool:
        spent = len(self._context.record.calls) >= self._context.limits.model_calls
        return error.code == "limit_reached" and spent

    def _as_content(self, text: str) -> Content:
        """An agent's answer, as the coordinator's model will see it in the history."""
        return {"role": "model", "parts": [{"text": text}], "model": self._api_id(alone=False)}


def _function(agent: Agent, request: RunRequest) -> Function:
    """The function by which the coordinator's model delegates to an agent."""
    on_maps = "maps" in (request.tools or ()) and "maps" in agent.tools
    properties = {
        "task": {"type": "string", "description": "What to do, complete in itself."},
        "reason": {"type": "string", "description": "Why this agent, in a few words for the user."},
        **agent.parameters,
    }
    schema = {"type": "object", "properties": properties, "required": ["task", "reason"]}
    description = agent.description + (ON_MAPS if on_maps else "")
    return Function(f"ask_{agent.name}_agent", description, schema)


def _response(call: FunctionCall, delegation: _Delegation | None) -> Part:
    if delegation is None:
        return response_to(call, {"error": "There is no such function."})
    if delegation.error is None:
        return response_to(call, {"output": delegation.result})
    failed = f"The {delegation.agent.name} agent failed: {delegation.error.code}."
    return response_to(call, {"error": f"{failed} {delegation.error.message}"})
