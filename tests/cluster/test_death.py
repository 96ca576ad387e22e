"""Processes that are killed, or frozen for longer than their lease, while they answer."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.agui_rules import assert_valid_stream
from tests.cluster.client import TimedClient, socket
from tests.cluster.cluster import Cluster, at
from tests.e2e.client import Frame, text_of
from tests.e2e.server import Person

ENDED_WITHIN_S = 30
LOST_AT_MOST_S = 0.25


@pytest.fixture
def alice(nodes: Cluster) -> Person:
    """Has a key and asks; her page loads come from the process that stays."""
    return at(nodes.nodes[1], nodes.person("alice"))


async def test_a_killed_process_costs_the_end_of_an_answer_and_nothing_else(
    nodes: Cluster, alice: Person
):
    async with socket(nodes.nodes[1], alice) as reader:
        async with socket(nodes.nodes[0], alice) as asker:
            accepted = await asker.ask("Tell me /emulate frames=1500 pace=20")
            run_id, thread_id = accepted["runId"], accepted["threadId"]
            await reader.follow(run_id)
            await asker.events(run_id, 60)
            nodes.nodes[0].kill()
            await asker.close_code()
        events = await reader.end(run_id, ENDED_WITHIN_S)
        assert_valid_stream(events)
        assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "interrupted")
        assert events == nodes.log_of(run_id)
        assert nodes.run(run_id) == ("failed", "error", "interrupted")
        assert lost_s(asker, run_id, events) <= LOST_AT_MOST_S
        await told_to_take_the_snapshot(nodes, alice, run_id, asker.streams[run_id].events, events)
        await continues(nodes, reader, alice, thread_id, text_of(events))


def lost_s(asker: TimedClient, run_id: str, log: list[Frame]) -> float:
    """How old the oldest event was, at the kill, of those that were told and not stored."""
    told, arrived = asker.streams[run_id].events, asker.arrived[run_id]
    kept = next((n for n, pair in enumerate(zip(told, log, strict=False)) if pair[0] != pair[1]),
                len(told))  # fmt: skip
    return arrived[-1] - arrived[kept] if kept < len(told) else 0.0


async def told_to_take_the_snapshot(
    nodes: Cluster, alice: Person, run_id: str, held: list[Frame], log: list[Frame]
) -> None:
    """Who may hold events that were never stored is not told others under the same numbers."""
    assert [event["type"] for event in log[-2:]] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
    numbers = {len(log) - 1, len(log)} | ({len(held)} if held != log[: len(held)] else set())
    for after in numbers:
        async with socket(nodes.nodes[1], alice) as latecomer:
            await latecomer.follow(run_id, after=after)
            await latecomer.resync(run_id)
    async with socket(nodes.nodes[1], alice) as latecomer:
        await latecomer.follow(run_id, after=len(log) - 2)
        assert await latecomer.end(run_id) == log[-2:]


async def continues(
    nodes: Cluster, client: TimedClient, alice: Person, thread_id: str, partial: str
) -> None:
    """The next message is answered, and Gemini is told what had been said."""
    [asked, said] = alice.history(thread_id)["messages"]
    assert (asked["role"], said["text"]) == ("user", partial)
    assert nodes.emulator.numbered_text(1500).startswith(partial)
    await client.answer((await client.ask("Go on /emulate frames=3", thread_id))["runId"])
    contents = alice.upstream(2)[-1]["body"]["contents"]
    assert [content["role"] for content in contents] == ["user", "model", "user"]
    assert contents[1]["parts"] == [{"text": partial}]


async def test_a_process_that_wakes_up_too_late_writes_nothing(nodes: Cluster, alice: Person):
    async with socket(nodes.nodes[0], alice) as asker, socket(nodes.nodes[1], alice) as reader:
        accepted = await asker.ask("Tell me /emulate frames=4000 pace=20")
        run_id = accepted["runId"]
        await reader.follow(run_id)
        await asker.events(run_id, 60)
        nodes.nodes[0].pause()
        events = await reader.end(run_id, ENDED_WITHIN_S)
        assert events[-1]["code"] == "interrupted"
        nodes.nodes[0].wake()
        woken_at = time.time()
        await asker.resync(run_id)
        [upstream] = await asyncio.to_thread(alice.upstream, 1, ended=True)
        assert upstream["disconnected_at"] - woken_at < 10
        assert events == nodes.log_of(run_id)
        assert nodes.run(run_id) == ("failed", "error", "interrupted")
        await asker.follow(run_id)
        assert await asker.end(run_id) == events
        await asker.still_works()
