"""Runs that are followed, resumed and opened in other processes than the one that answers."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from tests.agui_rules import assert_valid_stream
from tests.cluster.client import TimedClient, p99, socket
from tests.cluster.cluster import Cluster
from tests.e2e.client import Stream, question, text_of
from tests.e2e.server import Person

CUTS = 20


@pytest.fixture
def alice(nodes: Cluster) -> Person:
    """Has a key and asks."""
    return nodes.person("alice")


async def test_a_run_is_followed_from_another_process_while_it_streams(
    nodes: Cluster, alice: Person
):
    async with socket(nodes.nodes[0], alice) as asker, socket(nodes.nodes[-1], alice) as reader:
        accepted = await asker.ask("Go /emulate frames=120 pace=25")
        run_id = accepted["runId"]
        await reader.follow(run_id)
        there, here = await reader.end(run_id), await asker.end(run_id)
    assert_valid_stream(there)
    assert there == here == nodes.log_of(run_id)
    assert text_of(there) == nodes.emulator.numbered_text(120)
    lags = [b - a for a, b in zip(asker.arrived[run_id], reader.arrived[run_id], strict=True)]
    assert p99(lags) < (0.5 if nodes.redis else 2.5)


async def test_a_cut_connection_is_continued_in_another_process(nodes: Cluster, alice: Person):
    """A new connection to another process after every few events: the union is exactly 1..n."""
    rng = random.Random(7)
    async with socket(nodes.nodes[0], alice) as asker:
        accepted = await asker.ask("Go /emulate frames=200 pace=15 size=20")
        run_id = accepted["runId"]
        held: list[dict[str, object]] = []
        cuts = 0
        while not (held and held[-1]["type"] == "RUN_FINISHED"):
            async with socket(rng.choice(nodes.nodes), alice) as reader:
                await reader.follow(run_id, after=len(held))
                await come(reader, run_id, rng.randint(1, 20))
                assert reader.told("resync") == []
                held += reader.streams[run_id].events
                cuts += 1
                if cuts % 2:
                    reader.cut()
        await asker.end(run_id)
    assert_valid_stream(held)
    assert held == asker.streams[run_id].events == nodes.log_of(run_id)
    assert cuts >= (5 if nodes.redis else 3)


async def come(reader: TimedClient, run_id: str, count: int) -> None:
    """Wait for some more events, or the end."""
    stream: Stream = reader.streams[run_id]
    await reader.until(lambda: stream.ended or len(stream.events) >= count)


async def test_every_cut_of_an_ended_run_is_continued_anywhere(nodes: Cluster, alice: Person):
    rng = random.Random(11)
    async with socket(nodes.nodes[0], alice) as asker:
        accepted = await asker.ask("Go /emulate frames=60 pace=1")
        run_id = accepted["runId"]
        whole = await asker.end(run_id)
    for cut in sorted(rng.sample(range(len(whole)), CUTS)):
        async with socket(rng.choice(nodes.nodes), alice) as reader:
            await reader.follow(run_id, after=cut)
            assert whole[:cut] + await reader.end(run_id) == whole


async def test_a_reader_ahead_of_the_log_waits_for_it(nodes: Cluster, alice: Person):
    """Events are told before they are stored: whoever comes at once to another process, waits."""
    async with socket(nodes.nodes[0], alice) as asker, AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(socket(nodes.nodes[1], alice)) for _ in range(5)]
        accepted = await asker.ask("Go /emulate frames=40 pace=50")
        run_id = accepted["runId"]
        for reader in readers:
            await asker.events(run_id, asker.seqs(run_id) + 3)
            await reader.follow(run_id, after=asker.seqs(run_id))
        for reader in readers:
            await reader.end(run_id)
            assert reader.told("resync") == []


async def test_a_reader_of_what_never_was_is_told_so(nodes: Cluster, alice: Person):
    async with socket(nodes.nodes[0], alice) as asker, socket(nodes.nodes[1], alice) as reader:
        accepted = await asker.ask("Go /emulate frames=400 pace=20")
        run_id = accepted["runId"]
        await reader.follow(run_id, after=100_000)
        assert (await reader.resync(run_id))["reason"] == "ahead"
        await asker.send(op="cancel", runId=run_id)
        await asker.end(run_id)


async def test_a_run_that_begins_is_told_to_those_who_watch_elsewhere(
    nodes: Cluster, alice: Person
):
    async with socket(nodes.nodes[0], alice) as asker, socket(nodes.nodes[1], alice) as watcher:
        thread_id = (await asker.ask("Hello /emulate frames=2 pace=1"))["threadId"]
        await watcher.send(op="watch", threadId=thread_id)
        await watcher.ping()
        await asyncio.to_thread(nodes.wait_for, lambda: idle(nodes, thread_id), 10)
        accepted = await asker.ask("And now? /emulate frames=20 pace=20", thread_id)
        started = await watcher.expect("started", runId=accepted["runId"])
        assert started["threadId"] == thread_id
        await watcher.follow(accepted["runId"])
        assert await watcher.end(accepted["runId"]) == await asker.end(accepted["runId"])


def idle(nodes: Cluster, thread_id: str) -> bool:
    query = "SELECT status FROM runs WHERE thread_id = %s"
    return all(status != "running" for (status,) in nodes.rows(query, thread_id))


async def test_the_same_question_five_times_at_once_is_one_run(nodes: Cluster, alice: Person):
    asked = question("Once only /emulate frames=20 pace=10")
    run_id = asked["runId"]

    async def ask(number: int) -> tuple[dict[str, object], list[dict[str, object]]]:
        async with socket(nodes.nodes[number % len(nodes.nodes)], alice) as client:
            await client.send(op="run", ref=number, input=asked)
            accepted = await client.expect("accepted", ref=number)
            return accepted, await client.end(run_id)

    answers = await asyncio.gather(*(ask(number) for number in range(5)))
    assert len({accepted["messageId"] for accepted, _ in answers}) == 1
    assert all(events == nodes.log_of(run_id) for _, events in answers)
    assert len(alice.upstream()) == 1
    said = nodes.rows("SELECT role FROM messages WHERE thread_id = %s", asked["threadId"])
    assert sorted(role for (role,) in said) == ["assistant", "user"]


async def test_two_questions_at_once_on_one_thread_are_one_answer_and_one_refusal(
    nodes: Cluster, alice: Person
):
    thread_id = str(uuid4())
    async with socket(nodes.nodes[0], alice) as one, socket(nodes.nodes[1], alice) as two:
        for number, client in enumerate((one, two)):
            asked = question(f"Number {number} /emulate frames=50 pace=20", thread_id)
            await client.send(op="run", ref=number, input=asked)
        await one.until(lambda: one.told("accepted") or one.told("rejected"))
        await two.until(lambda: two.told("accepted") or two.told("rejected"))
        frames = one.told("accepted") + two.told("accepted")
        refusals = one.told("rejected") + two.told("rejected")
        assert len(frames) == 1
        assert [refusal["code"] for refusal in refusals] == ["thread_busy"]
