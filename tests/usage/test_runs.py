"""Runs as the server makes them: what they cost is written down, and budgets and loans hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.models import UserProfile
from accounts.rights import SignIn
from agents.core.request import RunRequest
from agents.protocol.run_input import build_request
from agents.runs import manager, rights, service
from apikeys.models import KeyLoan, UserApiKey
from common.database import in_database
from common.errors import AppError
from conversations.models import ModelCall, Run
from emulator.testing import Emulator, running
from tests.agents.conftest import in_this_process, nothing_left_running, real_transactions
from tests.agui_rules import assert_valid_stream
from tests.people import make_key, make_user
from tests.usage.factories import lend, make_call

__all__ = ["nothing_left_running", "real_transactions"]

pytestmark = [in_this_process, pytest.mark.postgresql]
Event = dict[str, Any]


@pytest.fixture(scope="module")
def emulator_server() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def emulator(emulator_server: Emulator, settings: Any) -> Emulator:
    emulator_server.clear()
    settings.GEMINI_BASE_URL = emulator_server.base_url
    return emulator_server


@pytest.fixture
def work(alice: User, emulator: Emulator) -> UserApiKey:
    return make_key(owner=alice, name="work", secret=emulator.new_key())


def question(text: str = "Hello", **changes: Any) -> RunRequest:
    asked: dict[str, Any] = {
        "thread_id": uuid4(),
        "run_id": uuid4(),
        "message_id": uuid4(),
        "text": text,
        "continues": False,
        "agent": "direct",
        "model": None,
        "key_id": None,
    }
    return build_request(**asked | changes)


async def answered(user: User, asked: RunRequest) -> list[Event]:
    started = await service.start(SignIn(user.pk), asked)
    events = [event async for event in told(user, started.run_id)]
    assert_valid_stream(events)
    here = await manager.current()
    if run := here.run(started.run_id):
        await run.wait()  # what it found out about its keys is noted after its end is told
    return events


async def told(user: User, run_id: UUID) -> Any:
    async with asyncio.timeout(20):
        async for rows in await service.follow(user.pk, run_id):
            for _, data in rows:
                yield json.loads(data)


async def refused(user: User, asked: RunRequest) -> AppError:
    with pytest.raises(AppError) as caught:
        await service.start(SignIn(user.pk), asked)
    return caught.value


async def ledger(**where: Any) -> list[ModelCall]:
    return await in_database(lambda: list(ModelCall.objects.filter(**where).order_by("id")))


async def change(row: Any, **values: Any) -> None:
    await in_database(lambda: type(row).objects.filter(pk=row.pk).update(**values))


async def test_a_run_writes_down_what_it_used_and_tells_the_same(alice: User, work: UserApiKey):
    events = await answered(alice, question(agent="text"))
    (call,) = await ledger()
    assert (call.owner_id, call.key_id, call.key_name) == (alice.pk, work.pk, "work")
    assert (call.agent, call.model, call.outcome) == ("text", "gemini-3.8-flash", "ok")
    assert min(call.input_tokens, call.output_tokens, call.thought_tokens) > 0
    assert call.first_token_ms is not None
    assert call.first_token_ms <= call.duration_ms
    account = events[-2]["value"]
    assert account["key"] == {"id": str(work.pk), "name": "work"}
    (line,) = account["calls"]
    assert line["totalTokens"] == call.input_tokens + call.output_tokens
    assert Decimal(line["price"]) == call.price_usd


async def test_a_picture_s_tokens_are_counted_as_such(alice: User, work: UserApiKey):
    await answered(alice, question("draw a fox", agent="media"))
    (call,) = await ledger()
    assert (call.model, call.image_tokens) == ("gemini-nano-banana-2.1", 1120)
    assert call.price_usd is not None
    assert Decimal("0.0336") < call.price_usd < Decimal("0.05")


async def test_calls_that_were_made_again_are_there_too(alice: User, work: UserApiKey):
    await answered(alice, question("Hello /emulate error=503 times=1"))
    assert [(c.outcome, c.price_usd == 0) for c in await ledger()] == [
        ("overloaded", True),
        ("ok", False),
    ]


async def test_a_call_is_in_the_ledger_while_it_goes_on_and_once_it_is_stopped(
    alice: User, work: UserApiKey
):
    started = await service.start(SignIn(alice.pk), question("Hello /emulate stall=3"))
    async with asyncio.timeout(10):
        while not await ledger():  # noqa: ASYNC110 (the database does not tell)
            await asyncio.sleep(0.02)
    (call,) = await ledger()
    assert (call.outcome, call.run_id) == ("", started.run_id)
    async for event in told(alice, started.run_id):
        if event["type"] == "TEXT_MESSAGE_CONTENT":
            await service.cancel(alice.pk, started.run_id)
    (call,) = await ledger()
    assert call.outcome == "cancelled"
    assert call.input_tokens > 0


# budgets


async def test_a_run_is_refused_when_the_day_s_tokens_are_used_up(alice: User, work: UserApiKey):
    await change(work, daily_tokens=110)
    await in_database(make_call, alice, work, created_at=timezone.now())
    error = await refused(alice, question())
    assert (error.code, error.status) == ("budget_used_up", 429)
    assert "Today's budget of the key “work”, 110 tokens, is used up" in error.message
    assert "00:00 UTC" in error.message
    assert 0 < error.retry_after_s <= 24 * 3600
    assert await in_database(Run.objects.count) == 0


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"monthly_tokens": 100}, "This month's budget of the key “work”, 100 tokens"),
        ({"daily_money": Decimal("0.01")}, "Today's budget of the key “work”, $0.01"),
        ({"monthly_money": Decimal("0.01")}, "This month's budget of the key “work”, $0.01"),
    ],
)
async def test_every_budget_can_refuse_a_run(alice, work, limit, words):
    await change(work, **limit)
    await in_database(make_call, alice, work, created_at=timezone.now())
    assert words in (await refused(alice, question())).message


async def test_what_was_used_before_the_day_and_on_other_keys_does_not_count(alice, work):
    await change(work, daily_tokens=5000)
    other = await in_database(make_key, owner=alice, name="other", selected=False)
    now = timezone.now()
    await in_database(make_call, alice, other, input_tokens=9000, created_at=now)
    yesterday = now - timedelta(days=1)
    await in_database(make_call, alice, work, input_tokens=9000, created_at=yesterday)
    events = await answered(alice, question())
    assert events[-1]["type"] == "RUN_FINISHED"


async def test_a_question_sent_again_finds_its_run_though_the_budget_is_used_up_now(alice, work):
    asked = question()
    await answered(alice, asked)
    await change(work, daily_tokens=1)
    again = await service.start(SignIn(alice.pk), asked)
    assert (again.run_id, again.created) == (asked.run_id, False)


async def test_a_run_stops_where_it_passes_the_budget_and_keeps_what_it_said(alice, work):
    await change(work, daily_tokens=1000)
    events = await answered(alice, question("Hello /emulate frames=200 size=40 pace=5"))
    end = events[-1]
    assert (end["type"], end["code"]) == ("RUN_ERROR", "budget")
    assert "1,000 tokens" in end["message"]
    (call,) = await ledger()
    assert call.outcome == "budget"
    assert 1000 < call.input_tokens + call.output_tokens < 1300
    said = "".join(e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT")
    run = await in_database(Run.objects.get)
    assert said
    assert run.contents == [{"role": "model", "parts": [{"text": said.strip()}]}]
    assert (await refused(alice, question())).code == "budget_used_up"


async def test_runs_at_the_same_time_share_a_budget(alice, work, monkeypatch):
    """Each alone would stay within it; together they are stopped a little beyond it."""
    monkeypatch.setattr("agents.core.call.NOTE_S", 0.1)
    await change(work, daily_tokens=2500)
    asked = [question("Hi /emulate frames=400 size=20 pace=5") for _ in range(3)]
    ends = [events[-1] for events in await asyncio.gather(*(answered(alice, q) for q in asked))]
    assert {end.get("code") for end in ends} == {"budget"}
    spent = sum(c.input_tokens + c.output_tokens for c in await ledger())
    assert 2500 < spent < 4500


async def test_no_call_is_made_after_the_one_that_used_the_budget_up(alice, work, emulator):
    await change(work, daily_tokens=150)
    asked = question("Write a long story", agent="auto")
    events = await answered(alice, asked)
    assert events[-1]["code"] == "budget"
    assert len(await ledger()) == len(emulator.requests())


async def test_a_budget_in_money_refuses_a_model_whose_price_is_not_known(alice, work):
    listed = ["gemini-4-xenon"]
    await change(work, monthly_money=Decimal(5), listed_models=listed, listed_at=timezone.now())
    error = await refused(alice, question(model="gemini-4-xenon"))
    assert (error.code, error.status) == ("budget_used_up", 403)
    assert "is not known here" in error.message


# further keys


async def test_a_run_goes_on_with_the_next_key_and_counts_on_it(alice, emulator):
    empty = await in_database(make_key, owner=alice, name="empty", secret=emulator.new_key("quota"))
    spare = await in_database(
        make_key, owner=alice, name="spare", secret=emulator.new_key(), selected=False
    )
    await in_database(name_further_keys, alice, spare)
    events = await answered(alice, question())
    (switch,) = [event for event in events if event.get("activityType") == "key"]
    assert switch["content"] == {"from": "empty", "to": "spare", "reason": "quota"}
    calls = [(call.key_id, call.key_name, call.outcome) for call in await ledger()]
    assert calls == [(empty.pk, "empty", "quota"), (spare.pk, "spare", "ok")]
    for key, status in ((empty, "quota"), (spare, "active")):
        await in_database(key.refresh_from_db)
        assert key.status == status


async def test_without_being_asked_for_no_further_key_is_used(alice, emulator):
    await in_database(make_key, owner=alice, name="empty", secret=emulator.new_key("quota"))
    await in_database(
        make_key, owner=alice, name="spare", secret=emulator.new_key(), selected=False
    )
    assert (await answered(alice, question()))[-1]["code"] == "quota"


def name_further_keys(user: User, *keys: UserApiKey) -> None:
    profile = UserProfile.objects.get(user=user)
    profile.preferences = {**profile.preferences, "fallback_keys": [str(key.pk) for key in keys]}
    profile.save()


# lent keys


@pytest.fixture
def lent(bob: User, work: UserApiKey) -> KeyLoan:
    return lend(work, bob, "Team key", daily_tokens=500)


async def test_a_lent_key_is_known_by_its_label_and_counted_for_both(alice, bob, work, lent):
    events = await answered(bob, question(key_id=work.pk))
    assert events[-2]["value"]["key"]["name"] == "Team key"
    assert "work" not in json.dumps(events[-2])
    (call,) = await ledger()
    assert (call.owner_id, call.key_id, call.key_name) == (bob.pk, work.pk, "Team key")


async def test_a_borrower_has_a_budget_of_their_own(alice, bob, work, lent):
    await in_database(make_call, alice, work, input_tokens=9000, created_at=timezone.now())
    assert (await answered(bob, question(key_id=work.pk)))[-1]["type"] == "RUN_FINISHED"
    await in_database(make_call, bob, work, input_tokens=500, created_at=timezone.now())
    error = await refused(bob, question(key_id=work.pk))
    assert "Today's budget of the key “Team key”, 500 tokens, is used up" in error.message
    assert (await answered(alice, question()))[-1]["type"] == "RUN_FINISHED"


async def test_the_key_s_own_budget_binds_its_borrowers_without_telling_its_size(
    alice, bob, work, lent
):
    await change(work, monthly_tokens=7777)
    await in_database(make_call, alice, work, input_tokens=9000, created_at=timezone.now())
    error = await refused(bob, question(key_id=work.pk))
    assert "used up by all who share it" in error.message
    assert "7,777" not in error.message


async def test_a_key_lent_for_one_model_is_for_no_other(bob, work, lent):
    await change(lent, allowed_models=["gemini-3-flash-lite"])
    error = await refused(bob, question(key_id=work.pk))
    assert (error.code, error.status) == ("model_not_lent", 403)
    lite = question(key_id=work.pk, model="gemini-3-flash-lite")
    assert (await answered(bob, lite))[-1]["type"] == "RUN_FINISHED"
    picture = question("draw a fox", agent="media", key_id=work.pk, model="gemini-3-flash-lite")
    assert (await answered(bob, picture))[-1]["code"] == "model_not_lent"


@pytest.mark.parametrize("code", ["loan_ended", "key_inactive", "key_deleted"])
async def test_a_key_that_is_taken_back_ends_the_answers_made_with_it(
    bob, work, lent, code, monkeypatch
):
    monkeypatch.setattr(rights, "REVALIDATE_S", 0.1)
    started = await service.start(
        SignIn(bob.pk), question("Hello /emulate stall=3", key_id=work.pk)
    )
    events = []
    async for event in told(bob, started.run_id):
        events.append(event)
        if event["type"] == "TEXT_MESSAGE_CONTENT":
            await take_back(code, work, lent)
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", code)


async def take_back(code: str, key: UserApiKey, loan: KeyLoan) -> None:
    if code == "loan_ended":
        await change(loan, revoked_at=timezone.now())
    elif code == "key_inactive":
        await change(key, is_active=False)
    else:
        await in_database(UserApiKey.objects.filter(pk=key.pk).delete)


async def test_a_loan_to_somebody_else_is_none_of_mine(charlie, work, lent):
    dora = await in_database(make_user, "dora")
    for stranger in (charlie, dora):
        assert (await refused(stranger, question(key_id=work.pk))).code == "key_not_found"
