"""A load balancer that is not to be trusted: it cuts, delays and throttles what passes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

CHUNK_BYTES = 16 * 1024

Ports = Callable[[], list[int]]


class Proxy:
    """Hands each connection to one of the processes that are up."""

    def __init__(self, ports: Ports, rng: random.Random) -> None:
        self.delay_s = 0.0
        self.bytes_per_s = 0
        self.cuts = 0
        self.port = 0
        self._ports = ports
        self._rng = rng
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Proxy]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut(1.0)
            await asyncio.gather(*self._serving, return_exceptions=True)

    def cut(self, share: float) -> int:
        """Reset this share of the connections; neither side hears a goodbye."""
        chosen = [writer for writer in self._open if self._rng.random() < share]
        for writer in chosen:
            writer.transport.abort()
        self.cuts += len(chosen)
        return len(chosen)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await self._connect()
        if there is None:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pipe(reader, there[1]))
                group.create_task(self._pipe(there[0], writer))
        except* OSError:
            pass
        finally:
            self._open.discard(writer)
            for side in (writer, there[1]):
                side.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        ports = self._ports()
        self._rng.shuffle(ports)
        for port in ports:
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        return None

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK_BYTES):
            if self.delay_s:
                await asyncio.sleep(self.delay_s * self._rng.random())
            if self.bytes_per_s:
                await asyncio.sleep(len(data) / self.bytes_per_s)
            sink.write(data)
            await sink.drain()
        raise ConnectionResetError  # one side has left: the other one is let go, too
