"""A slow query, and who has to wait for it: only the one who asked."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import psycopg
import pytest

from tests.cluster.client import socket
from tests.cluster.cluster import Cluster
from tests.e2e.client import question
from tests.e2e.server import Person

SLOW_S = 8.0
PING_WITHIN_S = 0.1
SIGN_IN_WITHIN_S = 0.5


@pytest.fixture
def alice(nodes: Cluster) -> Person:
    """Asks what takes long."""
    return nodes.person("alice")


@pytest.fixture
def bob(nodes: Cluster) -> Person:
    """Must not notice."""
    return nodes.person("bob")


@asynccontextmanager
async def locked(nodes: Cluster, thread_id: str) -> AsyncIterator[None]:
    """Whoever wants to write to the thread waits: on SQLite, whoever wants to write at all."""
    if isinstance(nodes.database, Path):
        with closing(sqlite3.connect(nodes.database, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
        return
    with psycopg.connect(nodes.database.url) as connection:
        connection.execute("SELECT 1 FROM threads WHERE id = %s FOR UPDATE", [thread_id])
        yield
        connection.rollback()


async def test_a_slow_query_delays_nobody_else(nodes: Cluster, alice: Person, bob: Person):
    node = nodes.nodes[0]
    pings, sign_ins = [], []
    async with socket(node, alice) as hers, socket(node, bob) as his:
        accepted = await hers.ask("Hello /emulate frames=2 pace=1")
        await hers.end(accepted["runId"])
        async with locked(nodes, accepted["threadId"]):
            asked = question("And now? /emulate frames=2 pace=1", accepted["threadId"])
            await hers.send(op="run", ref=1, input=asked)
            began = time.monotonic()
            while time.monotonic() - began < SLOW_S:
                pings.append(await his.ping())
                before = time.monotonic()
                async with socket(node, bob):
                    sign_ins.append(time.monotonic() - before)
                await asyncio.sleep(0.2)
        await hers.until(lambda: hers.told("accepted") or hers.told("rejected"))
        if refusals := hers.told("rejected"):
            assert [refusal["code"] for refusal in refusals] == ["unavailable"]
        await hers.send(op="run", ref=2, input=asked)
        assert (await hers.expect("accepted", ref=2))["runId"] == asked["runId"]
        assert (await hers.end(asked["runId"]))[-1]["type"] == "RUN_FINISHED"
    assert sorted(pings)[-2] <= PING_WITHIN_S  # one may meet another program of this machine
    assert sorted(sign_ins)[-2] <= SIGN_IN_WITHIN_S
