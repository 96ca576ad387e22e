"""Redis, PostgreSQL and the disk: away from the start, away in mid-stream, and back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.agui_rules import assert_valid_stream
from tests.cluster.client import TimedClient, p99, socket
from tests.cluster.cluster import Cluster, cluster
from tests.e2e.client import question, text_of
from tests.e2e.server import Person
from tests.services import Service, free_port

WORKS_AGAIN_WITHIN_S = 10


@pytest.fixture
def alice(cluster_: Cluster) -> Person:
    """Has a key and asks."""
    return cluster_.person("alice")


def redis_of(cluster_: Cluster) -> Service:
    assert cluster_.redis is not None
    return cluster_.redis


async def test_redis_that_dies_and_comes_back_costs_time_only(cluster_: Cluster, alice: Person):
    redis = redis_of(cluster_)
    asking, reading = cluster_.nodes[:2]
    said_before = reading.log().count("Redis is away")
    async with socket(asking, alice) as asker, socket(reading, alice) as reader:
        run_id = (await asker.ask("Go /emulate frames=400 pace=20"))["runId"]
        await reader.follow(run_id)
        await reader.events(run_id, 50)
        await asyncio.to_thread(redis.kill)
        await reader.events(run_id, 270)
        # By then it has noticed, and looks by itself more often than without a Redis.
        assert max(lags(asker, reader, run_id)[200:270]) < 1.8
        async with socket(reading, alice) as newcomer:
            await newcomer.still_works()
        await asyncio.to_thread(redis.start)
        await asyncio.to_thread(
            cluster_.wait_for, lambda: reading.log().count("Redis is back") > said_before, 10
        )
        events = await reader.end(run_id)
        assert events == await asker.end(run_id) == cluster_.log_of(run_id)
        assert text_of(events) == cluster_.emulator.numbered_text(400)
        assert worst_lag(asker, reader, run_id) < 5
        assert reading.log().count("Redis is away") == said_before + 1
        await quick_again(asker, reader)


def lags(asker: TimedClient, reader: TimedClient, run_id: str) -> list[float]:
    """How much later than the asker the reader got each event that both have."""
    pairs = zip(asker.arrived[run_id], reader.arrived[run_id], strict=False)
    return [there - here for here, there in pairs]


def worst_lag(asker: TimedClient, reader: TimedClient, run_id: str) -> float:
    assert len(asker.arrived[run_id]) == len(reader.arrived[run_id])
    return max(lags(asker, reader, run_id))


async def quick_again(asker: TimedClient, reader: TimedClient) -> None:
    run_id = (await asker.ask("Again /emulate frames=40 pace=20"))["runId"]
    await reader.follow(run_id)
    await reader.end(run_id)
    await asker.end(run_id)
    assert p99(lags(asker, reader, run_id)) < 0.5


async def test_redis_that_is_emptied_is_not_noticed(cluster_: Cluster, alice: Person):
    async with (
        socket(cluster_.nodes[0], alice) as asker,
        socket(cluster_.nodes[1], alice) as reader,
    ):
        run_id = (await asker.ask("Go /emulate frames=60 pace=20"))["runId"]
        await reader.follow(run_id)
        await reader.events(run_id, 20)
        flush = ["redis-cli", "-p", str(redis_of(cluster_).port), "FLUSHALL"]
        await asyncio.to_thread(subprocess.run, flush, check=True, stdout=subprocess.DEVNULL)
        assert await reader.end(run_id) == await asker.end(run_id)
        assert worst_lag(asker, reader, run_id) < 1


async def test_processes_start_and_serve_without_redis(tmp_path: Path):
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    with cluster(tmp_path, 2, database="sqlite", with_redis=False, REDIS_URL=nobody) as made:
        alice = made.person("alice")
        async with socket(made.nodes[0], alice) as asker, socket(made.nodes[1], alice) as reader:
            run_id = (await asker.ask("Go /emulate frames=60 pace=20"))["runId"]
            await reader.follow(run_id)
            assert await reader.end(run_id) == await asker.end(run_id)
            assert worst_lag(asker, reader, run_id) < 3
        for node in made.nodes:
            assert node.log().count("Redis is away") == 1


async def test_a_restart_of_postgresql_loses_and_doubles_nothing(cluster_: Cluster, alice: Person):
    database = cluster_.database
    assert isinstance(database, Service)
    async with (
        socket(cluster_.nodes[0], alice) as asker,
        socket(cluster_.nodes[0], alice) as other,
        socket(cluster_.nodes[1], alice) as reader,
    ):
        accepted = await asker.ask("Go /emulate frames=500 pace=20")
        run_id = accepted["runId"]
        await reader.follow(run_id)
        await reader.events(run_id, 50)
        await asyncio.to_thread(database.stop)
        await reader.send(op="watch", threadId=accepted["threadId"])
        refusal = await other.refusal("During /emulate frames=2")
        assert refusal["code"] == "unavailable"
        assert str(database.port) not in str(refusal)
        await asyncio.to_thread(database.start)
        await works_again(other)
        events = await reader.end(run_id, 30)
        assert_valid_stream(events)
        assert events == cluster_.log_of(run_id) == await asker.end(run_id)
        assert cluster_.run(run_id)[:2] == ("finished", "success")
        assert text_of(events) == cluster_.emulator.numbered_text(500)
        assert asker.open
        assert other.open
        again = await asker.ask("Again /emulate frames=2", accepted["threadId"])
        await reader.expect("started", runId=again["runId"])
        assert reader.told("rejected") == []


async def test_the_first_questions_after_a_restart_of_postgresql_are_answered(
    cluster_: Cluster, alice: Person
):
    """Also where the pool is full of connections that were cut while nobody used them."""
    database = cluster_.database
    assert isinstance(database, Service)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(socket(cluster_.nodes[0], alice)) for _ in range(6)
        ]
        await ask_all_at_once(clients)
        await asyncio.to_thread(database.stop)
        await asyncio.to_thread(database.start)
        await ask_all_at_once(clients)


async def ask_all_at_once(clients: list[TimedClient]) -> None:
    accepted = await asyncio.gather(*(client.ask("Hello /emulate frames=2") for client in clients))
    for client, frame in zip(clients, accepted, strict=True):
        await client.end(frame["runId"])
        assert client.told("rejected") == []


async def works_again(client: TimedClient) -> None:
    """Soon a question is answered; until then it is refused in words."""
    async with asyncio.timeout(WORKS_AGAIN_WITHIN_S):
        while True:
            await client.send(op="run", ref="again", input=question("After /emulate frames=2"))
            await client.until(lambda: client.told("accepted") or client.told("rejected"))
            if accepted := client.told("accepted"):
                await client.end(accepted[0]["runId"])
                return
            assert (await client.expect("rejected"))["code"] == "unavailable"


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A file system of 8 MiB."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can make a small disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk cannot be made here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_refuses_in_words_and_recovers(tmp_path: Path):
    (disk := tmp_path / "disk").mkdir()
    with small_disk(disk), cluster(disk, 1, database="sqlite", with_redis=False) as made:
        alice = made.person("alice")
        async with socket(made.nodes[0], alice) as client:
            run_id = (await client.ask("Go /emulate frames=300 pace=20 size=200"))["runId"]
            await client.events(run_id, 30)
            ballast = disk / "ballast"
            fill(ballast)
            refusal = await client.refusal("x" * 50_000)
            assert refusal["code"] == "unavailable"
            await client.events(run_id, 150)
            ballast.unlink()
            events = await client.end(run_id)
            assert events[-1]["outcome"] == {"type": "success"}
            assert events == made.log_of(run_id)
            await client.still_works()


def fill(ballast: Path) -> None:
    """Take all the room there is."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096):
            pass
