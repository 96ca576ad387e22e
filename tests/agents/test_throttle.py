"""What frames cost, and that a user pays for all of them together."""

from __future__ import annotations

import typing

import pytest

from agents.protocol import frames
from agents.transports.connections import FRAME_COST, FRAME_COSTS, ConnectionRegistry
from common.throttle import BURST_S


def test_every_frame_has_its_price_by_what_it_sets_going():
    assert FRAME_COSTS.keys() == set(typing.get_args(frames.Frame))
    run, follow, cancel, ping, ack = (
        FRAME_COSTS[kind]
        for kind in (
            *(frames.RunFrame, frames.FollowFrame, frames.CancelFrame),
            *(frames.PingFrame, frames.AckFrame),
        )
    )
    assert run > follow > cancel > ping > ack >= FRAME_COST


@pytest.fixture
def guard(settings, monkeypatch) -> ConnectionRegistry:
    settings.SOCKET_UNITS_PER_S = 20
    return ConnectionRegistry()


def test_one_user_pays_for_all_sockets_and_nobody_for_another(guard):
    assert guard.bucket(1) is guard.bucket(1)
    assert guard.bucket(1).take(20 * BURST_S) == 0.0
    assert guard.bucket(1).take(1.0) > 0.0
    assert guard.bucket(2).take(20 * BURST_S) == 0.0


async def test_who_leaves_and_comes_back_finds_what_was_left(guard):
    class Line:
        rights = ()

        async def on_standing(self, right, standing) -> None: ...

    first, second = Line(), Line()
    bucket = guard.bucket(1)
    guard.admit(first, 1)
    bucket.take(30.0)
    guard.dismiss(first, 1)
    guard.bucket(2)
    assert guard.bucket(1) is bucket
    guard.admit(second, 1)
    bucket._refilled_at -= 60  # a minute later
    guard.bucket(2)
    assert guard.bucket(1) is bucket  # somebody is there
    guard.dismiss(second, 1)
    guard.bucket(2)
    assert guard._buckets.keys() == {2}  # nothing is remembered of who is gone and owes nothing
