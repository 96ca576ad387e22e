"""What was asked of the emulator and how each request ended; keys are kept as a digest only."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

MAX_REQUESTS = 2000
MAX_BODY_BYTES = 64 * 1024 * 1024  # of all kept bodies together; the oldest go first


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
    key_from: str = ""  # header or query
    raw: bytes = b""
    agent: str = ""
    status: int = 0
    streaming: bool = False
    frames_sent: int = 0
    started_at: float = field(default_factory=time.time)
    ended_at: float | None = None
    disconnected_at: float | None = None
    ended: str = ""

    def shown(self, *, with_body: bool = True) -> dict[str, Any]:
        plain = {name: value for name, value in vars(self).items() if name != "raw"}
        return plain | ({"body": self._body()} if with_body else {})

    def _body(self) -> Any:
        try:
            return json.loads(self.raw) if self.raw else None
        except ValueError:
            return self.raw.decode(errors="replace")


class Journal:
    """The latest requests, oldest first, and a way to wait until more have come."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque()
        self._ids = itertools.count(1)
        self._kept_bytes = 0
        self._changed = asyncio.Event()

    def begin(self, **facts: Any) -> Record:
        record = Record(id=next(self._ids), **facts)
        self._records.append(record)
        if len(self._records) > MAX_REQUESTS:
            self._kept_bytes -= len(self._records.popleft().raw)
        self._tell()
        return record

    def keep_body(self, record: Record, raw: bytes) -> None:
        record.raw = raw
        self._kept_bytes += len(raw)
        for old in self._records:
            if self._kept_bytes > MAX_BODY_BYTES and old is not record:
                self._kept_bytes -= len(old.raw)
                old.raw = b""
        self._tell()

    def started(self, record: Record, status: int, *, streaming: bool) -> None:
        record.status, record.streaming = status, streaming
        self._tell()

    def disconnected(self, record: Record) -> None:
        if not record.ended:
            record.disconnected_at = time.time()
            self.end(record, "client_disconnected")

    def end(self, record: Record, how: str) -> None:
        if not record.ended:
            record.ended, record.ended_at = how, time.time()
            self._tell()

    def find(self, *, key: str = "", ended: bool = False, streams: bool = False) -> list[Record]:
        return [
            record
            for record in self._records
            if key in ("", record.key) and (record.ended or not ended)
            if record.streaming or not streams
        ]

    async def wait(self, count: int, timeout_s: float, **match: Any) -> list[Record]:
        """The records that match, as soon as there are `count` of them or time is up."""
        deadline = time.monotonic() + timeout_s
        while len(found := self.find(**match)) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                break
        return found

    def clear(self) -> None:
        self._records.clear()
        self._kept_bytes = 0
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
