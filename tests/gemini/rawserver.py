"""A server that answers what a test writes, byte by byte, and counts its connections."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

SSE = "content-type: text/event-stream\r\n"


@dataclass
class RawServer:
    """What came in: ``heads`` and ``bodies`` of requests, and how many connections there were."""

    port: int = 0
    connections: int = 0
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


Respond = Callable[[asyncio.StreamWriter], Awaitable[None]]


def reply(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole response."""
    lines = "".join(f"{line}\r\n" for line in headers) or SSE
    return f"HTTP/1.1 {status}\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


@contextlib.asynccontextmanager
async def answering(*answers: bytes | Respond) -> AsyncIterator[RawServer]:
    """Serve these answers in order, the last one for ever; each is bytes or writes itself."""
    server, left = RawServer(), list(answers)
    open_: set[asyncio.Task[None]] = set()

    async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        server.heads.append(head)
        length = re.search(r"content-length: *(\d+)", head, re.IGNORECASE)
        server.bodies.append(await reader.readexactly(int(length[1]) if length else 0))
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, bytes):
            writer.write(answer)
        else:
            await answer(writer)
        await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.add(asyncio.current_task())
        server.connections += 1
        try:
            while not writer.is_closing():
                await exchange(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**24)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in open_:
            task.cancel()
        await asyncio.gather(*open_, return_exceptions=True)
