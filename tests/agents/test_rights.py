"""An answer goes on for as long as what it rests on: its sign-in, its key, its loan."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from accounts import services, tokens
from accounts.models import RefreshFamily, UserProfile
from accounts.rights import SignIn
from agents.runs import rights, service
from apikeys.models import KeyLoan, UserApiKey
from apikeys.services import key_put
from apikeys.verification import CheckedKey
from common.database import in_database
from common.errors import AppError
from tests.agents.asking import Event, calls_of, question, refused, run_of
from tests.agents.conftest import in_this_process
from tests.agui_rules import assert_valid_stream
from tests.people import PASSWORD, make_key, new_secret

pytestmark = in_this_process

ENDS_WITHIN_S = 2.0
LONG = "Hello /emulate frames=600 pace=20"
OFF: dict[str, Any] = {"is_active": False}


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "REVALIDATE_S", 0.1)


@pytest.fixture
def lent(work: UserApiKey, bob: User) -> KeyLoan:
    team = Group.objects.create(name="team")
    bob.groups.add(team)
    return KeyLoan.objects.create(key=work, group=team, label="team key")


async def sign_in(user: User) -> tuple[SignIn, tokens.TokenPair]:
    pair = await in_database(tokens.issue, user)
    return (await in_database(tokens.authenticate, pair.access)).sign_in, pair


async def events_of(user: User, run_id: Any) -> AsyncIterator[Event]:
    async with asyncio.timeout(20):
        async for rows in await service.follow(user.pk, run_id):
            for _, data in rows:
                yield json.loads(data)


async def ended_by(act: Callable[[], Any], sign_in: SignIn, user: User, **asked: Any) -> str:
    """Ask, do ``act`` once something was said; the code of the answer's end, which comes soon."""
    started = await service.start(sign_in, question(LONG, **asked))
    events: list[Event] = []
    acted_at = 0.0
    async for event in events_of(user, started.run_id):
        events.append(event)
        if event["type"] == "TEXT_MESSAGE_CONTENT" and not acted_at:
            await in_database(act)
            acted_at = time.monotonic()
    assert time.monotonic() - acted_at <= ENDS_WITHIN_S
    assert_valid_stream(events)
    run = await run_of(started.run_id)
    assert (run.status, run.error_code) == ("failed", events[-1]["code"])
    assert run.contents  # what was said is kept
    return run.error_code


SIGN_IN_ENDS: dict[str, tuple[str, Callable[[User, tokens.TokenPair], Any]]] = {
    "signed out": ("signed_out", lambda user, pair: tokens.revoke(pair.refresh)),
    "signed out everywhere": ("signed_out", lambda user, pair: services.sessions_end(user=user)),
    "new password": (
        "signed_out",
        lambda user, pair: services.password_change(
            user=user, current_password=PASSWORD, new_password=f"{PASSWORD} 2", address="::1"
        ),
    ),
    "family revoked": (
        "signed_out",
        lambda user, pair: RefreshFamily.objects.update(revoked_at=timezone.now()),
    ),
    "switched off": (
        "user_inactive",
        lambda user, pair: User.objects.filter(pk=user.pk).update(**OFF),
    ),
}


@pytest.mark.parametrize("how", SIGN_IN_ENDS)
async def test_the_end_of_a_sign_in_ends_its_answers_and_lets_none_begin(
    alice: User, work: UserApiKey, how: str
):
    code, act = SIGN_IN_ENDS[how]
    here, pair = await sign_in(alice)
    assert await ended_by(lambda: act(alice, pair), here, alice) == code
    with pytest.raises(AppError) as caught:
        await service.start(here, question())
    assert caught.value.code == "not_authenticated"


async def test_another_sign_in_of_the_same_person_goes_on(alice: User, work: UserApiKey):
    here, pair = await sign_in(alice)
    there, _ = await sign_in(alice)
    other = await service.start(there, question("Hello /emulate frames=50 pace=20"))
    assert await ended_by(lambda: tokens.revoke(pair.refresh), here, alice) == "signed_out"
    *_, last = [event async for event in events_of(alice, other.run_id)]
    assert last["type"] == "RUN_FINISHED"


