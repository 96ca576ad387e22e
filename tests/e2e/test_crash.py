"""A server that dies in mid-sentence, and one that is asked to stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from tests.agui_rules import assert_valid_stream
from tests.e2e.client import Closed, socket, text_of
from tests.e2e.conftest import MakeServer
from tests.e2e.server import ChatServer, Person

ENDED_WITHIN_S = 30
LOST_AT_MOST_S = 0.25
PACE_S = 0.02


@pytest.fixture
def server(make_server: MakeServer) -> Iterator[ChatServer]:
    """One of its own: it does not live long."""
    server = make_server("uvicorn")
    yield server
    server.stop()


async def test_a_run_of_a_server_that_was_killed_is_ended_and_what_was_said_is_kept(
    server: ChatServer, alice: Person
):
    async with socket(server, alice) as client:
        accepted = await client.ask(f"Tell me /emulate frames=3000 size=10 pace={PACE_S * 1000}")
        thread_id, run_id = accepted["threadId"], accepted["runId"]
        await client.said(run_id, 60)
        server.kill()
        with pytest.raises(Closed):
            await client.answer(run_id)
        held = client.streams[run_id].events
    killed_at = time.monotonic()
    await asyncio.to_thread(server.start)
    async with socket(server, alice) as client:
        assert (await client.refusal("Go on", thread_id))["code"] == "thread_busy"
        while (run := alice.get(f"runs/{run_id}/"))["status"] == "running":
            assert time.monotonic() - killed_at < ENDED_WITHIN_S
            await asyncio.sleep(0.2)
        assert (run["status"], run["error_code"]) == ("failed", "interrupted")
        asked, answered = alice.history(thread_id)["messages"]
        assert asked["text"].startswith("Tell me")
        kept, seen = answered["text"], text_of(held)
        assert server.emulator.numbered_text(3000, 10).startswith(kept)
        assert len(kept) >= len(seen) - LOST_AT_MOST_S / PACE_S * 10
        await client.follow(run_id)
        log = (await client.answer(run_id)).events
        assert_valid_stream(log)
        assert log[-1]["code"] == "interrupted"
        again = await client.ask("Go on", thread_id)
        assert (await client.answer(again["runId"])).events[-1]["type"] == "RUN_FINISHED"
    contents = alice.upstream(2)[-1]["body"]["contents"]
    assert [content["role"] for content in contents] == ["user", "model", "user"]
    assert contents[1]["parts"][0]["text"] == kept
    assert "Traceback" not in server.log()


async def test_a_server_that_is_told_to_stop_ends_what_it_was_saying(
    server: ChatServer, alice: Person
):
    async with socket(server, alice) as client:
        accepted = await client.ask("Tell me /emulate frames=3000 size=10 pace=20")
        await client.said(accepted["runId"], 5)
        await asyncio.to_thread(server.terminate)
        assert await client.close_code() in (1001, 1012)
    await asyncio.to_thread(server.start)
    [run] = alice.history(accepted["threadId"])["runs"]
    assert (run["status"], run["error_code"]) == ("failed", "interrupted")
    assert_valid_stream(run["events"])
    [asked] = [request for request in alice.upstream(1) if request["ended"]]
    assert asked["ended"] == "client_disconnected"
    assert "Traceback" not in server.log()


async def test_daphne_that_is_told_to_stop_stores_what_it_was_saying(make_server: MakeServer):
    server = make_server("daphne")
    alice = server.person("alice")
    try:
        async with socket(server, alice) as client:
            accepted = await client.ask("Tell me /emulate frames=3000 size=10 pace=20")
            await client.said(accepted["runId"], 5)
            await asyncio.to_thread(server.terminate)
            told = (await client.answer(accepted["runId"])).events
        assert told[-1]["code"] == "interrupted"
        await asyncio.to_thread(server.start)
        thread = alice.history(accepted["threadId"])
        [run], [_, answered] = thread["runs"], thread["messages"]
        assert (run["status"], run["error_code"]) == ("failed", "interrupted")
        assert_valid_stream(run["events"])
        assert answered["text"] == text_of(told)
    finally:
        server.stop()
