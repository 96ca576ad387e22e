"""A reply as plain data, and replies that a test has queued in advance."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from emulator import wire

STEP_FIELDS = frozenset(
    {
        *("frames", "texts", "thoughts", "calls", "finish", "replay", "emulate"),
        *("status", "body", "headers", "pace_ms", "delay_ms", "tail", "then"),
    }
)


@dataclass
class Reply:
    """What goes back: a whole body, or frames followed by an end of some kind."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    frames: Iterable[bytes] = ()
    pace_s: float | None = None
    delay_s: float = 0.0
    tail: bytes = b""
    then: str = "close"  # or "reset", or "stall"

    @classmethod
    def of_refusal(cls, refusal: wire.Refusal) -> Reply:
        return cls(status=refusal.status, body=refusal.body)


@dataclass(frozen=True)
class Queued:
    """A step of a script, with what a call must be for it to apply; "" is any."""

    step: dict[str, Any]
    key: str = ""
    agent: str = ""
    method: str = ""

    def fits(self, key: str, agent: str, method: str) -> bool:
        generates = method in ("generateContent", "streamGenerateContent")
        right_method = self.method == method if self.method else generates
        return right_method and self.key in ("", key) and self.agent in ("", agent)


class Scripts:
    """The queue of scripted replies; each is used once, in order, by the first call it fits."""

    def __init__(self) -> None:
        self._queued: list[Queued] = []

    def add(self, script: dict[str, Any]) -> int:
        """Queue the steps of a script; returns how many wait.

        Raises:
            ValueError: a step has a field nobody knows, or steps is no list.
        """
        unknown = set(script) - {"key", "agent", "method", "steps"}
        steps = script.get("steps")
        if unknown or not isinstance(steps, list):
            raise ValueError(f"a script is {{key?, agent?, method?, steps: []}}, not {unknown}")
        match = {name: str(script.get(name) or "") for name in ("key", "agent", "method")}
        for step in steps:
            if odd := set(step) - STEP_FIELDS:
                raise ValueError(f"unknown fields in a step: {', '.join(sorted(odd))}")
        self._queued += [Queued(step, **match) for step in steps]
        return len(self._queued)

    def take(self, key: str, agent: str, method: str) -> dict[str, Any] | None:
        for index, queued in enumerate(self._queued):
            if queued.fits(key, agent, method):
                return self._queued.pop(index).step
        return None

    def clear(self) -> None:
        self._queued.clear()

    def __len__(self) -> int:
        return len(self._queued)


def raw_reply(step: dict[str, Any]) -> Reply:
    """The reply of a step that gives status, body or frames literally."""
    body = step.get("body")
    if body is not None and not isinstance(body, str):
        body = wire.pretty(body).decode()
    frames = [frame_bytes(frame) for frame in step.get("frames", [])]
    reply = Reply(
        status=int(step.get("status", 200)),
        body=body.encode() if body is not None else None,
        frames=frames,
    )
    if reply.status != 200 and reply.body is None:
        reply.body = wire.error_body(reply.status)
    return with_manner(reply, step)


def with_manner(reply: Reply, step: dict[str, Any]) -> Reply:
    """Apply what a step says about time, headers and the end of the stream."""
    reply.headers |= {str(k): str(v) for k, v in (step.get("headers") or {}).items()}
    if "pace_ms" in step:
        reply.pace_s = float(step["pace_ms"]) / 1000
    if "delay_ms" in step:
        reply.delay_s = float(step["delay_ms"]) / 1000
    if "tail" in step:
        tail = step["tail"]
        reply.tail = tail.encode() if isinstance(tail, str) else wire.pretty(tail) + b"\n"
    reply.then = step.get("then", reply.then)
    return reply


def frame_bytes(frame: Any) -> bytes:
    """A frame given as an object, or as the raw text of its payload."""
    return frame.encode() if isinstance(frame, str) else wire.compact(frame)


def first(frames: Iterable[bytes], count: int) -> Iterator[bytes]:
    """The first frames, but never one that ends the answer; thoughts come free if any come."""
    for frame in frames:
        if count <= 0 or b'"finishReason"' in frame:
            return
        count -= b'"thought": true' not in frame
        yield frame


def with_bad_json(frames: Iterable[bytes], after: int) -> Iterator[bytes]:
    """The frames with one broken one among them."""
    rest = iter(frames)
    yield from first(rest, after)
    yield b'{"candidates": [{"content": {"parts": [{"text": "cut'
    yield from rest


def status_of(tail: bytes) -> int:
    """The HTTP status a bare error at the end of a stream speaks of; 0 if it is none."""
    try:
        return int(json.loads(tail)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return 0
