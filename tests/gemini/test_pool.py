"""No connection to Google stays half closed: it costs a descriptor, and nobody would miss it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from gemini import pool as gemini_pool
from gemini.client import GeminiClient
from gemini.errors import GeminiError
from gemini.pool import Endpoint
from tests.gemini.asking import STOP, frames, request
from tests.gemini.rawserver import SSE, answering, reply

MANY = 25
CLOSE_WAIT = "08"
CLOSED_AFTER_S = 0.2
HEAD = f"HTTP/1.1 200 OK\r\n{SSE}\r\n".encode()


def half_closed(port: int) -> int:
    """How many connections to this port were closed by the other side, and not by us."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    states = (line.split()[2:4] for line in lines)
    return sum(remote.endswith(f":{port:04X}") and state == CLOSE_WAIT for remote, state in states)


def close_later(writer: asyncio.StreamWriter) -> None:
    asyncio.get_running_loop().call_later(CLOSED_AFTER_S, writer.close)


async def whole(writer: asyncio.StreamWriter) -> None:
    writer.write(reply(STOP))
    close_later(writer)


async def refused(writer: asyncio.StreamWriter) -> None:
    writer.write(reply(b'{"error": {"code": 400}}', "content-type: application/json"))
    close_later(writer)


async def broken_off(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + STOP)
    close_later(writer)


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + STOP)
    close_later(writer)
    await asyncio.sleep(60)


@pytest.fixture
async def opened() -> AsyncIterator[list[GeminiClient]]:
    made: list[GeminiClient] = []
    yield made
    for gemini in made:
        await gemini.close()


async def leave(gemini: GeminiClient) -> None:
    async with aclosing(gemini.stream(request())) as batches:
        async for _ in batches:
            return


async def read(gemini: GeminiClient) -> None:
    with suppress(GeminiError):
        await frames(gemini, request())


@pytest.mark.parametrize(
    ("answer", "ask"),
    [(whole, read), (refused, read), (broken_off, read), (endless, leave)],
    ids=["whole", "refused", "broken off", "left"],
)
async def test_what_the_other_side_closed_is_closed_here_too(opened, answer, ask):
    async with answering(answer) as server:
        gemini = GeminiClient(Endpoint(server.url, "v1beta"))
        opened.append(gemini)
        await asyncio.gather(*(ask(gemini) for _ in range(MANY)))
        assert server.connections == MANY
        await asyncio.sleep(2 * CLOSED_AFTER_S)
        await gemini.close_idle()
        await asyncio.sleep(0.05)
        assert half_closed(server.port) == 0


async def test_without_looking_they_would_stay(opened):
    """Else the test above could not fail."""
    async with answering(whole) as server:
        gemini = GeminiClient(Endpoint(server.url, "v1beta"))
        opened.append(gemini)
        await asyncio.gather(*(read(gemini) for _ in range(MANY)))
        await asyncio.sleep(2 * CLOSED_AFTER_S)
        assert half_closed(server.port) == MANY


async def test_what_is_in_use_or_may_be_used_again_is_left_alone(opened, monkeypatch):
    async with answering(reply(STOP)) as server:
        gemini = GeminiClient(Endpoint(server.url, "v1beta"))
        opened.append(gemini)
        await read(gemini)
        await gemini.close_idle()
        await read(gemini)
        assert server.connections == 1
    monkeypatch.setattr(gemini_pool, "KEEPALIVE_S", 0.05)
    async with answering(reply(STOP)) as server:
        gemini = GeminiClient(Endpoint(server.url, "v1beta"))
        opened.append(gemini)
        await read(gemini)
        await asyncio.sleep(0.1)
        await gemini.close_idle()
        await read(gemini)
        assert server.connections == 2


async def test_requests_while_connections_are_let_go_of_are_answered(opened, monkeypatch):
    monkeypatch.setattr(gemini_pool, "KEEPALIVE_S", 0.01)
    async with answering(reply(STOP)) as server:
        gemini = GeminiClient(Endpoint(server.url, "v1beta"))
        opened.append(gemini)

        async def ask_again_and_again() -> None:
            for number in range(20):
                await frames(gemini, request())
                await asyncio.sleep(number % 3 / 100)

        asking = asyncio.gather(*(ask_again_and_again() for _ in range(10)))
        while not asking.done():
            await gemini.close_idle()
            await asyncio.sleep(0.002)
        await asking
