"""A database that is there and cannot be used: read-only, full of connections, locked, frozen."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from websockets.asyncio.client import connect

from tests.agui_rules import assert_valid_stream
from tests.cluster.client import OPTIONS, TimedClient, socket
from tests.cluster.cluster import Cluster, Node, cluster
from tests.cluster.trouble import administrator, locked, read_only
from tests.e2e.client import text_of
from tests.e2e.server import Person
from tests.people import PASSWORD
from tests.services import Service

SAID_WITHIN_S = 10
BACK_WITHIN_S = 40  # the longer it was away, the more seldom the pool tries again


@contextmanager
def no_connection_left(cluster_: Cluster) -> Iterator[None]:
    """Others have taken all there are, after the servers' own were ended."""
    with ExitStack() as stack, contextlib.suppress(psycopg.OperationalError):
        # The servers stand still meanwhile: a connection they got back half-way would end the
        # outage before it has begun.
        for node in cluster_.nodes:
            node.pause()
        try:
            _take_all(cluster_, stack)
        finally:
            for node in cluster_.nodes:
                node.wake()
        yield


def _take_all(cluster_: Cluster, stack: ExitStack) -> None:
    assert isinstance(cluster_.database, Service)
    mine: list[psycopg.Connection[Any]] = []
    while True:
        try:
            one = psycopg.connect(cluster_.database.url, autocommit=True)
        except psycopg.OperationalError:
            ended = mine[0].execute(
                "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND NOT pid = ANY(%s)",
                [[one.info.backend_pid for one in mine]],
            )
            if ended.rowcount == 0:
                return
        else:
            mine.append(stack.enter_context(one))


@contextmanager
def events_locked(cluster_: Cluster) -> Iterator[None]:
    """Somebody alters the table, and takes their time."""
    with administrator(cluster_) as connection, connection.transaction():
        connection.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        yield


async def http(node: Node, method: str, path: str, **options: Any) -> httpx2.Response:
    return await asyncio.to_thread(node.http.request, method, path, **options)


async def readiness(node: Node, kind: str | None) -> None:
    """Wait until ``/readyz`` says this."""
    async with asyncio.timeout(SAID_WITHIN_S):
        while True:
            answer = await http(node, "GET", "/readyz")
            # After a long outage 503 goes on until the next renewal of leases.
            status = 503 if kind else 200
            if (answer.json().get("kind"), answer.status_code) == (kind, status):
                return
            await asyncio.sleep(0.1)


def assert_unavailable(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), answer.text
    assert int(answer.headers["retry-after"]) >= 1


