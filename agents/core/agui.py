"""Outputs in, AG-UI 1.0 events out. Owns ids, brackets and order; does no I/O.

Agents say what, this says how: no agent opens or closes anything, so none can get it wrong. Each
event is the JSON object that goes on the wire.

Source: https://docs.ag-ui.com/spec/1.0 (ag-ui-protocol 1.0.0).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from agents.core.outputs import Delegated, Failed, FromAgent, Output, Returned
from common.bounded import ANSWER_MAX_CHARS, BoundedText
from gemini.errors import GeminiError
from gemini.outputs import Activity, Said, Saved, Sources, TextDelta, ThoughtDelta

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


class AguiStream:
    """The state machine of one run's stream."""

    def __init__(self, thread_id: str, run_id: str) -> None:
        self._ids = {"threadId": thread_id, "runId": run_id}
        self._lanes: dict[str, _Lane] = {"": _Lane()}
        self._said: dict[str, BoundedText] = {}
        self._units: dict[str, int] = {}
        self._room = ANSWER_MAX_CHARS

    @property
    def text(self) -> str:
        """What was said so far, by whom ever, one after the other; at most ANSWER_MAX_CHARS."""
        return "\n\n".join(map(str, self._said.values())).strip()

    def start(self) -> list[Event]:
        return [{"type": "RUN_STARTED", **self._ids, "protocolVersion": "1.0"}]

    def feed(self, output: Output) -> list[Event]:
        """The events of one output."""
        match output:
            case FromAgent(call_id, said):
                return self._say(self._lanes[call_id], said)
            case Delegated():
                return self._delegated(output)
            case Returned(call_id, text):
                return self._returned(call_id, text)
            case Failed():
                return self._failed(output)
            case _:
                return self._say(self._lanes[""], output)

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

    def _say(self, lane: _Lane, said: Said) -> list[Event]:
        match said:
            case TextDelta(text):
                opened = self._open(lane, "text")
                self._keep(lane, text)
                return [*opened, self._delta("TEXT_MESSAGE", lane, text)]
            case ThoughtDelta(text):
                opened = self._open(lane, "reasoning")
                lane.chars += len(text)
                return [*opened, self._delta("REASONING_MESSAGE", lane, text)]
            case Activity(kind, content, ref):
                return [*self._close(lane), _activity(lane, kind, content, ref)]
            case Saved():
                lane.saved.append(said)
                file = {**_file(said), "mimeType": said.mime_type, "name": said.name}
                return [*self._close(lane), _activity(lane, "artifact", file, _new_id())]
            case Sources():
                content = self._placed(lane, said)
                return [*self._close(lane), _activity(lane, "sources", content, _new_id())]
            case _:
                raise TypeError(f"{type(said).__name__} must be saved before it is told")

    def _keep(self, lane: _Lane, text: str) -> None:
        lane.chars += len(text)
        self._units[lane.message_id] = self._units.get(lane.message_id, 0) + _units(text)
        if self._room > 0:
            self._said.setdefault(lane.message_id, BoundedText()).append(text[: self._room])
            self._room -= len(text)

    def _placed(self, lane: _Lane, sources: Sources) -> dict[str, Any]:
        """Sources as they go on the wire: each place in the message that holds it.

        Code that ran in between, or a picture, cuts one answer into several messages.
        """
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

    def _delegated(self, output: Delegated) -> list[Event]:
        lane = _Lane({"subagentRunId": _new_id()})
        self._lanes[output.call_id] = lane
        call = {"toolCallId": output.call_id}
        arguments = json.dumps(output.arguments, ensure_ascii=False)
        return [
            *self._close(self._lanes[""]),
            {"type": "TOOL_CALL_START", **call, "toolCallName": f"ask_{output.agent}_agent"},
            {"type": "TOOL_CALL_ARGS", **call, "delta": arguments},
            {"type": "TOOL_CALL_END", **call},
            {
                "type": "SUBAGENT_STARTED",
                **lane.tag,
                "name": output.agent,
                "description": output.description,
                "parentToolCallId": output.call_id,
            },
        ]

    def _returned(self, call_id: str, text: str) -> list[Event]:
        lane = self._lanes.pop(call_id)
        finished = {"type": "SUBAGENT_FINISHED", **lane.tag, "outcome": {"type": "success"}}
        content: Any = text if len(text) <= RESULT_CHARS else f"{text[:RESULT_CHARS]} […]"
        if lane.saved:
            words = [{"type": "text", "text": content}] if content.strip() else []
            content = [*words, *map(_content_part, lane.saved)]
        return [*self._close(lane), finished, _result(call_id, content)]

    def _failed(self, output: Failed) -> list[Event]:
        lane = self._lanes.pop(output.call_id)
        error: Event = {"code": output.code, "message": output.message}
        if output.advice:
            error["metadata"] = output.advice
        return [
            *self._close(lane),
            {"type": "SUBAGENT_ERROR", **lane.tag, **error},
            _result(output.call_id, output.message),
        ]

    def _close_all(self) -> list[Event]:
        """Brackets close inside out: subagents first, then the coordinator's own."""
        events: list[Event] = []
        for call_id in [call_id for call_id in self._lanes if call_id]:
            lane = self._lanes.pop(call_id)
            stopped = {"code": "interrupted", "message": "Stopped before it was done."}
            events += [
                *self._close(lane),
                {"type": "SUBAGENT_ERROR", **lane.tag, **stopped},
                _result(call_id, stopped["message"]),
            ]
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
