"""Folding a run's log: the same events with fewer rows, the readable messages, the missing ends.

Pure functions over AG-UI events as JSON objects. Nothing here knows the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

AguiEvent = dict[str, Any]

COORDINATOR = "coordinator"

# The field that names what a delta belongs to.
_DELTA_IDS = {
    "TEXT_MESSAGE_CONTENT": "messageId",
    "REASONING_MESSAGE_CONTENT": "messageId",
    "TOOL_CALL_ARGS": "toolCallId",
}
# What opens, how it ends, and the field both share.
_BRACKETS = {
    "TEXT_MESSAGE_START": ("TEXT_MESSAGE_END", "messageId"),
    "REASONING_START": ("REASONING_END", "messageId"),
    "REASONING_MESSAGE_START": ("REASONING_MESSAGE_END", "messageId"),
    "TOOL_CALL_START": ("TOOL_CALL_END", "toolCallId"),
    "SUBAGENT_STARTED": ("SUBAGENT_ERROR", "subagentRunId"),
}
_ENDS = dict(_BRACKETS.values()) | {"SUBAGENT_FINISHED": "subagentRunId"}
CLOSING_TYPES = frozenset(dict(_BRACKETS.values()))  # what ``closing_events`` may give


@dataclass(frozen=True, slots=True)
class Piece:
    """One text message of a run and who said it."""

    agent: str
    subagent_run_id: str
    text: str
    message_id: str


@dataclass(slots=True)
class _Joined:
    """A delta that is still growing: everything but the delta, and the parts of it so far."""

    event: AguiEvent
    parts: list[str]


def compact(events: Iterable[AguiEvent]) -> list[AguiEvent]:
    """The same stream with the deltas of one message, thought or tool call joined into one.

    The joined delta stands where the first one stood, so it stays between its START and END
    however much the streams of parallel agents interleave. Deltas are joined only while all
    their other fields agree. ``compact(compact(prefix) + rest) == compact(prefix + rest)``.
    """
    out: list[AguiEvent | _Joined] = []
    growing: dict[tuple[str, str], _Joined] = {}
    for event in events:
        id_field = _DELTA_IDS.get(event["type"])
        if id_field is None:
            out.append(event)
            continue
        key = (event["type"], event[id_field])
        rest = {name: value for name, value in event.items() if name != "delta"}
        joined = growing.get(key)
        if joined is None or joined.event != rest:
            joined = growing[key] = _Joined(rest, [])
            out.append(joined)
        joined.parts.append(event["delta"])
    return [
        {**item.event, "delta": "".join(item.parts)} if isinstance(item, _Joined) else item
        for item in out
    ]


def messages(events: Iterable[AguiEvent]) -> list[Piece]:
    """The text messages in the order they began; those without a word are left out."""
    names: dict[str, str] = {}
    started: dict[str, tuple[str, str]] = {}
    texts: dict[str, list[str]] = {}
    for event in events:
        match event["type"]:
            case "SUBAGENT_STARTED":
                names[event["subagentRunId"]] = event["name"]
            case "TEXT_MESSAGE_START":
                subagent_run_id = event.get("subagentRunId", "")
                agent = names.get(subagent_run_id, COORDINATOR)
                started[event["messageId"]] = (agent, subagent_run_id)
                texts[event["messageId"]] = []
            case "TEXT_MESSAGE_CONTENT":
                texts[event["messageId"]].append(event["delta"])
    pieces = (
        Piece(agent, subagent_run_id, "".join(texts[message_id]), message_id)
        for message_id, (agent, subagent_run_id) in started.items()
    )
    return [piece for piece in pieces if piece.text.strip()]


def closing_events(events: Iterable[AguiEvent], *, code: str, message: str) -> list[AguiEvent]:
    """The events that end everything still open, innermost first; not the terminal event.

    Args:
        events: a prefix of a valid stream.
        code: why the subagents that were still at work ended, for their SUBAGENT_ERROR.
        message: the same as a sentence.
    """
    still_open: dict[tuple[str, str], AguiEvent] = {}
    for event in events:
        kind = event["type"]
        if kind in _BRACKETS:
            end, field = _BRACKETS[kind]
            closing = {"type": end, field: event[field]}
            if "subagentRunId" in event:
                closing["subagentRunId"] = event["subagentRunId"]
            if end == "SUBAGENT_ERROR":
                closing |= {"code": code, "message": message}
            still_open[end, event[field]] = closing
        elif kind in _ENDS:
            end = "SUBAGENT_ERROR" if kind == "SUBAGENT_FINISHED" else kind
            still_open.pop((end, event[_ENDS[kind]]), None)
    return list(reversed(still_open.values()))
