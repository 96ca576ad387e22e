"""Sending a reply over ASGI: paced, cut, stalled, and always aware of a client that leaves."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from emulator import wire
from emulator.journal import Journal, Record
from emulator.scripts import Reply

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_UNSENT_LIMIT_BYTES = 64 * 1024  # more than this unsent: let the server's flow control wait
_LONG_PAUSE_S = 0.05  # a longer one ends at once when the client leaves


@dataclass(frozen=True)
class Request:
    """What an HTTP request says before its body."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # by names in small letters

    @classmethod
    def of(cls, scope: Scope) -> Request:
        """The request of an ASGI scope."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        return cls(scope["method"], scope["path"], query, headers)

    @property
    def key(self) -> str:
        """The API key it came with, or ""."""
        return self.headers.get("x-goog-api-key") or self.query.get("key", "")


class Exchange:
    """One request and the reply to it, with its line in the journal."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.request = Request.of(scope)
        self._scope = scope
        self._receive = receive
        self._send = send
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def read(self) -> bytes:
        """The whole body of the request."""
        return b"".join([piece async for piece in self.pieces()])

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body of the request as it comes in, for what may be large."""
        more = True
        while more:
            message = await self._receive()
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]

    async def answer(self, reply: Reply, record: Record, journal: Journal, *, stream: bool) -> None:
        """Send a reply, as a stream of frames or in one piece."""
        self._gone = asyncio.create_task(self._watch(record, journal))
        try:
            await self._pause(reply.delay_s)
            reply.headers.setdefault("content-type", wire.SSE if stream else wire.JSON)
            if not self._left:
                await self._reply(reply, record, journal, stream=stream and reply.body is None)
        finally:
            self._gone.cancel()

    async def body(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Send a whole body."""
        await self._start(status, headers | {"content-length": str(len(body))})
        await self._send({"type": "http.response.body", "body": body})

    async def _reply(self, reply: Reply, record: Record, journal: Journal, *, stream: bool) -> None:
        journal.started(record, reply.status, streaming=stream)
        if stream:
            await self._start(reply.status, reply.headers)
            await self._frames(reply, record)
            if self._left:
                return
            if reply.tail:
                await self._write(reply.tail)
        if reply.then == "reset":
            journal.end(record, "reset")
            self._reset()
        if reply.then != "close":  # it falls silent until the client leaves
            await self._gone
        elif stream:
            await self._send({"type": "http.response.body", "body": b""})
        else:
            body = wire.merged(reply.frames) if reply.body is None else reply.body
            await self.body(reply.status, body, reply.headers)
        journal.end(record, "completed")

    async def _frames(self, reply: Reply, record: Record) -> None:
        loop = asyncio.get_running_loop()
        pace_s = reply.pace_s or 0.0
        due = loop.time()
        for frame in reply.frames:
            if record.frames_sent:
                # Against the clock: what each frame is late would add up over a long answer.
                due += pace_s
                await self._pause(max(0.0, due - loop.time()))
                if self._left:
                    return
            await self._write(wire.sse_frame(frame))
            record.frames_sent += 1

    async def _start(self, status: int, headers: dict[str, str]) -> None:
        lines = {"server": "gemini-emulator"} | headers
        encoded = [(name.lower().encode(), value.encode()) for name, value in lines.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": encoded})

    async def _write(self, data: bytes) -> None:
        """Send a piece of a stream, straight into the socket where that can be done.

        Chunks written past the server's HTTP library cost a third less CPU, which in a load test
        is left to the program under test.
        """
        transport, has_chunks = self._transport, self._scope.get("http_version") == "1.1"
        if not has_chunks or transport.get_write_buffer_size() > _UNSENT_LIMIT_BYTES:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})
        elif not transport.is_closing():
            transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    @property
    def _transport(self) -> asyncio.Transport:
        """The connection, which ``server.py`` puts there."""
        transport: asyncio.Transport = self._scope["state"]["transport"]
        return transport

    @property
    def _left(self) -> bool:
        return self._gone.done()

    async def _watch(self, record: Record, journal: Journal) -> None:
        """Wait for the client to leave, and note when."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        journal.disconnected(record)

    async def _pause(self, seconds: float) -> None:
        if seconds > _LONG_PAUSE_S:
            await asyncio.wait({self._gone}, timeout=seconds)
        else:
            await asyncio.sleep(seconds)

    def _reset(self) -> None:
        transport = self._transport
        connection: socket.socket = transport.get_extra_info("socket")
        # Lingering for 0 seconds: the kernel sends RST, as of a machine that died. A plain close
        # would be a clean end, which means something else to a client.
        linger_off = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_off)
        transport.abort()
