"""Readers of one answer: from our server, and from the floor. Both keep what came, and when."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from typing import Any
from uuid import uuid4

from benchmarks.wire import Socket, connect

ACK_EVERY = 64
PATIENCE_S = 120


class Reader(ABC):
    """What came of one answer. ``read`` asks and waits for its end."""

    def __init__(self) -> None:
        self.messages: list[tuple[bytes, int]] = []
        self.done = asyncio.Event()
        self.speaking = asyncio.Event()
        self._ws: Socket | None = None

    @property
    def ws(self) -> Socket:
        assert self._ws is not None
        return self._ws

    @abstractmethod
    async def open(self, port: int, token: str, *, deflate: bool = False) -> None:
        """Connect, and sign in where that is asked for."""

    @abstractmethod
    def ask(self, question: str) -> None:
        """Send the question, and wait for nothing."""

    @abstractmethod
    def deltas(self) -> list[tuple[str, int]]:
        """The pieces of text with their times of arrival.

        Raises:
            AssertionError: the stream is not whole.
        """

    async def read(self, question: str) -> None:
        self.messages.clear()
        self.done.clear()
        self.ask(question)
        ended = asyncio.ensure_future(self.done.wait())
        async with asyncio.timeout(PATIENCE_S):
            either: set[asyncio.Future[Any]] = {ended, self.ws.closed}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            ended.cancel()
            raise ConnectionError(f"closed with {self.ws.closed.result()}")

    def close(self) -> None:
        self.ws.close()


class FloorReader(Reader):
    async def open(self, port: int, token: str = "", *, deflate: bool = False) -> None:
        self._ws = await connect(port, "/")
        self._ws.on_message = self._on_message

    def ask(self, question: str) -> None:
        self.ws.send(question)

    def _on_message(self, data: bytes, at: int) -> None:
        self.messages.append((data, at))
        if data.startswith(b'{"done"'):
            self.done.set()

    def deltas(self) -> list[tuple[str, int]]:
        found = [(json.loads(data), at) for data, at in self.messages]
        return [(frame["delta"], at) for frame, at in found if "delta" in frame]


class OurReader(Reader):
    """Acknowledges as the page does."""

    thread_id = ""
    run_id = ""

    async def open(self, port: int, token: str, *, deflate: bool = False) -> None:
        self._ws = await connect(port, deflate=deflate)
        signed_in: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._ws.on_message = lambda data, _: signed_in.set_result(data)
        self._ws.send({"op": "auth", "token": token})
        assert b'"ready"' in await signed_in, signed_in.result()
        self._ws.on_message = self._on_message

    def ask(self, question: str, *, agent: str = "auto") -> None:
        self.thread_id, self.run_id = str(uuid4()), str(uuid4())
        message = {"id": str(uuid4()), "role": "user", "content": question}
        props = {"agent": agent}
        ids = {"threadId": self.thread_id, "runId": self.run_id}
        self._acked = self._seen = 0
        self.ws.send(
            {
                "op": "run",
                "ref": 1,
                "input": {**ids, "messages": [message], "forwardedProps": props},
            }
        )

    def _on_message(self, data: bytes, at: int) -> None:
        self.messages.append((data, at))
        if not data.startswith(b'{"op":"event"'):
            if not data.startswith(b'{"op":"accepted"'):
                self.done.set()  # rejected, or resync: the check will tell
            return
        self._seen += 1
        if b'"TEXT_MESSAGE_CONTENT"' in data[:120]:
            self.speaking.set()
        if b'"type":"RUN_' in data[:120] and b'"RUN_STARTED"' not in data[:120]:
            self.done.set()
        elif self._seen - self._acked >= ACK_EVERY:
            self._acked = self._seen
            self.ws.send(f'{{"op":"ack","runId":"{self.run_id}","seq":{self._seen}}}')

    def cancel(self) -> None:
        self.ws.send({"op": "cancel", "runId": self.run_id})

    def frames(self) -> list[tuple[dict[str, Any], int]]:
        return [(json.loads(data), at) for data, at in self.messages]

    def deltas(self) -> list[tuple[str, int]]:
        events = []
        for frame, at in self.frames():
            assert frame["op"] in ("accepted", "event"), frame
            if frame["op"] == "event":
                events.append((frame["seq"], frame["event"], at))
        assert [seq for seq, _, _ in events] == list(range(1, len(events) + 1))
        assert events[-1][1]["type"] == "RUN_FINISHED", events[-1][1]
        return [(e["delta"], at) for _, e, at in events if e["type"] == "TEXT_MESSAGE_CONTENT"]


def readers_of(kind: str) -> type[Reader]:
    return {"ours": OurReader, "floor": FloorReader}[kind]
