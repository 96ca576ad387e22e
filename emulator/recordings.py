"""Recorded Gemini traffic, served again by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from emulator import wire
from emulator.scenario import Reply


class Recordings:
    """A folder of recordings, one JSON file each; reads a file when it is asked for."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        if self._folder is None:
            return []
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def load(self, name: str) -> dict[str, Any] | None:
        """The recording of that name, or None; a name is never a path."""
        if name not in self.names() or self._folder is None:
            return None
        loaded: dict[str, Any] = json.loads((self._folder / f"{name}.json").read_bytes())
        return loaded

    def reply(self, name: str, *, stream: bool) -> Reply:
        """What was recorded, ready to send; a unary answer becomes one frame of a stream.

        Raises:
            Refusal: there is no such recording.
        """
        recording = self.load(name)
        if recording is None:
            where = "no folder of recordings was given" if self._folder is None else "not found"
            raise wire.Refusal(404, f"emulator: recording {name!r}: {where}")
        status = int(recording["status"])
        if recording.get("sse") is not None:
            frames = [payload.encode() for payload in recording["sse"]]
            return Reply(frames=frames, tail=(recording.get("tail") or "").encode())
        body = recording["body"].encode()
        if status == 200 and recording["method"] == "streamGenerateContent":
            return Reply(frames=[wire.compact(frame) for frame in json.loads(body)])
        if status == 200 and stream and recording["method"] == "generateContent":
            return Reply(frames=[wire.compact(json.loads(body))])
        return Reply(status=status, body=body)
