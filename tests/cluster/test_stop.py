"""Stopping an answer from a process that does not make it."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.cluster.client import socket
from tests.cluster.cluster import Cluster, at
from tests.e2e.client import text_of
from tests.e2e.server import Person


@pytest.fixture
def alice(nodes: Cluster) -> Person:
    """Has a key and asks."""
    return nodes.person("alice")


@pytest.mark.parametrize("how", ["socket", "REST"])
async def test_stopping_through_another_process_closes_the_connection_to_google(
    nodes: Cluster, alice: Person, how: str
):
    async with socket(nodes.nodes[0], alice) as asker, socket(nodes.nodes[1], alice) as stopper:
        accepted = await asker.ask("Go /emulate frames=500 pace=20")
        run_id = accepted["runId"]
        await asker.said(run_id, 10)
        asked_at = time.time()
        if how == "socket":
            await stopper.send(op="cancel", runId=run_id)
        else:
            there = at(nodes.nodes[1], alice)
            await asyncio.to_thread(there.rest, "POST", f"runs/{run_id}/cancel/")
        events = await asker.end(run_id)
    assert events[-1]["outcome"] == {"type": "cancelled"}
    [upstream] = alice.upstream(1, ended=True)
    assert upstream["ended"] == "client_disconnected"
    assert upstream["disconnected_at"] - asked_at <= 0.5
    assert events == nodes.log_of(run_id)
    assert nodes.run(run_id) == ("finished", "cancelled", "")
    [_, said] = alice.history(accepted["threadId"])["messages"]
    assert said["text"] == text_of(events)
    assert nodes.emulator.numbered_text(500).startswith(said["text"])
    query = "SELECT output_tokens, outcome FROM model_calls WHERE run_id = %s"
    [(tokens, outcome)] = nodes.rows(query, run_id)
    assert outcome == "cancelled"
    assert tokens > 0


async def test_stopping_at_the_very_end_leaves_a_whole_answer(nodes: Cluster, alice: Person):
    """The stop comes while the end is being stored: it is too late, and does no harm."""
    async with socket(nodes.nodes[0], alice) as client:
        for number in range(10):
            accepted = await client.ask("Go /emulate frames=10 pace=2")
            run_id = accepted["runId"]
            await client.said(run_id, 10 - number % 2)
            await client.send(op="cancel", runId=run_id)
            events = await client.end(run_id)
            assert events[-1]["type"] == "RUN_FINISHED"
            assert events == nodes.log_of(run_id)
        assert client.told("resync") == []
