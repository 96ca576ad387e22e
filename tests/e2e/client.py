"""A chat client for tests: keeps what a socket says, and checks the numbers of every event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.agui_rules import TERMINAL, assert_valid_stream
from tests.e2e.server import ChatServer, Person

Frame = dict[str, Any]
T = TypeVar("T")

PATIENCE_S = 15
ACK_EVERY = 64


class Closed(AssertionError):
    """The server closed the socket while something was still waited for."""


@dataclass
class Stream:
    """The events of one run as this client holds them."""

    first: int = 1
    events: list[Frame] = field(default_factory=list)

    @property
    def last_seq(self) -> int:
        return self.first + len(self.events) - 1

    @property
    def ended(self) -> bool:
        return bool(self.events) and self.events[-1]["type"] in TERMINAL

    @property
    def text(self) -> str:
        """What the coordinator said."""
        return text_of(self.events)


class SocketClient:
    """One open socket. Frames that are not events are handed out once, by ``expect``."""

    def __init__(self, connection: ClientConnection) -> None:
        self.streams: dict[str, Stream] = {}
        self.acks = True
        self._connection = connection
        self._frames: list[Frame] = []
        self._changed = asyncio.Event()
        self._closed = False
        self._reader = asyncio.create_task(self._read())

    async def send(self, **frame: Any) -> None:
        await self._connection.send(json.dumps(frame))

    async def send_raw(self, data: str | bytes) -> None:
        await self._connection.send(data)

    async def close(self) -> None:
        await self._connection.close()
        await self._reader

    def cut(self) -> None:
        """Lose the connection as a phone in a tunnel does: without a goodbye."""
        self._connection.transport.abort()

    def freeze(self) -> None:
        """Read nothing any more, and answer nothing."""
        self._connection.transport.pause_reading()

    async def until(self, found: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
        """Wait until ``found()`` gives something true; what came until then is no surprise."""
        async with asyncio.timeout(patience_s):
            while not (result := found()):
                if self._closed:
                    raise Closed(f"closed with {self._connection.close_code}")
                self._changed.clear()
                await self._changed.wait()
        return result

    async def close_code(self, patience_s: float = PATIENCE_S) -> int | None:
        """Wait for the server to close; returns its code."""
        async with asyncio.timeout(patience_s):
            await asyncio.shield(self._reader)
        return self._connection.close_code

    @property
    def open(self) -> bool:
        return not self._closed

    async def expect(self, op: str, **match: Any) -> Frame:
        """The next frame of this kind with these values."""

        def take() -> Frame | None:
            for at, frame in enumerate(self._frames):
                if match.items() <= frame.items() and frame["op"] == op:
                    return self._frames.pop(at)
            return None

        found = await self.until(take)
        assert found is not None
        return found

    def told(self, op: str) -> list[Frame]:
        """The frames of this kind that nobody has taken."""
        return [frame for frame in self._frames if frame["op"] == op]

    async def auth(self, token: str) -> Frame:
        await self.send(op="auth", token=token)
        return await self.expect("ready")

    async def ask(self, text: str, thread_id: str = "", **changes: Any) -> Frame:
        """Ask; returns the ``accepted`` frame."""
        ref = str(uuid4())
        await self.send(op="run", ref=ref, input=question(text, thread_id, **changes))
        return await self.expect("accepted", ref=ref)

    async def refusal(self, text: str, thread_id: str = "", **changes: Any) -> Frame:
        """Ask what is refused; returns the ``rejected`` frame."""
        ref = str(uuid4())
        await self.send(op="run", ref=ref, input=question(text, thread_id, **changes))
        return await self.expect("rejected", ref=ref)

    async def follow(self, run_id: str, after: int = 0) -> None:
        self.streams[run_id] = Stream(first=after + 1)
        await self.send(op="follow", runId=run_id, after=after)

    async def answer(self, run_id: str) -> Stream:
        """The run to its end; one that was heard from the start keeps every rule of AG-UI."""
        await self.until(lambda: run_id in self.streams and self.streams[run_id].ended)
        stream = self.streams[run_id]
        if stream.first == 1:
            assert_valid_stream(stream.events)
        return stream

    async def heard(self, run_id: str, seq: int) -> None:
        """Wait until event ``seq`` has come."""
        await self.until(lambda: run_id in self.streams and self.streams[run_id].last_seq >= seq)

    async def said(self, run_id: str, count: int = 1) -> None:
        """Wait until ``count`` pieces of text have come."""

        def enough() -> bool:
            events = self.streams[run_id].events if run_id in self.streams else []
            return sum(event["type"] == "TEXT_MESSAGE_CONTENT" for event in events) >= count

        await self.until(enough)

    async def still_works(self) -> None:
        """A question on a new thread is answered."""
        accepted = await self.ask("Still there? /emulate frames=3")
        stream = await self.answer(accepted["runId"])
        assert stream.events[-1]["type"] == "RUN_FINISHED"

    async def _read(self) -> None:
        try:
            with suppress(ConnectionClosed):
                async for data in self._connection:
                    await self._take(json.loads(data))
                    self._changed.set()
        finally:
            self._closed = True
            self._changed.set()

    async def _take(self, frame: Frame) -> None:
        if frame["op"] != "event":
            self._frames.append(frame)
            return
        stream = self.streams.setdefault(frame["runId"], Stream())
        seq = frame["seq"]
        assert seq == stream.last_seq + 1, f"event {seq} came after event {stream.last_seq}"
        stream.events.append(frame["event"])
        if self.acks and (seq % ACK_EVERY == 0 or stream.ended):
            await self.send(op="ack", runId=frame["runId"], seq=seq)


@asynccontextmanager
async def socket(
    server: ChatServer, person: Person | None = None, **options: Any
) -> AsyncIterator[SocketClient]:
    """An open socket, signed in as ``person`` if one is named."""
    options = {"compression": None, "max_size": 2**22, "proxy": None, **options}
    async with connect(options.pop("url", server.stream_url), **options) as connection:
        client = SocketClient(connection)
        try:
            if person is not None:
                await client.auth(person.access)
            yield client
        finally:
            await client.close()


def question(
    text: str,
    thread_id: str = "",
    *,
    run_id: str = "",
    message_id: str = "",
    files: Sequence[Frame] = (),
    after: str = "",
    **forwarded: Any,
) -> Frame:
    """A ``RunAgentInput`` as the page sends it; without ``thread_id`` it opens a thread.

    ``files`` are as REST told them when they were uploaded, ``after`` is the id of a run.
    """
    props = {"forwardedProps": forwarded} if forwarded else {}
    parent = {"parentRunId": after} if after else {}
    content = [*map(file_part, files), {"type": "text", "text": text}] if files else text
    return {
        "threadId": thread_id or str(uuid4()),
        "runId": run_id or str(uuid4()),
        "messages": [{"id": message_id or str(uuid4()), "role": "user", "content": content}],
        **parent,
        **props,
    }


def file_part(file: Frame) -> Frame:
    """An uploaded file as a content part of AG-UI."""
    kind = file["mime_type"].partition("/")[0]
    kind = kind if kind in ("image", "audio", "video") else "document"
    source = {"type": "url", "value": file["url"], "mimeType": file["mime_type"]}
    return {"type": kind, "source": source}


def text_of(events: list[Frame], subagent: str | None = None) -> str:
    """What the coordinator, or a subagent, said."""
    return "".join(
        event["delta"]
        for event in events
        if event["type"] == "TEXT_MESSAGE_CONTENT" and event.get("subagentRunId") == subagent
    )


def types_of(events: list[Frame]) -> list[str]:
    """The kinds of events in order, repeated ones once."""
    kinds: list[str] = []
    for event in events:
        if kinds[-1:] != [event["type"]]:
            kinds.append(event["type"])
    return kinds
