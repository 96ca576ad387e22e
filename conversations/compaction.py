"""Folding a run's log: the same events with fewer rows, the readable messages, the missing ends.

Pure functions over AG-UI events as JSON objects. Nothing here knows the database. Each takes the
log event by event, so that no log has to be in memory as a whole.

A transcript is read as the log is: by clients that know AG-UI and nothing of folding. So it is a
valid stream itself, with the same state at its end. And folding what is folded changes nothing:
``compact(compact(prefix) + rest)`` is ``compact(prefix + rest)``. A page shows a folded prefix and
follows the live rest; it must not matter where the cut was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

AguiEvent = dict[str, Any]

COORDINATOR = "coordinator"
EVENT_CHARS = 100  # of an event besides its delta, about

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
class TextMessage:
    """One text message of a run, and the agent that wrote it."""

    agent: str
    subagent_run_id: str
    text: str
    message_id: str


@dataclass(slots=True)
class _Joined:
    """A delta that is still growing: everything but the delta, and the parts of it so far."""

    event: AguiEvent
    parts: list[str]


class Compactor:
    """Joins the deltas of one message, thought or tool call into one; fed event by event.

    Args:
        limit: of deltas in characters; past it everything is dropped, and ``events`` gives None.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._room = limit
        self._out: list[AguiEvent | _Joined] = []
        self._growing: dict[tuple[str, str], _Joined] = {}

    def feed(self, event: AguiEvent) -> None:
        if self._room is not None:
            # An event without a delta counts as well: a log can be long by their number alone.
            self._room -= len(event.get("delta", "")) + EVENT_CHARS
            if self._room < 0:
                # Freed at once, not at the end: the rest of such a log can be many times the limit.
                self._out.clear()
                self._growing.clear()
                return
        id_field = _DELTA_IDS.get(event["type"])
        if id_field is None:
            self._out.append(event)
            return
        key = (event["type"], event[id_field])
        rest = {name: value for name, value in event.items() if name != "delta"}
        # Joined only if all other fields agree: a later field of another value (a new kind of
        # metadata, a client's extension) would be lost silently otherwise. A delta that begins anew
        # in this way stands where its own first part stood. Streams of parallel agents interleave;
        # moved to any other place it could come before its START or after its END.
        joined = self._growing.get(key)
        if joined is None or joined.event != rest:
            joined = self._growing[key] = _Joined(rest, [])
            self._out.append(joined)
        joined.parts.append(event["delta"])

    def events(self) -> list[AguiEvent] | None:
        """What was fed, joined; None if it was too much."""
        if self._room is not None and self._room < 0:
            return None
        return [
            {**item.event, "delta": "".join(item.parts)} if isinstance(item, _Joined) else item
            for item in self._out
        ]


def compact(events: Iterable[AguiEvent]) -> list[AguiEvent]:
    """``Compactor`` at once."""
    compactor = Compactor()
    for event in events:
        compactor.feed(event)
    return compactor.events() or []


class MessageCollector:
    """The text messages of a stream, fed event by event; each is given as it ends.

    Each comes with its place in the order in which they began, from 0. Blank ones are left out.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._open: dict[str, tuple[int, str, str, list[str]]] = {}
        self._begun = 0

    def feed(self, event: AguiEvent) -> list[tuple[int, TextMessage]]:
        match event["type"]:
            case "SUBAGENT_STARTED":
                self._names[event["subagentRunId"]] = event["name"]
            case "TEXT_MESSAGE_START":
                subagent_run_id = event.get("subagentRunId", "")
                agent = self._names.get(subagent_run_id, COORDINATOR)
                # The place is taken at the beginning: of two agents at work the shorter answer ends
                # first, and would stand before one that readers saw begin above it.
                self._open[event["messageId"]] = (self._begun, agent, subagent_run_id, [])
                self._begun += 1
            case "TEXT_MESSAGE_CONTENT":
                self._open[event["messageId"]][3].append(event["delta"])
            case "TEXT_MESSAGE_END":
                return self._ended(event["messageId"])
        return []

    def end(self) -> list[tuple[int, TextMessage]]:
        """Those that the stream leaves open."""
        return [item for message_id in list(self._open) for item in self._ended(message_id)]

    def _ended(self, message_id: str) -> list[tuple[int, TextMessage]]:
        if message_id not in self._open:
            return []
        place, agent, subagent_run_id, parts = self._open.pop(message_id)
        text = "".join(parts)
        return (
            [(place, TextMessage(agent, subagent_run_id, text, message_id))] if text.strip() else []
        )


def messages(events: Iterable[AguiEvent]) -> list[TextMessage]:
    """The text messages in the order they began; blank ones are left out."""
    collector = MessageCollector()
    ended = [item for event in events for item in collector.feed(event)] + collector.end()
    return [message for _, message in sorted(ended, key=lambda item: item[0])]


class Brackets:
    """What a stream leaves open, fed event by event.

    A process can die anywhere in a stream. Clients hold every message, thought, tool call and
    subagent open until its end comes, and some refuse a run that ends before that; so what a
    dead process left open is closed for it, the innermost first, before the terminal event.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], AguiEvent] = {}

    def feed(self, event: AguiEvent) -> None:
        kind = event["type"]
        if kind in _BRACKETS:
            end, field = _BRACKETS[kind]
            # Made when it opens: from its end alone nobody could tell which fields it needs.
            closing = {"type": end, field: event[field]}
            if "subagentRunId" in event:
                closing["subagentRunId"] = event["subagentRunId"]
            self._open[end, event[field]] = closing
        elif kind in _ENDS:
            # Two events end a subagent, one bracket waits: closed for a dead process it is an
            # error.
            end = "SUBAGENT_ERROR" if kind == "SUBAGENT_FINISHED" else kind
            self._open.pop((end, event[_ENDS[kind]]), None)

    def closing_events(self, *, code: str, message: str) -> list[AguiEvent]:
        """The events that end everything open, innermost first; not the terminal event.

        Args:
            code: why the subagents that were still at work ended, for their SUBAGENT_ERROR.
            message: the same as a sentence.
        """
        # A dict keeps the order in which it was filled, here that of opening.
        why = {"code": code, "message": message}
        return [
            {**closing, **why} if end == "SUBAGENT_ERROR" else closing
            for (end, _), closing in reversed(self._open.items())
        ]


def closing_events(events: Iterable[AguiEvent], *, code: str, message: str) -> list[AguiEvent]:
    """``Brackets`` at once; ``events`` is a prefix of a valid stream."""
    brackets = Brackets()
    for event in events:
        brackets.feed(event)
    return brackets.closing_events(code=code, message=message)
