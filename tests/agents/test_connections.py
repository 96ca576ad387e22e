"""Who is connected stays so only while they may, and each user has one share of the process."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User

from accounts import services, tokens
from accounts.tokens import Identity
from agents.protocol import frames
from agents.runs import manager, rights
from agents.runs.connections import ConnectionRegistry
from agents.runs.rights import RightsMonitor
from apikeys.rights import Right, Standing
from common.database import in_database
from common.errors import AppError
from common.throttle import BURST_S
from tests.agents.conftest import in_this_process, until

pytestmark = in_this_process


@dataclass(eq=False)
class Line:
    """A connection of a user; it only remembers that it was ended."""

    identity: Identity
    refresh: str
    ended: bool = False

    @property
    def rights(self) -> list[Right]:
        return [Right(self.identity.sign_in)]

    async def on_standing(self, right: Right, standing: Standing) -> None:
        self.ended = bool(standing.code)


@pytest.fixture
def connections(settings) -> ConnectionRegistry:
    settings.SOCKETS_PER_USER = 3
    return ConnectionRegistry(RightsMonitor())


async def sign_in(connections: ConnectionRegistry, user: User) -> Line:
    pair = await in_database(tokens.issue, user)
    line = Line(await in_database(tokens.authenticate, pair.access), pair.refresh)
    connections.add(line, user.pk)
    return line


async def test_nobody_is_ended_without_a_reason(connections, alice: User, bob: User):
    lines = [await sign_in(connections, user) for user in (alice, alice, bob)]
    await connections._rights.revalidate()
    assert [line.ended for line in lines] == [False, False, False]


async def test_a_sign_out_ends_that_sign_in_only(connections, alice: User, bob: User):
    here, there, bobs = [await sign_in(connections, user) for user in (alice, alice, bob)]
    await in_database(tokens.revoke, here.refresh)
    await connections._rights.revalidate()
    assert [line.ended for line in (here, there, bobs)] == [True, False, False]


@pytest.mark.parametrize("how", ["signed out everywhere", "new password", "switched off", "gone"])
async def test_a_user_who_may_not_be_here_is_ended_everywhere(
    connections, alice: User, bob: User, how: str
):
    lines = [await sign_in(connections, user) for user in (alice, alice, bob)]

    def act() -> None:
        if how == "signed out everywhere":
            services.sessions_end(user=alice)
        elif how == "new password":
            alice.set_password("quite another password")
            alice.save()
        elif how == "switched off":
            alice.is_active = False
            alice.save()
        else:
            alice.delete()

    await in_database(act)
    await connections._rights.revalidate()
    assert [line.ended for line in lines] == [True, True, False]


async def test_one_user_has_so_many_connections(connections, alice: User, bob: User):
    lines = [await sign_in(connections, alice) for _ in range(3)]
    with pytest.raises(AppError) as refused:
        await sign_in(connections, alice)
    assert (refused.value.code, refused.value.status) == ("too_many_connections", 429)
    await sign_in(connections, bob)
    connections.remove(lines[0], alice.pk)
    connections.remove(lines[0], alice.pk)
    await sign_in(connections, alice)
    with pytest.raises(AppError):
        await sign_in(connections, alice)


async def test_sign_ins_are_checked_again_and_again(alice: User, monkeypatch):
    monkeypatch.setattr(rights, "REVALIDATE_S", 0.02)
    here = await manager.current()
    line = await sign_in(here.connections, alice)
    await in_database(services.sessions_end, user=alice)
    await until(lambda: line.ended)
    here.connections.remove(line, alice.pk)
    await here.rights.revalidate()


def test_every_frame_has_its_cost_by_what_it_starts():
    kinds = typing.get_args(frames.Frame)
    assert min(kind.cost for kind in kinds) >= frames.PARSING_COST
    dearer: list[Any] = [frames.RunFrame, frames.FollowFrame, frames.CancelFrame, frames.PingFrame]
    costs = [kind.cost for kind in (*dearer, frames.AckFrame)]
    assert costs == sorted(costs, reverse=True)
    assert len(set(costs)) == len(costs)


def test_one_user_pays_for_all_sockets_and_nobody_for_another(connections, settings):
    settings.SOCKET_UNITS_PER_S = 20
    assert connections.bucket(1) is connections.bucket(1)
    assert connections.bucket(1).take(20 * BURST_S) == 0.0
    assert connections.bucket(1).take(1.0) > 0.0
    assert connections.bucket(2).take(20 * BURST_S) == 0.0


async def test_who_leaves_and_comes_back_finds_what_was_left(connections, settings):
    settings.SOCKET_UNITS_PER_S = 20

    class Line:
        rights = ()

        async def on_standing(self, right, standing) -> None: ...

    first, second = Line(), Line()
    bucket = connections.bucket(1)
    connections.add(first, 1)
    bucket.take(30.0)
    connections.remove(first, 1)
    connections.bucket(2)
    assert connections.bucket(1) is bucket
    connections.add(second, 1)
    bucket._refilled_at -= 60  # a minute later
    connections.bucket(2)
    assert connections.bucket(1) is bucket  # somebody is there
    connections.remove(second, 1)
    connections.bucket(2)
    assert connections._buckets.keys() == {2}  # whose is full is not kept
