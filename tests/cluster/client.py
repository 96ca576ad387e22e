"""A chat client that notes when each event came, and comes back when it was cut off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from tests.e2e.client import Closed, Frame, SocketClient, question
from tests.e2e.server import ChatServer, Person

OPTIONS: dict[str, Any] = {"compression": None, "max_size": 2**22, "proxy": None}


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
    async with connect(url, **OPTIONS) as connection:
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


class Reader:
    """A client that comes back when it is cut off, as the page does, until it has the whole run."""

    def __init__(self, url: str, person: Person) -> None:
        self.reconnects = 0
        self.resyncs = 0
        self.away_s = 0.0  # the longest time without a signed-in connection
        self._url = url
        self._person = person
        self._client: TimedClient | None = None

    async def ask(self, text: str) -> tuple[str, list[Frame]]:
        """Ask, again after each cut until it is accepted, and read to the end."""
        asked = question(text)
        run_id = asked["runId"]
        held: list[Frame] = []
        accepted = False
        async with asyncio.timeout(60):
            while True:
                client = await self._connected()
                try:
                    if not accepted:
                        await client.send(op="run", ref=run_id, input=asked)
                        await client.expect("accepted", ref=run_id)
                        accepted = True
                    else:
                        await client.follow(run_id, after=len(held))
                    return run_id, held + await client.end(run_id)
                except (Closed, ConnectionClosed):
                    self._client = None
                if stream := client.streams.get(run_id):
                    held = held[: stream.first - 1] + stream.events
                    accepted = True
                self.resyncs += len(client.told("resync"))

    async def _connected(self) -> TimedClient:
        if self._client is not None and self._client.open:
            return self._client
        began = time.monotonic()
        while self._client is None or not self._client.open:
            try:
                connection = await connect(self._url, **OPTIONS)
                self._client = TimedClient(connection)
                await self._client.auth(self._person.access)
            except (Closed, ConnectionClosed, InvalidStatus, InvalidMessage, OSError):
                self._client = None
                await asyncio.sleep(0.1)
        self.reconnects += 1
        self.away_s = max(self.away_s, time.monotonic() - began)
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
