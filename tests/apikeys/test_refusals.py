"""Keys that Google refuses for a reason that lies elsewhere, in front of the emulator."""

from __future__ import annotations

import pytest

from apikeys import health, verification
from apikeys.models import UserApiKey
from tests.people import client_for, make_key

pytestmark = pytest.mark.django_db


def add(user, secret):
    return client_for(user).post("/api/keys/", {"name": "work", "key": secret}, format="json")


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("region", "server stands"),
        ("noapi", "not enabled"),
        ("website", "websites"),
        ("ipbound", "address"),
    ],
)
def test_a_key_that_cannot_be_checked_from_here_is_kept_with_the_reason(
    alice, google, marker, words
):
    answer = add(alice, google.new_key(marker))
    assert answer.status_code == 201
    told = answer.json()
    assert told["status"] == "unverified"
    assert told["status_detail"].startswith("This key cannot be checked from here.")
    assert words in told["status_detail"]
    assert len(told["status_detail"]) <= 300


@pytest.mark.parametrize(
    ("marker", "code", "words"),
    [("standard", "key_type", "AQ."), ("blocked", "key_blocked", "published")],
)
def test_a_key_that_works_nowhere_is_refused_in_its_own_words(alice, google, marker, code, words):
    answer = add(alice, google.new_key(marker))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert words in answer.json()["message"]
    assert not UserApiKey.objects.exists()


@pytest.mark.parametrize(
    ("marker", "status"),
    [("region", "active"), ("website", "limited"), ("noapi", "limited"), ("standard", "invalid")],
)
def test_the_check_of_a_key_that_worked_blames_it_for_what_is_its_own(
    alice, google, marker, status
):
    key = make_key(owner=alice, secret=google.new_key(marker))
    verified = verification.key_verify(key=key, check=verification.check_with_google)
    assert verified.status == status
    assert verified.status_detail


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("billing", "limited"),
        ("key_restricted", "limited"),
        ("api_disabled", "limited"),
        ("key_type", "invalid"),
        ("billing_required", "active"),
        ("model_forbidden", "active"),
        ("region", "active"),
        ("file_refused", "active"),
        ("history_refused", "active"),
    ],
)
def test_a_run_says_of_the_key_what_is_the_keys(alice, code, status):
    key = make_key(owner=alice)
    health.key_report(key_id=key.pk, code=code, message="In these words.")
    key.refresh_from_db()
    assert key.status == status
    assert key.status_detail == ("" if status == "active" else "In these words.")
    health.key_report(key_id=key.pk, code=None)
    key.refresh_from_db()
    assert (key.status, key.status_detail) == ("active", "")
