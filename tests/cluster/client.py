"""A chat client that notes when each event came, and comes back when it was cut off."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import connect

from tests.e2e.client import Frame, SocketClient
from tests.e2e.server import ChatServer, Person


class TimedClient(SocketClient):
    """Knows when each event of each run arrived."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.arrived: dict[str, list[float]] = {}

    async def ping(self) -> float:
        """Seconds until the server answers."""
        began = time.monotonic()
        await self.send(op="ping")
        await self.expect("pong")
        return time.monotonic() - began

    def seqs(self, run_id: str) -> int:
        """How many events of the run are here."""
        return len(self.streams[run_id].events) if run_id in self.streams else 0

    async def events(self, run_id: str, count: int, patience_s: float = 15) -> None:
        """Wait until there are so many events of a run."""
        await self.until(lambda: self.seqs(run_id) >= count, patience_s)

    async def end(self, run_id: str, patience_s: float = 15) -> list[Frame]:
        """The run to its terminal event."""

        def ended() -> bool:
            return run_id in self.streams and self.streams[run_id].ended

        await self.until(ended, patience_s)
        return self.streams[run_id].events

    async def resync(self, run_id: str, patience_s: float = 15) -> Frame:
        """Wait to be told that the run cannot be continued from here."""

        def told() -> list[Frame]:
            return [frame for frame in self.told("resync") if frame["runId"] == run_id]

        return (await self.until(told, patience_s))[0]

    async def _take(self, frame: Frame) -> None:
        if frame["op"] == "event":
            self.arrived.setdefault(frame["runId"], []).append(time.monotonic())
        await super()._take(frame)


@asynccontextmanager
async def socket(server: ChatServer | str, person: Person) -> AsyncIterator[TimedClient]:
    """An open socket to a process, or to an address in front of several, signed in."""
    url = server if isinstance(server, str) else server.stream_url
    options: dict[str, Any] = {"compression": None, "max_size": 2**22, "proxy": None}
    async with connect(url, **options) as connection:
        client = TimedClient(connection)
        try:
            await client.auth(person.access)
            yield client
        finally:
            await client.close()
    problem = client._reader.exception()
    if problem is not None:
        raise problem


def p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]
