"""What there is to choose from: models and which of them a key may use, agents, voices."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apikeys.models import KeyLoan, UserApiKey
from gemini import catalogue
from gemini.model_info import ListedModel
from gemini.voices import VOICES
from tests.people import client_for, lend, make_key

pytestmark = pytest.mark.django_db

FLASH, PRO, LITE = "gemini-3-flash", "gemini-3-pro", "gemini-3-flash-lite"
NEON, XENON = "gemini-4-neon", "gemini-4-xenon"
SOME = (FLASH, PRO, LITE)
NOT_KNOWN = dict.fromkeys(SOME)


def models_for(user) -> list[dict[str, Any]]:
    return client_for(user).get("/api/models/").json()


def available(user) -> dict[str, bool | None]:
    return {model["id"]: model["available"] for model in models_for(user) if model["id"] in SOME}


def listing(owner, *names: str, age: timedelta = timedelta(0), **fields: Any) -> UserApiKey:
    """A key whose models Google listed some time ago."""
    listed = [catalogue.api_id(name) for name in names]
    return make_key(owner=owner, listed_models=listed, listed_at=timezone.now() - age, **fields)


def test_models_are_those_for_conversation(alice):
    models = models_for(alice)
    assert [model["id"] for model in models] == [model.name for model in catalogue.chat_models()]
    assert [model["id"] for model in models if model["default"]] == [FLASH]
    assert models[0].pop("price").keys() == {"input", "output", "cached"}
    models[0].pop("coming_price")
    assert models[0] == {
        "id": FLASH,
        "api_id": "gemini-3.8-flash",
        "label": "Gemini 3 Flash",
        "description": "Fast and capable; right for most questions.",
        "default": True,
        "state": "stable",
        "ends_on": None,
        "warning": "",
        "needs_billing": False,
        "tools": ["search", "code", "url", "maps"],
        "thinking": ["low", "medium", "high"],
        "window_tokens": 1_048_576,
        "available": None,
        "unavailable_because": "",
    }


@pytest.mark.parametrize(
    ("day", "price", "coming"),
    [
        ("2026-11-30", ("2", "10", "0.1"), ("4", "20", "0.2", "2026-12-01")),
        ("2026-12-01", ("4", "20", "0.2"), None),
    ],
)
def test_a_price_is_todays_and_tells_of_the_next(alice, monkeypatch, day, price, coming):
    class Today(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromisoformat(f"{day}T12:00:00+00:00")

    monkeypatch.setattr("agents.rest.catalogue.datetime", Today)
    (carbon,) = [model for model in models_for(alice) if model["id"] == "gemini-4-carbon"]
    assert tuple(carbon["price"].values()) == price
    assert carbon["coming_price"] == (
        coming and dict(zip(("input", "output", "cached", "since"), coming, strict=True))
    )


def test_a_model_that_only_the_key_lists_is_on_offer_with_what_google_says_of_it(alice):
    listed = ListedModel(XENON, "Gemini 4 Xenon", "For tomorrow.", 2_097_152, 131_072, True)
    key = make_key(owner=alice, listed_models=[listed.as_json()], listed_at=timezone.now())
    model = models_for(alice)[-1]
    assert model == {
        "id": XENON,
        "api_id": XENON,
        "label": "Gemini 4 Xenon",
        "description": "For tomorrow.",
        "default": False,
        "state": "unknown",
        "ends_on": None,
        "warning": "",
        "needs_billing": None,
        "price": None,
        "coming_price": None,
        "tools": ["search", "code", "url", "maps"],
        "thinking": [],
        "window_tokens": 2_097_152,
        "available": True,
        "unavailable_because": "",
    }
    of_key = client_for(alice).get(f"/api/keys/{key.pk}/models/").json()["models"]
    assert [one["available"] for one in of_key if one["id"] == XENON] == [True]
    chosen = client_for(alice).patch("/api/me/", {"ai_model": XENON}, format="json").json()
    assert (chosen["ai_model"], chosen["ai_model_note"]) == (XENON, "")


def test_a_model_that_no_key_of_ones_own_lists_cannot_be_chosen(alice, bob):
    make_key(owner=bob, listed_models=[XENON], listed_at=timezone.now())
    response = client_for(alice).patch("/api/me/", {"ai_model": XENON}, format="json")
    assert (response.status_code, list(response.json()["fields"])) == (400, ["ai_model"])
    assert XENON not in [model["id"] for model in models_for(alice)]


def test_a_model_of_tomorrow_can_be_lent(alice, bob):
    key = make_key(owner=alice, listed_models=[XENON, "x"], listed_at=timezone.now())
    loans = f"/api/keys/{key.pk}/loans/"
    said = {"borrower": "bob", "label": "team", "allowed_models": [XENON]}
    assert client_for(alice).post(loans, said, format="json").status_code == 201
    unknown = said | {"allowed_models": ["gemini-4-radon"]}
    assert client_for(alice).post(loans, unknown, format="json").status_code == 400
    client_for(bob).post(f"/api/keys/{key.pk}/select/")
    because = {model["id"]: model["unavailable_because"] for model in models_for(bob)}
    assert because[XENON] == ""
    assert because[FLASH] == "not_lent"


def test_a_key_that_was_refused_for_want_of_billing_says_so_before_it_is_asked(alice):
    key = make_key(
        owner=alice,
        listed_models=[catalogue.api_id(name) for name in (*SOME, NEON)],
        listed_at=timezone.now(),
        billing_refusals={NEON: timezone.now().isoformat()},
    )
    because = {model["id"]: model["unavailable_because"] for model in models_for(alice)}
    assert because[NEON] == because[PRO] == "billing_required"
    assert because["gemini-4-argon"] == "not_listed"
    assert because[FLASH] == because[LITE] == ""
    old = (timezone.now() - timedelta(days=1, seconds=1)).isoformat()
    UserApiKey.objects.filter(pk=key.pk).update(billing_refusals={NEON: old})
    assert available(alice)[PRO] is True


def test_an_end_is_told_with_what_to_choose(alice, monkeypatch):
    monkeypatch.setattr(catalogue, "_today", lambda: date(2026, 11, 28))
    make_key(owner=alice, listed_models=["gemini-2.5-pro"], listed_at=timezone.now())
    (pro,) = [model for model in models_for(alice) if model["id"] == "gemini-2.5-pro"]
    assert (pro["state"], pro["ends_on"]) == ("deprecated", "2026-12-01")
    assert pro["warning"] == "Gemini 2.5 Pro ends on 2026-12-01: choose Gemini 3 Flash."
    monkeypatch.setattr(catalogue, "_today", lambda: date(2026, 12, 1))
    assert "gemini-2.5-pro" not in [model["id"] for model in models_for(alice)]


def test_models_that_google_listed_for_the_selected_key_are_available(alice):
    listing(alice, FLASH, LITE)
    make_key(owner=alice, name="other", selected=False)
    assert available(alice) == {FLASH: True, PRO: False, LITE: True}


def test_nothing_is_known_without_a_key_without_a_list_and_from_an_old_one(alice, bob, charlie):
    make_key(owner=alice)
    listing(bob, FLASH, age=timedelta(days=1, seconds=1))
    assert available(alice) == available(bob) == available(charlie) == NOT_KNOWN


def test_of_a_lent_key_only_the_models_on_loan_are_available(alice, bob):
    key = listing(alice, FLASH, PRO, selected=False)
    loan = lend(key, bob, allowed_models=[PRO, LITE])
    client_for(bob).post(f"/api/keys/{key.pk}/select/")
    assert available(bob) == {FLASH: False, PRO: True, LITE: False}
    UserApiKey.objects.update(listed_at=None)
    assert available(bob) == {FLASH: False, PRO: None, LITE: None}
    KeyLoan.objects.filter(pk=loan.pk).update(allowed_models=[])
    assert available(bob) == NOT_KNOWN


def test_a_key_that_is_not_lent_any_more_tells_nothing(alice, bob):
    key = listing(alice, FLASH, selected=False)
    lend(key, bob)
    client_for(bob).post(f"/api/keys/{key.pk}/select/")
    assert available(bob)[FLASH] is True
    KeyLoan.objects.update(revoked_at=timezone.now())
    assert available(bob) == NOT_KNOWN


def test_charlie_learns_nothing_of_what_others_can_use(alice, charlie):
    listing(alice, FLASH)
    assert available(charlie) == NOT_KNOWN


def test_agents_say_what_they_make(alice):
    agents = client_for(alice).get("/api/agents/").json()
    assert [(agent["name"], agent["label"]) for agent in agents] == [
        ("text", "Text agent"),
        ("media", "Media agent"),
    ]
    assert agents[0]["outputs"] == []
    assert agents[1]["outputs"] == ["text", "image", "speech"]
    assert all(agent["description"] for agent in agents)


def test_voices_have_a_name_and_a_character(alice):
    voices = client_for(alice).get("/api/voices/").json()
    assert [voice["name"] for voice in voices] == list(VOICES)
    assert {"name": "Kore", "description": "Firm"} in voices


@pytest.mark.parametrize("path", ["/api/models/", "/api/agents/", "/api/voices/"])
def test_each_needs_a_token(client, path):
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
