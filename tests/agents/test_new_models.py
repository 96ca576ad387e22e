"""A model that Google published today is used today; one that a key may not use says so first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from agents.protocol.run_input import build_request
from agents.runs.estimates import estimate
from apikeys import health, verification
from apikeys.models import UserApiKey
from common.database import in_database
from conversations.models import ModelCall
from emulator.testing import Emulator
from gemini import prices
from gemini.errors import MESSAGES
from gemini.model_info import ListedModel
from tests.agents.asking import answered, asked_upstream, calls_of, choose, question, refused
from tests.agents.conftest import in_this_process
from tests.people import client_for, lend, make_key

pytestmark = in_this_process

XENON, NEON, FLASH = "gemini-4-xenon", "gemini-4-neon", "gemini-3-flash"


def listed(key: UserApiKey) -> list[str]:
    offered = client_for(key.user).get(f"/api/keys/{key.pk}/models/").json()["models"]
    return [model["id"] for model in offered if model["available"]]


async def test_a_model_that_was_published_today_is_chosen_and_answers(
    alice: User, work: UserApiKey, emulator: Emulator
):
    emulator.publish(XENON, label="Gemini 4 Xenon", input_limit=2_097_152)
    assert XENON in await in_database(listed, work)
    await in_database(
        lambda: client_for(alice).patch("/api/me/", {"ai_model": XENON}, format="json")
    )
    asked = question(thinking="high", tools=("search",))
    events = await answered(alice, asked)
    assert events[-1]["type"] == "RUN_FINISHED"
    [request] = await asked_upstream(emulator)
    assert XENON in request["path"]
    [call] = await calls_of(asked.run_id)
    assert (call.model, call.price_usd) == (XENON, None)
    found = await estimate(alice.pk, build_request(text="Hello"), exact=True)
    assert (found.preview.model, found.preview.window_tokens) == (XENON, 2_097_152)
    assert found.preview.price_usd is None


async def test_a_message_may_name_it_too_and_its_price_may_be_set(
    alice: User, work: UserApiKey, emulator: Emulator
):
    emulator.publish(XENON)
    assert (await refused(alice, question(model=XENON))).code == "unknown_model"
    await in_database(listed, work)
    prices.override({XENON: {"input": 1, "output": 2}})
    try:
        asked = question(model=XENON)
        await answered(alice, asked)
    finally:
        prices.override({})
    [call] = await calls_of(asked.run_id)
    assert call.price_usd > 0


async def test_it_can_be_lent_by_itself(alice: User, bob: User, emulator: Emulator):
    emulator.publish(XENON)

    def lent() -> UserApiKey:
        key = make_key(owner=alice, secret=emulator.new_key())
        assert XENON in listed(key)
        lend(key, bob, allowed_models=[XENON])
        return key

    key = await in_database(lent)
    asked = question(model=XENON, key_id=key.pk)
    assert (await answered(bob, asked))[-1]["type"] == "RUN_FINISHED"
    refusal = await refused(bob, question(model=FLASH, key_id=key.pk))
    assert refusal.code == "model_not_lent"


async def test_one_that_was_withdrawn_is_not_asked_once_the_list_is_read_again(
    alice: User, work: UserApiKey, emulator: Emulator
):
    emulator.publish(XENON)
    await in_database(listed, work)
    await choose(alice, ai_model=XENON)
    emulator.withdraw(XENON)
    await in_database(lambda: UserApiKey.objects.update(listed_at=timezone.now() - timedelta(2)))
    assert (await answered(alice, question()))[-1]["code"] == "model_gone"  # Google decides
    assert XENON not in await in_database(listed, work)
    assert (await refused(alice, question())).code == "model_not_available"


async def test_a_key_without_billing_is_not_asked_for_what_it_may_not_use(
    alice: User, emulator: Emulator
):
    secret = emulator.new_key("free")
    key = await in_database(make_key, owner=alice, secret=secret)
    report = {"key_id": key.pk, "code": "billing_required", "model": NEON}
    await in_database(lambda: health.key_report(**report))
    for model in (NEON, "gemini-4-argon", "gemini-3-pro"):
        refusal = await refused(alice, question(model=model))
        assert (refusal.code, refusal.status) == ("billing_required", 403)
        assert "needs a key with billing" in refusal.message
    assert await asked_upstream(emulator) == []
    for model in (FLASH, "gemini-4-hydrogen"):
        assert (await answered(alice, question(model=model)))[-1]["type"] == "RUN_FINISHED"
    assert (await refused(alice, question(model=NEON))).code == "billing_required"


@pytest.mark.parametrize(
    "forget",
    [
        lambda key: verification.key_verify(key=key),
        lambda key: health.key_report(key_id=key.pk, code=None, model="gemini-4-argon"),
    ],
    ids=["verified", "answered"],
)
async def test_billing_that_was_set_up_is_found_out(alice: User, emulator: Emulator, forget):
    key = await in_database(make_key, owner=alice, secret=emulator.new_key())
    report = {"key_id": key.pk, "model": NEON, "code": "billing_required"}
    await in_database(lambda: health.key_report(**report))
    assert (await refused(alice, question(model=NEON))).code == "billing_required"
    await in_database(forget, key)
    assert (await answered(alice, question(model=NEON)))[-1]["type"] == "RUN_FINISHED"


@pytest.mark.skipif("billing_required" not in MESSAGES, reason="Google's refusal has no code yet")
async def test_googles_refusal_is_remembered(alice: User, emulator: Emulator):
    key = await in_database(make_key, owner=alice, secret=emulator.new_key("free"))
    assert (await answered(alice, question(model=NEON)))[-1]["code"] == "billing_required"
    assert (await refused(alice, question(model=NEON))).code == "billing_required"
    await in_database(key.refresh_from_db)
    assert key.status == "active"


async def test_xhigh_reaches_google(alice: User, work: UserApiKey, emulator: Emulator):
    asked = question(model=NEON, thinking="xhigh")
    assert (await answered(alice, asked))[-1]["type"] == "RUN_FINISHED"
    [request] = await asked_upstream(emulator)
    assert request["body"]["generationConfig"]["thinkingConfig"]["thinkingLevel"] == "xhigh"


async def test_a_call_costs_what_it_did_on_its_day(alice: User, work: UserApiKey):
    asked = question(model="gemini-4-argon")
    await answered(alice, asked)
    [call] = await calls_of(asked.run_id)
    row = await in_database(lambda: ModelCall.objects.get(pk=call.pk))
    assert row.price_usd > Decimal(0)


def test_a_listed_model_is_as_google_says(alice: User):
    model = ListedModel(XENON, input_tokens=7)
    key = make_key(owner=alice, listed_models=[replace(model).as_json()], listed_at=timezone.now())
    assert key.model_list.info(XENON).window_tokens == 7


def test_the_admin_offers_what_a_key_lists(alice: User, client):
    make_key(owner=alice, listed_models=[XENON], listed_at=timezone.now())
    operator = User.objects.create_superuser("operator", password="x" * 20)
    client.force_login(operator)
    page = client.get(f"/admin/auth/user/{alice.pk}/change/").content.decode()
    assert f'value="{XENON}"' in page
    assert 'value="gemini-4-argon"' in page
