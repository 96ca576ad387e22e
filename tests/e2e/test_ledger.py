"""What a server that was killed had used is in the ledger, as far as it had been counted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.e2e.client import Closed, socket
from tests.e2e.conftest import MakeServer
from tests.e2e.server import ChatServer, Person

NOTED_EVERY_S = 2.0
PACE_S = 0.02


@pytest.fixture
def server(make_server: MakeServer) -> Iterator[ChatServer]:
    """One of its own: it does not live long."""
    server = make_server("uvicorn")
    yield server
    server.stop()


async def test_a_killed_server_loses_no_call_and_little_of_its_count(
    server: ChatServer, alice: Person
):
    frames = int((NOTED_EVERY_S + 1) / PACE_S)
    async with socket(server, alice) as client:
        accepted = await client.ask(f"Tell me /emulate frames=3000 size=10 pace={PACE_S * 1000}")
        await client.said(accepted["runId"], frames)
        server.kill()
        with pytest.raises(Closed):
            await client.answer(accepted["runId"])
    await asyncio.to_thread(server.start)
    async with asyncio.timeout(30):
        while alice.get(f"runs/{accepted['runId']}/")["status"] == "running":  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    with closing(server.place.open()) as database:
        rows = database.execute("SELECT outcome, output_tokens FROM model_calls").fetchall()
    [(outcome, tokens)] = rows
    assert outcome == "interrupted"
    assert tokens > frames * 10 / 4 / 2  # four characters are about a token
    total = alice.get("usage/")["total"]
    assert (total["calls"], total["output_tokens"]) == (1, tokens)
