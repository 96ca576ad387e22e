"""Who is connected stays connected only while they may."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User

from accounts import services, tokens
from accounts.tokens import Identity
from agents.runs import manager, rights
from agents.transports.connections import ConnectionRegistry
from apikeys.rights import Right, Standing
from common.database import in_database
from common.errors import AppError
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
def guard(settings) -> ConnectionRegistry:
    settings.SOCKETS_PER_USER = 3
    return ConnectionRegistry()


async def sign_in(guard: ConnectionRegistry, user: User) -> Line:
    pair = await in_database(tokens.issue, user)
    line = Line(await in_database(tokens.authenticate, pair.access), pair.refresh)
    guard.admit(line, user.pk)
    return line


async def test_nobody_is_ended_without_a_reason(guard: ConnectionRegistry, alice: User, bob: User):
    lines = [await sign_in(guard, user) for user in (alice, alice, bob)]
    await rights.current().sweep()
    assert [line.ended for line in lines] == [False, False, False]


async def test_a_sign_out_ends_that_sign_in_only(guard: ConnectionRegistry, alice: User, bob: User):
    here, there, bobs = [await sign_in(guard, user) for user in (alice, alice, bob)]
    await in_database(tokens.revoke, here.refresh)
    await rights.current().sweep()
    assert [line.ended for line in (here, there, bobs)] == [True, False, False]


@pytest.mark.parametrize("how", ["signed out everywhere", "new password", "switched off", "gone"])
async def test_a_user_who_may_not_be_here_is_ended_everywhere(
    guard: ConnectionRegistry, alice: User, bob: User, how: str
):
    lines = [await sign_in(guard, user) for user in (alice, alice, bob)]

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
    await rights.current().sweep()
    assert [line.ended for line in lines] == [True, True, False]


async def test_one_user_has_so_many_connections(guard: ConnectionRegistry, alice: User, bob: User):
    lines = [await sign_in(guard, alice) for _ in range(3)]
    with pytest.raises(AppError) as refused:
        await sign_in(guard, alice)
    assert (refused.value.code, refused.value.status) == ("too_many_connections", 429)
    await sign_in(guard, bob)
    guard.dismiss(lines[0], alice.pk)
    guard.dismiss(lines[0], alice.pk)
    await sign_in(guard, alice)
    with pytest.raises(AppError):
        await sign_in(guard, alice)


async def test_it_is_asked_again_and_again(guard: ConnectionRegistry, alice: User, monkeypatch):
    monkeypatch.setattr(rights, "SWEEP_S", 0.02)
    await manager.current()
    line = await sign_in(guard, alice)
    await in_database(services.sessions_end, user=alice)
    await until(lambda: line.ended)
    guard.dismiss(line, alice.pk)
    await rights.current().sweep()
