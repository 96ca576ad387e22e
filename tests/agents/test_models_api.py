"""What there is to choose from: models and which of them a key may use, agents, voices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agents.core import catalogue
from agents.core.voices import VOICES
from apikeys.models import KeyLoan, UserApiKey
from tests.people import client_for, lend, make_key

pytestmark = pytest.mark.django_db

FLASH, PRO, LITE = "gemini-3-flash", "gemini-3-pro", "gemini-3-flash-lite"
NOT_KNOWN = dict.fromkeys((FLASH, PRO, LITE))


def models_for(user) -> list[dict[str, Any]]:
    return client_for(user).get("/api/models/").json()


def available(user) -> dict[str, bool | None]:
    return {model["id"]: model["available"] for model in models_for(user)}


def listing(owner, *names: str, age: timedelta = timedelta(0), **fields: Any) -> UserApiKey:
    """A key whose models Google listed some time ago."""
    listed = [catalogue.api_id(name) for name in names]
    return make_key(owner=owner, listed_models=listed, listed_at=timezone.now() - age, **fields)


def test_models_are_those_for_conversation(alice):
    models = models_for(alice)
    assert [model["id"] for model in models] == [model.name for model in catalogue.chat_models()]
    assert [model["id"] for model in models if model["default"]] == [FLASH]
    assert models[0] == {
        "id": FLASH,
        "label": "Gemini 3 Flash",
        "description": "Fast and capable; right for most questions.",
        "default": True,
        "tools": ["search", "code", "url"],
        "thinking": ["low", "medium", "high"],
        "window_tokens": 1_048_576,
        "available": None,
    }


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
