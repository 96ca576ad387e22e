"""Google is asked to store nothing, whatever is asked of it: read from what arrived there."""

from __future__ import annotations

import pytest

from tests.e2e.client import socket
from tests.e2e.server import ChatServer, Person

TEAM = "Write about bees and draw one\n/emulate call=text,media"


@pytest.mark.parametrize(
    ("prompt", "props", "agents"),
    [
        ("Hello", {}, ["coordinator"]),
        (TEAM, {}, ["coordinator", "join", "media", "text"]),
        ("Say hello aloud", {"agent": "media", "output": "speech"}, ["media"]),
        ("Hello\n/emulate error=503 times=1", {}, ["coordinator", "coordinator"]),
        ("Hello\n/emulate continue=2", {}, ["coordinator"] * 3),
    ],
    ids=["plain", "team", "speech", "made again", "going on"],
)
async def test_every_request_for_an_answer_says_to_store_nothing(
    server: ChatServer, alice: Person, prompt: str, props: dict[str, str], agents: list[str]
):
    async with socket(server, alice) as client:
        accepted = await client.ask(prompt, **props)
        await client.answer(accepted["runId"])
    requests = alice.upstream(len(agents))
    assert sorted(request["agent"] for request in requests) == agents
    assert [request["body"].get("store") for request in requests] == [False] * len(agents)
