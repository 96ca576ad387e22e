"""Recorded Gemini traffic, served again by name."""

from __future__ import annotations

import json
from pathlib import Path

from emulator import wire
from emulator.errors import Refusal
from emulator.scripts import Reply


class Recordings:
    """A folder of recordings, one JSON file each; reads a file when it is asked for."""

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
