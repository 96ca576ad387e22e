"""A reply as plain data, and replies made in advance: queued by a test, or recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator import wire
from emulator.wire import Refusal

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
    pace_s: float | None = None  # between two frames; None is the usual
    delay_s: float = 0.0
    tail: bytes = b""  # sent bare after the frames
    then: str = "close"  # or "reset", or "stall"

    @classmethod
    def of_refusal(cls, refusal: Refusal) -> Reply:
        """Google's error as a reply."""
        return cls(refusal.status, body=refusal.body)

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> Reply:
        """A whole answer."""
        return cls(body=wire.pretty(value))

    @classmethod
    def of_step(cls, step: dict[str, Any]) -> Reply:
        """The reply of a step that gives status, body or frames literally."""
        status, body = int(step.get("status", 200)), step.get("body")
        if body is None and status != 200:
            return cls.of_refusal(Refusal(status))
        return cls(
            status,
            body=_literal(body, wire.pretty) if body is not None else None,
            frames=[_literal(frame, wire.compact) for frame in step.get("frames", [])],
        )

    def apply(self, step: dict[str, Any]) -> Reply:
        """Change what a step says about time, headers and the end of the stream."""
        self.headers |= {str(k): str(v) for k, v in (step.get("headers") or {}).items()}
        if "pace_ms" in step:
            self.pace_s = float(step["pace_ms"]) / 1000
        if "delay_ms" in step:
            self.delay_s = float(step["delay_ms"]) / 1000
        if "tail" in step:
            self.tail = _literal(step["tail"], wire.pretty)
        self.then = step.get("then", self.then)
        return self


def _literal(value: Any, written: Any) -> bytes:
    """JSON that is given as an object, or as text to be sent as it is."""
    payload: bytes = value.encode() if isinstance(value, str) else written(value)
    return payload


class Scripts:
    """The queue of scripted replies; each is used once, in order, by the first call it fits."""

    def __init__(self) -> None:
        self._queued: list[dict[str, Any]] = []

    def add(self, script: dict[str, Any]) -> int:
        """Queue the steps of a script; returns how many wait.

        Args:
            script: ``{"key"?, "agent"?, "method"?, "steps": [...]}``, as docs/emulator.md has it.

        Raises:
            ValueError: a step has a field nobody knows, or steps is no list.
        """
        unknown = set(script) - {"key", "agent", "method", "steps"}
        steps = script.get("steps")
        if unknown or not isinstance(steps, list):
            raise ValueError(f"a script is {{key?, agent?, method?, steps: []}}, not {unknown}")
        for step in steps:
            if odd := set(step) - STEP_FIELDS:
                raise ValueError(f"unknown fields in a step: {', '.join(sorted(odd))}")
        match = {name: str(script.get(name) or "") for name in ("key", "agent", "method")}
        self._queued += [step | match for step in steps]
        return len(self._queued)

    def take(self, key: str, agent: str, method: str) -> dict[str, Any] | None:
        """The next step for such a call, which is used up by that; None if there is none."""
        wanted = "" if method in ("generateContent", "streamGenerateContent") else method
        for index, step in enumerate(self._queued):
            fits = step["key"] in ("", key) and step["agent"] in ("", agent)
            if fits and step["method"] in (wanted, method):
                return self._queued.pop(index)
        return None


class Recordings:
    """A folder of recorded Gemini traffic, one JSON file each; read at each use."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def reply(self, name: str, *, stream: bool) -> Reply:
        """What was recorded, ready to send; a unary answer becomes one frame of a stream.

        Raises:
            Refusal: there is no such recording; a name is never a path.
        """
        files = self._folder.glob("*.json") if self._folder else []
        path = next((path for path in files if path.stem == name), None)
        if path is None:
            where = "not found" if self._folder else "no folder of recordings was given"
            raise Refusal(404, f"emulator: recording {name!r}: {where}")
        recording = json.loads(path.read_bytes())
        if recording.get("sse") is not None:
            frames = [payload.encode() for payload in recording["sse"]]
            return Reply(frames=frames, tail=(recording.get("tail") or "").encode())
        status, body = int(recording["status"]), recording["body"].encode()
        if status == 200 and recording["method"] == "streamGenerateContent":
            return Reply(frames=[wire.compact(frame) for frame in json.loads(body)])
        if status == 200 and stream and recording["method"] == "generateContent":
            return Reply(frames=[wire.compact(json.loads(body))])
        return Reply(status, body=body)