async def test_a_refresh_of_the_token_ends_nothing(alice: User, work: UserApiKey):
    here, pair = await sign_in(alice)
    started = await service.start(here, question("Hello /emulate frames=50 pace=20"))
    await in_database(tokens.renew, pair.refresh)
    *_, last = [event async for event in events_of(alice, started.run_id)]
    assert last["type"] == "RUN_FINISHED"


def replace_key() -> None:
    key = UserApiKey.objects.select_related("user").get()
    key_put(key=key, checked=CheckedKey(new_secret(), {}))


KEY_ENDS: dict[str, tuple[str, Callable[[], Any]]] = {
    "deleted": ("key_deleted", lambda: UserApiKey.objects.all().delete()),
    "switched off": ("key_inactive", lambda: UserApiKey.objects.update(is_active=False)),
    "expired": (
        "key_expired",
        lambda: UserApiKey.objects.update(expires_at=timezone.now() + timedelta(seconds=0.2)),
    ),
}
REPLACED = {"replaced": ("key_replaced", replace_key)}
LOAN_ENDS: dict[str, tuple[str, Callable[[], Any]]] = {
    "taken back": ("loan_ended", lambda: KeyLoan.objects.update(revoked_at=timezone.now())),
    "past its end": (
        "loan_ended",
        lambda: KeyLoan.objects.update(ends_at=timezone.now() + timedelta(seconds=0.2)),
    ),
    "other models": (
        "model_not_lent",
        lambda: KeyLoan.objects.update(allowed_models=["gemini-3-flash-lite"]),
    ),
    "lender off": ("loan_ended", lambda: User.objects.filter(username="alice").update(**OFF)),
    "lender gone": ("key_deleted", lambda: User.objects.get(username="alice").delete()),
    "out of the group": ("loan_ended", lambda: User.objects.get(username="bob").groups.clear()),
    "group gone": ("loan_ended", lambda: Group.objects.all().delete()),
}


@pytest.mark.parametrize("how", [*KEY_ENDS, *REPLACED])
async def test_the_end_of_a_key_ends_the_answers_made_with_it(
    alice: User, work: UserApiKey, how: str
):
    code, act = (KEY_ENDS | REPLACED)[how]
    assert await ended_by(act, SignIn(alice.pk), alice) == code


@pytest.mark.parametrize("how", [*KEY_ENDS, *LOAN_ENDS])
async def test_the_end_of_a_loan_ends_the_borrowers_answers(
    bob: User, work: UserApiKey, lent: KeyLoan, how: str
):
    code, act = (KEY_ENDS | LOAN_ENDS)[how]
    assert await ended_by(act, SignIn(bob.pk), bob, key_id=work.pk) == code
    assert (await refused(bob, question(key_id=work.pk))).code in {code, "key_not_found"}


async def test_a_budget_that_is_lowered_ends_the_answer(alice: User, work: UserApiKey):
    here = SignIn(alice.pk)
    started = await service.start(here, question(LONG))
    events: list[Event] = []
    async for event in events_of(alice, started.run_id):
        events.append(event)
        if len(events) == 20:
            await in_database(UserApiKey.objects.filter(pk=work.pk).update, daily_tokens=1)
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "budget")


async def test_a_spare_key_that_was_switched_off_meanwhile_is_passed_over(
    alice: User, work: UserApiKey, emulator
):
    def name_spares() -> list[UserApiKey]:
        keys = [
            make_key(owner=alice, name=name, secret=emulator.new_key(), selected=False)
            for name in ("second", "third")
        ]
        profile = UserProfile.objects.get(pk=alice.pk)
        profile.preferences["fallback_keys"] = [str(key.pk) for key in keys]
        profile.save()
        return keys

    second, third = await in_database(name_spares)
    asked = question("Hello /emulate error=429 times=1 delay=1")
    started = await service.start(SignIn(alice.pk), asked)
    await in_database(UserApiKey.objects.filter(pk=second.pk).update, is_active=False)
    events = [event async for event in events_of(alice, started.run_id)]
    assert events[-1]["type"] == "RUN_FINISHED"
    assert [call.key_id for call in await calls_of(started.run_id)] == [work.pk, third.pk]
