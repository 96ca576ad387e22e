"""The AG-UI 1.0 rules that every stream we send keeps, as one assertion.

They are those of ``verifyEvents`` in ``@ag-ui/client`` 1.0.0 and, where that is lenient, what we
promise beyond it: ids are single use, every tag equals its opener's and names a subagent at work,
RUN_ERROR too comes after the open brackets are closed, no field is unknown and none is null.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ag_ui.core import Event
from pydantic import BaseModel, TypeAdapter, ValidationError

AguiEvent = dict[str, Any]

TERMINAL = ("RUN_FINISHED", "RUN_ERROR")
_MODELS: TypeAdapter[Any] = TypeAdapter(Event)

# kind of bracket: the field that names it, what opens it, what goes on inside, what ends it
_BRACKETS = {
    "text": ("messageId", "TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"),
    "reasoning": ("messageId", "REASONING_START", None, "REASONING_END"),
    "thought": (
        "messageId",
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
    ),
    "tool call": ("toolCallId", "TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END"),
    "step": ("stepName", "STEP_STARTED", None, "STEP_FINISHED"),
}
_OPENERS = {opener: (kind, field) for kind, (field, opener, _, _) in _BRACKETS.items()}
_INNER = {inner: (kind, field) for kind, (field, _, inner, _) in _BRACKETS.items() if inner}
_ENDERS = {ender: (kind, field) for kind, (field, _, _, ender) in _BRACKETS.items()}
_ROLES_OF_MESSAGES = ("text", "thought")
_CHUNKS = ("TEXT_MESSAGE_CHUNK", "TOOL_CALL_CHUNK", "REASONING_MESSAGE_CHUNK")


def assert_valid_stream(events: Iterable[AguiEvent], complete: bool = True) -> None:
    """Fail with the number and the text of the first event that breaks a rule.

    Args:
        events: the events as JSON objects, in the order they were sent.
        complete: the stream must have come to its terminal event.
    """
    rules = _Rules()
    number = 0
    for number, event in enumerate(events, start=1):
        try:
            _assert_well_formed(event)
            rules.take(event)
        except AssertionError as broken:
            raise AssertionError(f"event {number}: {broken}\n{json.dumps(event)}") from None
    if complete:
        assert rules.ended, f"the stream stops after {number} events without a terminal event"


def _assert_well_formed(event: AguiEvent) -> None:
    assert event.get("type") not in _CHUNKS, "we send whole brackets, never chunks"
    assert not _holds_null(event), "an optional field is omitted, never null"
    try:
        model = _MODELS.validate_json(json.dumps(event), strict=True)
    except ValidationError as error:
        problems = "; ".join(f"{problem['loc']}: {problem['msg']}" for problem in error.errors())
        raise AssertionError(f"not an AG-UI event: {problems}") from None
    unknown = list(_unknown_fields(model))
    assert not unknown, f"fields AG-UI does not know: {', '.join(unknown)}"
    written = model.model_dump(by_alias=True, exclude_unset=True, mode="json")
    assert written == event, f"names are camelCase: {written}"


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_null(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_null(item) for item in value)
    return value is None


def _unknown_fields(value: Any) -> Iterable[str]:
    if isinstance(value, list):
        for item in value:
            yield from _unknown_fields(item)
    if isinstance(value, BaseModel):
        yield from value.model_extra or {}
        for name in type(value).model_fields:
            yield from _unknown_fields(getattr(value, name))


class _Rules:
    """What is open, what was used, and whose it is."""

    def __init__(self) -> None:
        self.run: tuple[str, str] | None = None
        self.begun = self.ended = False
        self.open: dict[tuple[str, str], str | None] = {}
        self.used: set[tuple[str, str]] = set()
        self.subagents: set[str] = set()
        self.activities: dict[str, str] = {}

    def take(self, event: AguiEvent) -> None:
        kind = event["type"]
        assert not self.ended, "nothing follows the terminal event"
        if not self.begun:
            assert kind in ("RUN_STARTED", "RUN_ERROR"), "a stream begins with RUN_STARTED"
        self.begun = True
        if kind.startswith("SUBAGENT_"):
            self._subagent(event)
            return
        tag = event.get("subagentRunId")
        assert tag is None or tag in self.subagents, "the tag names no subagent at work"
        if kind in _OPENERS:
            self._opens(event, *_OPENERS[kind])
        elif kind in _INNER:
            self._is_open(event, *_INNER[kind])
        elif kind in _ENDERS:
            self._is_open(event, *_ENDERS[kind])
            bracket, field = _ENDERS[kind]
            del self.open[bracket, event[field]]
        elif kind == "TOOL_CALL_RESULT":
            self._result(event)
        elif kind in ("ACTIVITY_SNAPSHOT", "ACTIVITY_DELTA"):
            self._activity(event)
        elif kind.startswith("RUN_"):
            self._run(event)

    def _run(self, event: AguiEvent) -> None:
        if event["type"] == "RUN_STARTED":
            assert self.run is None, "a run starts once"
            assert event.get("protocolVersion") == "1.0", "RUN_STARTED says protocolVersion 1.0"
            self.run = (event["threadId"], event["runId"])
            return
        still_open = [f"{kind} {id_}" for kind, id_ in self.open]
        still_open += [f"subagent {id_}" for id_ in sorted(self.subagents)]
        assert not still_open, f"still open: {', '.join(still_open)}"
        if event["type"] == "RUN_FINISHED":
            assert (event["threadId"], event["runId"]) == self.run, "another run is finished"
        self.ended = True

    def _use(self, space: str, id_: str) -> None:
        assert id_, "an id is not empty"
        assert (space, id_) not in self.used, f"the id {id_} was used before"
        self.used.add((space, id_))

    def _opens(self, event: AguiEvent, kind: str, field: str) -> None:
        id_ = event[field]
        if kind == "step":
            assert (kind, id_) not in self.open, "the step is open already"
        else:
            self._use("message" if kind in _ROLES_OF_MESSAGES else kind, id_)
        self.open[kind, id_] = event.get("subagentRunId")

    def _is_open(self, event: AguiEvent, kind: str, field: str) -> None:
        id_ = event[field]
        assert (kind, id_) in self.open, f"no {kind} {id_} is open"
        assert self.open[kind, id_] == event.get("subagentRunId"), "the tag is not the opener's"

    def _result(self, event: AguiEvent) -> None:
        call = event["toolCallId"]
        assert ("tool call", call) in self.used, f"the tool call {call} was never made"
        assert ("tool call", call) not in self.open, f"the tool call {call} is still being made"
        self._use("result", call)
        self._use("message", event["messageId"])

    def _activity(self, event: AguiEvent) -> None:
        id_, what = event["messageId"], event["activityType"]
        if id_ not in self.activities:
            assert event["type"] == "ACTIVITY_SNAPSHOT", "a delta follows a snapshot"
            self._use("message", id_)
            self.activities[id_] = what
        assert self.activities[id_] == what, "an activity keeps its type"

    def _subagent(self, event: AguiEvent) -> None:
        id_ = event["subagentRunId"]
        if event["type"] != "SUBAGENT_STARTED":
            assert id_ in self.subagents, f"no subagent {id_} is at work"
            theirs = [f"{kind} {own}" for (kind, own), tag in self.open.items() if tag == id_]
            assert not theirs, f"its brackets are still open: {', '.join(theirs)}"
            self.subagents.remove(id_)
            return
        self._use("subagent", id_)
        call, parent = event.get("parentToolCallId"), event.get("parentSubagentRunId")
        assert call is None or ("tool call", call) in self.used, "parentToolCallId was never made"
        assert parent is None or parent in self.subagents, "the parent subagent is not at work"
        self.subagents.add(id_)
