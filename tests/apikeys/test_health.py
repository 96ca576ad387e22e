"""Whether keys work: told by use, by checks, and by the passing of dates."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from apikeys import health, verification
from apikeys.audit import KeyAudit
from apikeys.models import GoogleCheck, UserApiKey
from common.errors import AppError
from gemini.errors import MESSAGES, GeminiError
from gemini.keys import KeyCheck
from gemini.model_info import ListedModel
from tests.people import client_for, make_key, new_secret

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def report(key: UserApiKey, code: str | None, retry_after_s: float | None = None) -> UserApiKey:
    health.key_report(key_id=key.pk, code=code, retry_after_s=retry_after_s)
    key.refresh_from_db()
    return key


def shown(user, number: int = 0) -> dict:
    return client_for(user).get("/api/keys/").json()[number]


def test_a_call_that_worked_is_a_success_and_clears_what_was(alice):
    key = make_key(owner=alice)
    report(key, "quota", 60)
    report(key, None)
    assert (key.status, key.quota_until, key.last_error_code) == ("active", None, "quota")
    assert key.last_success_at == key.last_used_at
    said = shown(alice)
    assert (said["status"], said["status_detail"]) == ("active", "")
    assert said["last_error"]["message"] == MESSAGES["quota"]


def test_a_key_is_out_of_quota_until_a_time_and_then_works_again(alice):
    key = report(make_key(owner=alice), "quota", 3600)
    assert (key.health, key.quota_until - key.last_error_at) == ("quota", timedelta(hours=1))
    said = shown(alice)
    assert (said["status"], bool(said["quota_until"])) == ("quota", True)
    UserApiKey.objects.update(quota_until=timezone.now())
    said = shown(alice)
    assert (said["status"], said["status_detail"]) == ("active", "")


def test_out_of_quota_without_a_time_lasts_until_something_works(alice):
    key = report(make_key(owner=alice), "quota")
    assert (key.health, key.quota_until) == ("quota", None)
    assert report(key, None).health == "active"


@pytest.mark.parametrize("code", ["overloaded", "timeout", "unreachable", "model_gone"])
def test_troubles_of_google_are_noted_and_say_nothing_of_the_key(alice, code):
    key = report(make_key(owner=alice), code)
    assert (key.status, key.last_error_code) == ("active", code)
    assert shown(alice)["last_error"] == shown(alice)["last_error"] | {
        "code": code,
        "message": MESSAGES[code],
    }


@pytest.mark.parametrize("code", ["blocked", "too_long", "limit_reached", "interrupted"])
def test_troubles_with_a_question_are_not_the_keys(alice, code):
    key = report(make_key(owner=alice), code)
    assert (key.status, key.last_error_code, bool(key.last_used_at)) == ("active", "", True)


def test_a_key_past_its_date_says_so_whatever_else_it_is(alice):
    make_key(owner=alice, expires_at=timezone.now() - timedelta(seconds=1), status="quota")
    said = shown(alice)
    assert (said["status"], said["status_detail"]) == ("expired", health.EXPIRED)


def test_a_replaced_key_starts_over(alice, google):
    key = report(make_key(owner=alice), "invalid_key")
    path = f"/api/keys/{key.pk}/replace/"
    said = client_for(alice).post(path, {"key": new_secret()}, format="json").json()
    assert (said["status"], said["last_error"], said["quota_until"]) == ("active", None, None)


def test_many_keys_are_checked_a_few_at_a_time(alice):
    keys = [make_key(owner=alice, name=str(number)) for number in range(40)]
    at_once, most, lock = 0, 0, threading.Lock()
    together = threading.Barrier(verification.THREADS, timeout=5)

    def check(secret: str) -> KeyCheck:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        together.wait()
        with lock:
            at_once -= 1
        return KeyCheck("quota", "quota", 30.0)

    found = list(verification.keys_verify(keys, check=check))
    assert [key.pk for key in found] == [key.pk for key in keys]
    assert {key.health for key in found} == {"quota"}
    assert most <= verification.THREADS


def test_a_key_that_does_not_open_stops_no_check_of_the_others(alice, settings):
    lost = make_key(owner=alice, name="lost")
    settings.FERNET_KEYS = ["a new master key of enough length"]
    good = make_key(owner=alice, name="good")
    found = verification.keys_verify([lost, good], check=lambda secret: KeyCheck("active"))
    assert [key.status for key in found] == ["unreadable", "active"]


def test_a_person_can_have_so_many_checks_in_a_minute(alice, bob, google, monkeypatch):
    monkeypatch.setattr(verification, "CHECKS_PER_MINUTE", 2)
    key, other = make_key(owner=alice), make_key(owner=bob)
    client = client_for(alice)
    for _ in range(2):
        assert client.post(f"/api/keys/{key.pk}/verify/").status_code == 200
    UserApiKey.objects.update(listed_at=None)
    for refused in (
        client.post(f"/api/keys/{key.pk}/verify/"),
        client.get(f"/api/keys/{key.pk}/models/"),
        client.post("/api/keys/", {"name": "n", "key": new_secret()}, format="json"),
        client.post(f"/api/keys/{key.pk}/replace/", {"key": new_secret()}, format="json"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_checks")
        assert 1 <= int(refused["Retry-After"]) <= 60
    assert client_for(bob).post(f"/api/keys/{other.pk}/verify/").status_code == 200
    GoogleCheck.objects.update(at=timezone.now() - timedelta(minutes=2))
    assert client.post(f"/api/keys/{key.pk}/verify/").status_code == 200
    assert GoogleCheck.objects.filter(user=alice).count() == 1


def test_the_models_of_a_key_are_asked_for_once_a_day(alice, google):
    secret = new_secret()
    key = make_key(owner=alice, secret=secret)
    client = client_for(alice)
    said = client.get(f"/api/keys/{key.pk}/models/").json()
    assert client.get(f"/api/keys/{key.pk}/models/").json() == said
    google.requests(key=secret, count=1, ended=True)
    assert len(google.requests(key=secret)) == 1
    by_id = {model["id"]: model for model in said["models"]}
    assert by_id["gemini-3-flash-lite"] == {
        "id": "gemini-3-flash-lite",
        "label": "Gemini 3 Flash-Lite",
        "api_id": "gemini-3.5-flash-lite",
        "kind": "chat",
        "available": True,
    }
    UserApiKey.objects.update(listed_at=timezone.now() - timedelta(days=2))
    client.get(f"/api/keys/{key.pk}/models/")
    assert len(google.requests(key=secret, count=2, ended=True)) == 2


def test_a_model_google_does_not_list_is_not_available(alice):
    key = make_key(owner=alice)
    offered = verification.key_models(
        key=key, fetch=lambda secret: (ListedModel("gemini-3.5-flash-lite"),)
    )
    available = {one.model.name for one in offered if one.available}
    assert available == {"gemini-3-flash-lite"}


def test_no_list_is_an_error_that_is_noted_on_the_key(alice):
    key = make_key(owner=alice)

    def refuse(secret: str) -> tuple[str, ...]:
        raise GeminiError("key_blocked")

    with pytest.raises(AppError) as caught:
        verification.key_models(key=key, fetch=refuse)
    assert (caught.value.code, caught.value.status) == ("key_blocked", 502)
    key.refresh_from_db()
    assert (key.status, key.listed_at) == ("blocked", None)


def test_a_check_by_a_command_is_audited_when_it_changes_something(alice, google):
    from django.core.management import call_command

    make_key(owner=alice)
    call_command("verifykeys", "--user", "alice")
    assert not KeyAudit.objects.exists()
    UserApiKey.objects.update(status="unverified")
    call_command("verifykeys")
    row = KeyAudit.objects.get()
    assert (row.what, row.via, row.actor, row.detail) == ("verify", "command", None, "active")
