"""The requests that came and how each of them ended; of keys a digest only."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

MAX_REQUESTS = 2000
MAX_BODY_BYTES = 64 * 1024 * 1024  # of all bodies together; the oldest go first


def masked(key: str) -> str:
    """How a key is shown: a digest to compare with, and its last four characters."""
    if not key:
        return ""
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()[:12]}...{key[-4:]}"


@dataclass
class Record:
    """One request. ``ended`` is how: completed, client_disconnected or reset; "" while it runs."""

    id: int
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    key: str
    raw: bytes = b""
    agent: str = ""
    status: int = 0
    streaming: bool = False
    frames_sent: int = 0
    started_at: float = field(default_factory=time.time)
    ended_at: float | None = None
    disconnected_at: float | None = None
    ended: str = ""

    def shown(self) -> dict[str, Any]:
        """As the emulator's own pages show it."""
        try:
            body = json.loads(self.raw) if self.raw else None
        except ValueError:
            body = self.raw.decode(errors="replace")
        return {name: value for name, value in vars(self).items() if name != "raw"} | {"body": body}


class Journal:
    """The latest requests, oldest first, and a way to wait until more have come."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque(maxlen=MAX_REQUESTS)
        self._ids = itertools.count(1)
        self._changed = asyncio.Event()

    def begin(self, **fields: Any) -> Record:
        """Note a request that has come; the fields are those of ``Record``."""
        record = Record(id=next(self._ids), **fields)
        self._records.append(record)
        self._notify()
        return record

    def add_body(self, record: Record, raw: bytes) -> None:
        """Note the body of a request; the oldest lose theirs where all are too large."""
        record.raw = raw
        excess = sum(len(record.raw) for record in self._records) - MAX_BODY_BYTES
        for old in self._records:
            if excess > 0 and old is not record:
                excess -= len(old.raw)
                old.raw = b""
        self._notify()

    def started(self, record: Record, status: int, *, streaming: bool) -> None:
        """Note that the reply begins."""
        record.status, record.streaming = status, streaming
        self._notify()

    def disconnected(self, record: Record) -> None:
        """Note that the client has left, if it did so before the end."""
        if not record.ended:
            record.disconnected_at = time.time()
            self.end(record, "client_disconnected")

    def end(self, record: Record, how: str) -> None:
        """Note how a request ended; the first end counts."""
        if not record.ended:
            record.ended, record.ended_at = how, time.time()
            self._notify()

    def find(self, *, key: str = "", ended: bool = False) -> list[Record]:
        """The records of a masked key, or those alone that have ended."""
        matching = (record for record in self._records if key in ("", record.key))
        return [record for record in matching if record.ended or not ended]

    async def wait(self, count: int, timeout_s: float, **match: Any) -> list[Record]:
        """The records that match, as soon as there are `count` of them or time is up."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while len(self.find(**match)) < count:
                    await self._changed.wait()
        return self.find(**match)

    def clear(self) -> None:
        """Forget all requests."""
        self._records.clear()
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
