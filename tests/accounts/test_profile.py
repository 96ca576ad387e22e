"""One's own profile: everybody has one, and only what may be chosen can be changed."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command

from accounts.models import UserProfile
from accounts.selectors import profile_of
from gemini import catalogue
from tests.people import client_for, make_key

pytestmark = pytest.mark.postgresql


def test_a_superuser_from_the_command_line_has_a_profile(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "an entirely different secret")
    arguments = {"username": "root", "email": "root@example.com", "interactive": False}
    call_command("createsuperuser", **arguments, stdout=io.StringIO())
    assert UserProfile.objects.get(user__username="root").ai_model == catalogue.DEFAULT_MODEL


def test_a_user_made_in_bulk_gets_the_profile_when_it_is_asked_for(db):
    [dora] = User.objects.bulk_create([User(username="dora")])
    assert client_for(dora).get("/api/me/").json()["ai_model"] == catalogue.DEFAULT_MODEL
    assert profile_of(User.objects.get(pk=dora.pk)).pk == dora.pk


def test_me_shows_the_profile(alice):
    key = make_key(owner=alice)
    response = client_for(alice).get("/api/me/")
    assert response.status_code == 200
    assert response.json() == {
        "id": str(alice.pk),
        "username": "alice",
        "email": "alice@example.com",
        "ai_model": "gemini-3-flash",
        "ai_model_note": "",
        "selected_api_key": str(key.pk),
        "fallback_keys": [],
        "tools": ["search", "code", "url"],
        "thinking": "auto",
        "voice": "Kore",
        "warn_above_tokens": 50_000,
        "instructions": "",
        "date_joined": alice.date_joined.isoformat().replace("+00:00", "Z"),
        "notices": [],
    }


def patch(user, /, **body):
    return client_for(user).patch("/api/me/", body, format="json")


def test_model_and_key_can_be_chosen(alice):
    key = make_key(owner=alice, selected=False)
    response = patch(alice, ai_model="gemini-3-pro", selected_api_key=str(key.pk))
    assert response.status_code == 200
    assert response.json()["ai_model"] == "gemini-3-pro"
    assert response.json()["selected_api_key"] == str(key.pk)
    assert patch(alice, selected_api_key=None).json()["selected_api_key"] is None


@pytest.mark.parametrize("name", ["gpt-9", "", "gemini-3-image", "../../etc", "gemini-3.8-flash"])
def test_only_models_on_offer_can_be_chosen(alice, name):
    response = patch(alice, ai_model=name)
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["ai_model"]
    assert profile_of(alice).ai_model == catalogue.DEFAULT_MODEL


def test_a_foreign_key_is_refused_like_one_that_is_not_there(alice, bob):
    foreign = make_key(owner=bob)
    one = patch(alice, selected_api_key=str(foreign.pk))
    other = patch(alice, selected_api_key="00000000-0000-4000-8000-000000000000")
    assert one.status_code == other.status_code == 404
    assert one.content == other.content
    assert patch(alice).json()["selected_api_key"] is None


def test_an_inactive_key_cannot_be_chosen(alice):
    key = make_key(owner=alice, selected=False, is_active=False)
    response = patch(alice, selected_api_key=str(key.pk))
    assert (response.status_code, response.json()["code"]) == (400, "key_inactive")


def test_a_change_is_made_whole_or_not_at_all(alice, bob):
    foreign = make_key(owner=bob)
    patch(alice, ai_model="gemini-3-pro", selected_api_key=str(foreign.pk))
    assert UserProfile.objects.get(user=alice).ai_model == catalogue.DEFAULT_MODEL


def test_nothing_else_can_be_written(alice, bob):
    before = User.objects.filter(pk=alice.pk).values().get()
    fields = {field.name for field in (*User._meta.get_fields(), *UserProfile._meta.get_fields())}
    body = dict.fromkeys(fields - {"ai_model", "selected_api_key"}, "7")
    assert patch(alice, **body | {"user_id": bob.pk}).status_code == 200
    assert User.objects.filter(pk=alice.pk).values().get() == before
    assert UserProfile.objects.get(user=alice).token_version == 0
    assert UserProfile.objects.get(user=alice).preferences == {}


def test_a_value_that_is_no_id_is_not_repeated(alice):
    response = patch(alice, selected_api_key="AIzaSy-pasted-into-the-wrong-field")
    assert response.status_code == 400
    assert "AIzaSy" not in response.content.decode()


def test_a_profile_refuses_keys_of_others(alice, bob):
    profile = profile_of(alice)
    profile.selected_api_key = make_key(owner=bob)
    with pytest.raises(ValidationError):
        profile.full_clean()
