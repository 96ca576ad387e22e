"""How one's answers are made: tools, thinking, voice, a warning; and a model that is gone."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import UserProfile
from accounts.selectors import Choices, choices_of
from tests.people import client_for, make_key

pytestmark = pytest.mark.django_db

DEFAULTS = {
    "tools": ["search", "code", "url"],
    "thinking": "auto",
    "voice": "Kore",
    "warn_above_tokens": 50_000,
}


def patch(user, /, **body):
    return client_for(user).patch("/api/me/", body, format="json")


def me(user) -> dict[str, Any]:
    return client_for(user).get("/api/me/").json()


def store(user, **fields):
    UserProfile.objects.filter(user=user).update(**fields)


def test_whoever_chose_nothing_has_the_defaults(alice):
    assert me(alice) == me(alice) | DEFAULTS
    assert UserProfile.objects.get(user=alice).preferences == {}
    assert choices_of(alice.pk) == choices_of(0) == Choices()


def test_choices_are_kept_and_each_changes_alone(alice):
    key = make_key(owner=alice)
    patch(alice, fallback_keys=[str(key.pk)])
    chosen = {"tools": ["code"], "thinking": "high", "voice": "Puck", "warn_above_tokens": 9}
    for name, value in chosen.items():
        assert patch(alice, **{name: value}).json()[name] == value
    assert me(alice) == me(alice) | chosen | {"fallback_keys": [str(key.pk)]}
    assert patch(alice, **DEFAULTS).json() == me(alice) | DEFAULTS


def test_tools_are_each_there_once_and_in_one_order(alice):
    assert patch(alice, tools=["url", "search", "url"]).json()["tools"] == ["search", "url"]
    assert patch(alice, tools=[]).json()["tools"] == []


def test_a_warning_can_be_switched_off(alice):
    assert patch(alice, warn_above_tokens=None).json()["warn_above_tokens"] is None
    assert choices_of(alice.pk).warn_above_tokens is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("tools", bad) for bad in (["shell"], "search", ["search", 1], [["search"]], None, {})],
        *[("tools", ["search"] * 21), ("tools", ["x" * 10_000])],
        *[("thinking", bad) for bad in ("maximal", "", None, ["low"], "LOW", "x" * 10_000)],
        *[("voice", bad) for bad in ("Kermit", "", None, "kore", 7, "x" * 10_000)],
        *[("warn_above_tokens", bad) for bad in (0, -1, "many", 1.5, 10**10, [1])],
    ],
)
def test_what_is_not_on_offer_is_refused_by_its_field(alice, field, value):
    response = patch(alice, **{field: value, "ai_model": "gemini-3-pro"})
    assert (response.status_code, response.json()["code"]) == (400, "invalid")
    assert list(response.json()["fields"]) == [field]
    assert len(response.content) < 400
    assert me(alice) == me(alice) | DEFAULTS | {"ai_model": "gemini-3-flash"}


def test_choices_are_ones_own(alice, charlie):
    patch(alice, voice="Puck", tools=[])
    assert me(charlie) == me(charlie) | DEFAULTS
    patch(charlie, voice="Zephyr")
    assert me(alice)["voice"] == "Puck"


def test_all_choices_of_a_run_take_one_query(alice, django_assert_num_queries):
    key = make_key(owner=alice)
    patch(alice, tools=["url"], thinking="low", voice="Sulafat", warn_above_tokens=None)
    with django_assert_num_queries(1):
        choices = choices_of(alice.pk)
    assert choices == Choices(
        key_id=key.pk, tools=("url",), thinking="low", voice="Sulafat", warn_above_tokens=None
    )


def test_what_is_not_on_offer_any_more_is_as_if_it_was_never_chosen(alice):
    stored = {"tools": ["telepathy", "code"], "thinking": "ultra", "voice": "Kermit"}
    store(alice, preferences=stored)
    assert me(alice) == me(alice) | DEFAULTS | {"tools": ["code"]}


@pytest.mark.parametrize(
    ("stored", "answers", "note"),
    [
        ("gemini-3-pro", "gemini-3-pro", ""),
        ("gemini-3.8-flash", "gemini-3-flash", ""),
        ("gemini-3.7-flash", "gemini-3-flash", "gemini-3.7-flash, is not offered any more; Gemini"),
        ("gemini-4-neon", "gemini-4-neon", ""),
        ("gemini-4-xenon", "gemini-4-xenon", ""),  # a key may list it
        ("gemini-2.0-flash", "gemini-3-flash-lite", "Gemini 3 Flash-Lite answers."),
        ("gpt-9", "gemini-3-flash", "is not on offer here; Gemini 3 Flash answers."),
        ("gemini-3-image", "gemini-3-flash", "is not on offer here"),
        ("gemini-2.5-flash-image", "gemini-3-flash", "is not on offer here"),
    ],
)
def test_a_model_that_is_gone_is_replaced_and_that_is_said(alice, stored, answers, note):
    store(alice, ai_model=stored)
    said = me(alice)
    assert said["ai_model"] == choices_of(alice.pk).ai_model == answers
    assert note in said["ai_model_note"]
    assert bool(said["ai_model_note"]) is bool(note)
    assert patch(alice, ai_model="gemini-3-pro").json()["ai_model_note"] == ""
