"""Outputs in, AG-UI 1.0 events out. Owns ids, brackets and order; does no I/O.

Agents emit what they make; how it looks on the wire is decided here. No agent opens or closes
anything, so none can get it wrong. Each event is the JSON object that goes on the wire.

Source: https://docs.ag-ui.com/spec/1.0 (ag-ui-protocol 1.0.0).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from common.bounded import ANSWER_MAX_CHARS, BoundedText
from gemini.errors import GeminiError
from gemini.files import mention
from gemini.outputs import Activity, Output, Saved, Sources, TextDelta, ThoughtDelta

Event = dict[str, Any]
TokenUsages = list[dict[str, object]]
RESULT_CHARS = 16_000
MESSAGE_CHARS = 512 * 1024  # a longer message goes on in another: each is stored and shown whole


def _new_id() -> str:
    return str(uuid4())


@dataclass(slots=True)
class _Lane:
    """What one agent has open: at most one message, of text or of reasoning."""

    tag: dict[str, str] = field(default_factory=dict)
    open: str = ""
    message_id: str = ""
    chars: int = 0
    messages: list[str] = field(default_factory=list)
    saved: list[Saved] = field(default_factory=list)
    result: BoundedText = field(default_factory=BoundedText)
    ran_code: bool = False


class AguiStream:
    """The state machine of one run's stream."""

    def __init__(self, thread_id: str, run_id: str) -> None:
        self._ids = {"threadId": thread_id, "runId": run_id}
        # Outputs of agents that work side by side come in any order, hence a lane for each: a
        # message is open in its lane, and only an output of the same lane closes it.
        self._lanes: dict[str, _Lane] = {"": _Lane()}
        self._texts: dict[str, BoundedText] = {}
        self._units: dict[str, int] = {}
        self._room = ANSWER_MAX_CHARS

    @property
    def text(self) -> str:
        """The messages so far, of all agents, one after the other; at most ANSWER_MAX_CHARS."""
        return "\n\n".join(map(str, self._texts.values())).strip()

    def start(self) -> list[Event]:
        return [{"type": "RUN_STARTED", **self._ids, "protocolVersion": "1.0"}]

    def feed(self, output: Output, lane: str = "") -> list[Event]:
        """The events of one output, of the coordinator or of the agent in ``lane``."""
        return self._feed(self._lanes[lane], output)

    def start_subagent(
        self, lane: str, agent: str, description: str, arguments: dict[str, str]
    ) -> list[Event]:
        """The coordinator delegates to another agent, whose outputs are those of ``lane``."""
        opened = self._lanes[lane] = _Lane({"subagentRunId": _new_id()})
        call = {"toolCallId": lane}
        return [
            *self._close(self._lanes[""]),
            {"type": "TOOL_CALL_START", **call, "toolCallName": f"ask_{agent}_agent"},
            {
                "type": "TOOL_CALL_ARGS",
                **call,
                "delta": json.dumps(arguments, ensure_ascii=False),
            },
            {"type": "TOOL_CALL_END", **call},
            {
                "type": "SUBAGENT_STARTED",
                **opened.tag,
                "name": agent,
                "description": description,
                "parentToolCallId": lane,
            },
        ]

    def result(self, lane: str) -> tuple[str, bool]:
        """What an agent answered so far, as text that mentions its files; whether it ran code."""
        return str(self._lanes[lane].result), self._lanes[lane].ran_code

    def finish_subagent(self, lane: str, text: str) -> list[Event]:
        """The agent is done; ``text`` is its result for the coordinator."""
        closed = self._lanes.pop(lane)
        finished = {"type": "SUBAGENT_FINISHED", **closed.tag, "outcome": {"type": "success"}}
        content: Any = text if len(text) <= RESULT_CHARS else f"{text[:RESULT_CHARS]} […]"
        if closed.saved:
            texts = [{"type": "text", "text": content}] if content.strip() else []
            content = [*texts, *map(_content_part, closed.saved)]
        return [*self._close(closed), finished, _result(lane, content)]

    def fail_subagent(self, lane: str, error: GeminiError) -> list[Event]:
        """The agent failed; the run goes on."""
        details: Event = {"code": error.code, "message": error.message}
        if advice := error.advice:
            details["metadata"] = advice
        return self._end_subagent(lane, details)

    def finish(
        self,
        outcome: str,
        usage: TokenUsages,
        truncated: str = "",
        account: dict[str, object] | None = None,
    ) -> list[Event]:
        """Close what is open and end the run; ``outcome`` is ``success`` or ``cancelled``.

        Args:
            usage: AG-UI ``TokenUsage`` entries.
            account: the same call by call and with the key, as a custom event of ours.
        """
        event: Event = {"type": "RUN_FINISHED", **self._ids, "outcome": {"type": outcome}}
        if truncated:
            event["result"] = {"truncated": True, "reason": truncated}
        return self._ended(event, usage, account)

    def fail(
        self, error: GeminiError, usage: TokenUsages, account: dict[str, object] | None = None
    ) -> list[Event]:
        """Close what is open and end the run with an error."""
        event: Event = {"type": "RUN_ERROR", "message": error.message, "code": error.code}
        if advice := error.advice:
            event["metadata"] = advice
        return self._ended(event, usage, account)

    def _ended(
        self, terminal: Event, usage: TokenUsages, account: dict[str, object] | None
    ) -> list[Event]:
        if usage:
            terminal["usage"] = usage
        custom: Event = {"type": "CUSTOM", "name": "usage", "value": account}
        return [*self._close_all(), *([custom] if account else []), terminal]

    def _feed(self, lane: _Lane, output: Output) -> list[Event]:
        match output:
            case TextDelta(text):
                opened = self._open(lane, "text")
                self._record(lane, text)
                return [*opened, self._delta("TEXT_MESSAGE", lane, text)]
            case ThoughtDelta(text):
                opened = self._open(lane, "reasoning")
                lane.chars += len(text)
                return [*opened, self._delta("REASONING_MESSAGE", lane, text)]
            case Activity(kind, content, ref):
                lane.ran_code = lane.ran_code or kind == "code"
                # Between its start and its end a message holds its own text alone, so an activity
                # ends it, and what is said afterwards is another message.
                return [*self._close(lane), _activity(lane, kind, content, ref)]
            case Saved():
                lane.saved.append(output)
                # Google's search suggestions are for the user; the coordinator has no use for them.
                if output.mime_type != "text/html":
                    lane.result.append(f"\n{mention(output.name, output.mime_type)}\n")
                file = {**_file(output), "mimeType": output.mime_type, "name": output.name}
                return [*self._close(lane), _activity(lane, "artifact", file, _new_id())]
            case Sources():
                content = self._placed(lane, output)
                return [*self._close(lane), _activity(lane, "sources", content, _new_id())]
            case _:
                raise TypeError(f"{type(output).__name__} must be saved before it is emitted")

    def _record(self, lane: _Lane, text: str) -> None:
        lane.result.append(text)
        lane.chars += len(text)
        self._units[lane.message_id] = self._units.get(lane.message_id, 0) + _units(text)
        if self._room > 0:
            self._texts.setdefault(lane.message_id, BoundedText()).append(text[: self._room])
            self._room -= len(text)

    def _placed(self, lane: _Lane, sources: Sources) -> dict[str, Any]:
        """Sources as they go on the wire: each place in the message that holds it."""
        # Code that ran in between, or a picture, cuts one answer into several messages.
        starts: list[tuple[str, int, int]] = []  # of messages in the answer, the last one first
        at = _units(sources.text)
        for message_id in reversed(lane.messages):
            length = self._units.get(message_id, 0)
            starts.append((message_id, at - length, at))
            at -= length
            if at <= 0:
                break
        supports = [
            {
                "messageId": message_id,
                "start": max(support.start - first, 0),
                "end": min(support.end, last) - first,
                "sources": list(support.sources),
            }
            for support in sources.supports
            for message_id, first, last in starts
            if first < support.end <= last
        ]
        content: dict[str, Any] = {
            "queries": list(sources.queries),
            "sources": list(sources.sources),
            "supports": supports,
            "pages": list(sources.pages),
        }
        if sources.suggestions:
            content["suggestions"] = _file(sources.suggestions)
        return content

    @staticmethod
    def _delta(prefix: str, lane: _Lane, text: str) -> Event:
        return {
            "type": f"{prefix}_CONTENT",
            "messageId": lane.message_id,
            "delta": text,
            **lane.tag,
        }

    def _open(self, lane: _Lane, kind: str) -> list[Event]:
        if lane.open == kind and lane.chars < MESSAGE_CHARS:
            return []
        events = self._close(lane)
        lane.open, lane.message_id, lane.chars = kind, _new_id(), 0
        lane.messages.append(lane.message_id)
        base = {"messageId": lane.message_id, **lane.tag}
        if kind == "text":
            return [*events, {"type": "TEXT_MESSAGE_START", "role": "assistant", **base}]
        return [
            *events,
            {"type": "REASONING_START", **base},
            {"type": "REASONING_MESSAGE_START", "role": "reasoning", **base},
        ]

    @staticmethod
    def _close(lane: _Lane) -> list[Event]:
        kind, lane.open = lane.open, ""
        base = {"messageId": lane.message_id, **lane.tag}
        if kind == "text":
            return [{"type": "TEXT_MESSAGE_END", **base}]
        if kind == "reasoning":
            return [
                {"type": "REASONING_MESSAGE_END", **base},
                {"type": "REASONING_END", **base},
            ]
        return []

    def _end_subagent(self, lane: str, error: Event) -> list[Event]:
        closed = self._lanes.pop(lane)
        return [
            *self._close(closed),
            {"type": "SUBAGENT_ERROR", **closed.tag, **error},
            _result(lane, error["message"]),
        ]

    def _close_all(self) -> list[Event]:
        """The events that close what is open, the coordinator's own last."""
        # All of it, inside out: AG-UI clients refuse ``RUN_FINISHED`` while a message or a subagent
        # is open, and the whole run fails over one bracket.
        stopped = {"code": "interrupted", "message": "Stopped before it was done."}
        events: list[Event] = []
        for lane in [lane for lane in self._lanes if lane]:
            events += self._end_subagent(lane, stopped)
        return events + self._close(self._lanes[""])


def _units(text: str) -> int:
    """The length of a text in UTF-16 code units, in which JavaScript counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _file(saved: Saved) -> dict[str, str]:
    return {"artifactId": saved.artifact_id, "url": saved.url}


def _activity(lane: _Lane, kind: str, content: dict[str, Any], ref: str) -> Event:
    return {
        "type": "ACTIVITY_SNAPSHOT",
        "messageId": ref,
        "activityType": kind,
        "content": content,
        **lane.tag,
    }


def _result(call_id: str, content: Any) -> Event:
    return {
        "type": "TOOL_CALL_RESULT",
        "messageId": _new_id(),
        "toolCallId": call_id,
        "content": content,
        "role": "tool",
    }


def _content_part(saved: Saved) -> dict[str, Any]:
    kind = saved.mime_type.partition("/")[0]
    source = {"type": "url", "value": saved.url, "mimeType": saved.mime_type}
    return {"type": kind if kind in ("image", "audio", "video") else "document", "source": source}
