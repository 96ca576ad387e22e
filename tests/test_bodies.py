"""How fast a body has to come in, measured by what the sender can help."""

from __future__ import annotations

import asyncio
import time

import pytest

from chatproject import bodies
from chatproject.bodies import Body, BodyRefused, InFlight


async def nobody(scope) -> int:
    raise AssertionError("nothing here is large enough for that")


def body(receive) -> Body:
    scope = {"type": "http", "path": "/api/token/", "headers": []}
    return Body(scope, receive, nobody, InFlight())


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(bodies, "GRACE_S", 0.1)
    monkeypatch.setattr(bodies, "STALLED_S", 0.2)


async def test_a_sender_who_sends_nothing_is_refused():
    with pytest.raises(BodyRefused) as caught:
        await body(asyncio.Event().wait).receive()
    assert caught.value.error.code == "too_slow"


async def test_what_came_while_this_process_was_suspended_is_taken():
    arrived = asyncio.Event()

    async def receive():
        await arrived.wait()
        return {"type": "http.request", "body": b"{}", "more_body": False}

    def suspend() -> None:  # past the deadline; the bytes are read by the kernel meanwhile
        time.sleep(0.5)
        asyncio.get_running_loop().call_later(0.05, arrived.set)

    asyncio.get_running_loop().call_soon(suspend)
    message = await body(receive).receive()
    assert message["body"] == b"{}"