class Lines:
    """What a process logs from now on, once it has logged the end of an earlier outage."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._before = 0
        deadline = time.monotonic() + BACK_WITHIN_S
        while self.count("The database is away") > self.count("The database is back"):
            assert time.monotonic() < deadline, "the outage of another test goes on"
            time.sleep(0.1)
        self._before = len(node.log())

    def count(self, words: str) -> int:
        return self._node.log()[self._before :].count(words)

    def assert_one_outage(self) -> None:
        assert self.count("The database is away") == self.count("The database is back") == 1
        for words in ("Traceback", "given up", "Internal Server Error", "Service Unavailable"):
            assert self.count(words) == 0, self._node.log()[self._before :]


async def is_whole(cluster_: Cluster, run_id: str, *clients: TimedClient, frames: int) -> None:
    for client in clients:
        # The longer it was away, the more seldom the pool of connections tries again.
        events = await client.end(run_id, 90)
        assert_valid_stream(events)
        assert events == cluster_.log_of(run_id)
        assert text_of(events) == cluster_.emulator.numbered_text(frames)
        assert client.open
    assert cluster_.run(run_id)[:2] == ("finished", "success")


@pytest.fixture
def alice(cluster_: Cluster) -> Person:
    return cluster_.person("alice")


async def test_a_database_that_turns_read_only_is_waited_for(cluster_: Cluster, alice: Person):
    first, second = cluster_.nodes[:2]
    lines = [Lines(first), Lines(second)]
    async with socket(first, alice) as asker, socket(second, alice) as reader:
        run_id = (await asker.ask("Go /emulate frames=150 pace=20"))["runId"]
        await reader.follow(run_id)
        await reader.events(run_id, 30)
        with read_only(cluster_):
            for node in (first, second):
                await readiness(node, "read_only")
            assert (await asker.refusal("Meanwhile"))["code"] == "unavailable"
            assert_unavailable(await asyncio.to_thread(alice.rest, "POST", "threads/", json={}))
            async with socket(second, alice) as newcomer:  # reading is possible
                await newcomer.ping()
            await asker.events(run_id, 140)
            await asyncio.sleep(2)  # the answer has ended, and waits to be stored
            assert cluster_.run(run_id)[0] == "running"
        await is_whole(cluster_, run_id, asker, reader, frames=150)
        await asker.still_works()
    for node, said in zip((first, second), lines, strict=True):
        await readiness(node, None)
        await asyncio.to_thread(
            cluster_.wait_for, functools.partial(said.count, "The database is back"), BACK_WITHIN_S
        )
        said.assert_one_outage()


async def test_no_connection_to_be_had_is_said_and_waited_for(cluster_: Cluster, alice: Person):
    first = cluster_.nodes[0]
    lines = Lines(first)
    async with socket(first, alice) as asker:
        run_id = (await asker.ask("Go /emulate frames=500 pace=20"))["runId"]
        await asker.events(run_id, 30)
        with no_connection_left(cluster_):
            newcomers = asyncio.create_task(signs_in_later(first, alice))
            assert_unavailable(await asyncio.to_thread(alice.rest, "GET", "threads/"))
            assert (await asker.refusal("Meanwhile"))["code"] == "unavailable"
            await readiness(first, "down")
        await newcomers
        await is_whole(cluster_, run_id, asker, frames=500)
        await readiness(first, None)
        await asyncio.to_thread(
            cluster_.wait_for, functools.partial(lines.count, "The database is back"), BACK_WITHIN_S
        )
    lines.assert_one_outage()


async def signs_in_later(node: Node, person: Person) -> None:
    """A socket that cannot sign in is told so, stays open, and signs in when that is possible."""
    async with connect(node.stream_url, **OPTIONS) as connection:
        client = TimedClient(connection)
        await client.send(op="auth", token=person.access)
        refusal = await client.expect("rejected")
        assert refusal["code"] == "unavailable"
        assert refusal["retryAfter"] > 0
        async with asyncio.timeout(40):
            while not client.told("ready"):
                await asyncio.sleep(1)
                await client.send(op="auth", token=person.access)
                await client.until(lambda: client.told("ready") or client.told("rejected"))
                if client.told("rejected"):
                    assert (await client.expect("rejected"))["code"] == "unavailable"
        await client.close()


async def test_a_table_that_is_locked_longer_than_a_statement_may_take(
    cluster_: Cluster, alice: Person
):
    first = cluster_.nodes[0]
    lines = Lines(first)
    async with socket(first, alice) as asker:
        run_id = (await asker.ask("Go /emulate frames=100 pace=20"))["runId"]
        await asker.events(run_id, 30)
        with events_locked(cluster_):
            await asyncio.to_thread(
                cluster_.wait_for, functools.partial(lines.count, "The database is away"), 15
            )
        await is_whole(cluster_, run_id, asker, frames=100)
    assert lines.count("given up") == lines.count("Traceback") == 0


async def test_a_file_that_another_program_has_locked(plain: Cluster):
    assert isinstance(plain.database, Path)
    first = plain.nodes[0]
    alice = plain.person("alice")
    lines = Lines(first)
    async with socket(first, alice) as asker:
        run_id = (await asker.ask("Go /emulate frames=100 pace=20"))["runId"]
        await asker.events(run_id, 30)
        with locked(plain):
            refusal = await asker.refusal("Meanwhile")  # after waiting for ten seconds
            assert refusal["code"] == "unavailable"
            await readiness(first, "locked")
        await is_whole(plain, run_id, asker, frames=100)
    assert lines.count("given up") == lines.count("Traceback") == 0


@contextmanager
def read_only_folder(folder: Path) -> Iterator[None]:
    """The same files, on a file system that takes no writes."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount")
    bind = ["mount", "--bind", str(folder), str(folder)]
    if subprocess.run(bind, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        remount = ["mount", "-o", "remount,ro,bind", str(folder)]
        if subprocess.run(remount, check=False, capture_output=True).returncode:
            pytest.skip("nothing can be mounted read-only here")
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_server_on_a_read_only_folder_says_so_and_works_once_it_is_not(tmp_path: Path):
    (folder := tmp_path / "data").mkdir()
    url = f"sqlite:///{folder}/db.sqlite3"
    with cluster(tmp_path, 1, database="sqlite", with_redis=False, DATABASE_URL=url) as made:
        node = made.nodes[0]
        alice = made.person("alice")
        node.kill()
        with read_only_folder(folder):
            node.start(ready=False)
            answer = node.http.get("/readyz")
            assert answer.status_code == 503
            assert answer.json()["kind"] in ("read_only", "down")
            assert_unavailable(alice.rest("POST", "threads/", json={}))
            person = ("--username", "carol", "--email", "carol@example.org")
            done = node.place.manage(
                made.emulator, "createsuperuser", "--noinput", *person,
                DJANGO_SUPERUSER_PASSWORD=PASSWORD,
            )  # fmt: skip
            assert done.returncode == 1
            assert "The database cannot be used at the moment" in done.stderr
            assert "Traceback" not in done.stderr
        await readiness(node, None)
        async with socket(node, alice) as client:
            await client.still_works()
