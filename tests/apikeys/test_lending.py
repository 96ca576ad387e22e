"""Lending keys over REST: what each side sees, and that it ends when it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from apikeys import lending
from apikeys.audit import KeyAudit
from apikeys.models import KeyLoan, UserApiKey
from apikeys.selectors import run_key
from common.errors import AppError
from tests.people import assert_secret_free, client_for, lend, make_key, new_secret

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def offer(user, key, **body):
    body = {"label": "team key", **body}
    return client_for(user).post(f"/api/keys/{key.pk}/loans/", body, format="json")


def keys_seen(user) -> list[dict]:
    return client_for(user).get("/api/keys/").json()


def test_a_key_is_lent_seen_used_and_ended(alice, bob):
    secret = new_secret()
    key = make_key(owner=alice, secret=secret)
    made = offer(alice, key, borrower="bob", monthly_money="2.50", allowed_models=["gemini-3-pro"])
    assert made.status_code == 201
    terms = {
        "borrower": "bob",
        "group": None,
        "label": "team key",
        "monthly_money": "2.50",
        "allowed_models": ["gemini-3-pro"],
        "is_current": True,
    }
    assert made.json() == made.json() | terms
    path = f"/api/keys/{key.pk}/loans/"
    assert client_for(alice).get(path).json() == [made.json()]
    assert run_key(bob.pk, key.pk).secret == secret
    assert client_for(alice).delete(f"{path}{made.json()['id']}/").status_code == 204
    assert client_for(alice).get(path).json() == []
    assert keys_seen(bob) == []
    with pytest.raises(AppError, match="loan_ended"):
        run_key(bob.pk, key.pk)


def test_a_borrower_sees_the_label_and_the_terms_and_nothing_else(alice, bob):
    secret = new_secret()
    key = make_key(
        owner=alice,
        name="private name",
        secret=secret,
        monthly_tokens=777_777,
        last_error_code="quota",
        last_error_at=timezone.now(),
        last_used_at=timezone.now(),
        listed_models=["secret-model"],
    )
    UserApiKey.objects.update(status_detail="“private name” has a problem")
    lend(key, bob, daily_tokens=5000)
    response = client_for(bob).get("/api/keys/")
    [seen] = response.json()
    assert (seen["id"], seen["name"], seen["lent"]) == (str(key.pk), "team key", True)
    assert (seen["daily_tokens"], seen["monthly_tokens"]) == (5000, None)
    for hidden in ("tail", "verified_at", "last_used_at", "last_success_at", "last_error"):
        assert not seen[hidden]
    text = response.content.decode()
    for private in ("private", "777777", "alice", "secret-model", key.tail, key.fingerprint):
        assert private not in text
    assert_secret_free(text, secret)


@pytest.mark.parametrize("status", ["invalid", "blocked", "quota", "unreadable"])
def test_a_borrower_is_told_that_a_key_does_not_work_in_other_words(alice, bob, status):
    key = make_key(owner=alice, name="private name", status=status, status_detail="private name")
    lend(key, bob)
    [seen] = keys_seen(bob)
    assert seen["status"] == status
    assert seen["status_detail"]
    assert "private" not in seen["status_detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("patch", ""),
        ("delete", ""),
        ("post", "replace/"),
        ("post", "verify/"),
        ("get", "models/"),
        ("get", "audit/"),
        ("get", "loans/"),
        ("post", "loans/"),
    ],
)
def test_a_borrower_can_use_a_key_and_do_nothing_else_with_it(alice, bob, google, method, path):
    key = make_key(owner=alice)
    loan = lend(key, bob)
    body = {"name": "mine", "key": new_secret(), "label": "again", "borrower": "charlie"}
    client = client_for(bob)
    said = getattr(client, method)(
        f"/api/keys/{key.pk}/{path}", body if method != "get" else None, format="json"
    )
    assert (said.status_code, said.json()["code"]) == (404, "key_not_found")
    assert client.delete(f"/api/keys/{key.pk}/loans/{loan.pk}/").status_code == 404
    assert google.requests() == []
    assert KeyLoan.objects.get() == loan


def test_a_lent_key_can_be_chosen(alice, bob):
    key = make_key(owner=alice)
    lend(key, bob)
    said = client_for(bob).post(f"/api/keys/{key.pk}/select/").json()
    assert (said["name"], said["selected"], said["tail"]) == ("team key", True, "")
    assert keys_seen(bob)[0]["selected"] is True
    assert client_for(bob).get("/api/me/").json()["selected_api_key"] == str(key.pk)
    noted = KeyAudit.objects.get(what="select")
    assert (noted.actor, noted.owner) == (bob, alice)


def test_a_group_is_lent_to_by_its_members(alice, bob):
    key, group = make_key(owner=alice), Group.objects.create(name="team")
    bob.groups.add(group)
    assert offer(alice, key, group="team").json()["fields"].keys() == {"group"}
    alice.groups.add(group)
    assert offer(alice, key, group="team").json()["group"] == "team"
    assert [seen["lent"] for seen in keys_seen(alice)] == [False]
    assert [seen["name"] for seen in keys_seen(bob)] == ["team key"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "borrower"),
        ({"borrower": "bob", "group": "team"}, "borrower"),
        ({"borrower": "nobody"}, "borrower"),
        ({"borrower": "alice"}, "borrower"),
        ({"group": "nothing"}, "group"),
        ({"borrower": "bob", "label": ""}, "label"),
        ({"borrower": "bob", "label": "x" * 101}, "label"),
        ({"borrower": "bob", "daily_tokens": 0}, "daily_tokens"),
        ({"borrower": "bob", "ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"borrower": "bob", "allowed_models": ["gpt"]}, "allowed_models"),
        ({"borrower": "bob", "allowed_models": "gemini-3-pro"}, "allowed_models"),
    ],
)
def test_a_loan_that_makes_no_sense_is_refused(alice, bob, body, field):
    said = offer(alice, make_key(owner=alice), **body)
    assert (said.status_code, list(said.json()["fields"])) == (400, [field])
    assert not KeyLoan.objects.exists()


def test_a_key_is_lent_to_one_person_once_at_a_time(alice, bob):
    key = make_key(owner=alice)
    soon = timezone.now() + timedelta(hours=1)
    assert offer(alice, key, borrower="bob", ends_at=soon.isoformat()).status_code == 201
    assert offer(alice, key, borrower="bob").json()["code"] == "lent_already"
    KeyLoan.objects.update(ends_at=timezone.now())  # that hour is over
    assert offer(alice, key, borrower="bob").status_code == 201
    assert run_key(bob.pk, key.pk).name == "team key"


def test_the_number_of_loans_has_an_end(alice, bob, charlie, monkeypatch):
    monkeypatch.setattr(lending, "LOANS_PER_KEY", 1)
    key = make_key(owner=alice)
    assert offer(alice, key, borrower="bob").status_code == 201
    assert offer(alice, key, borrower="charlie").json()["code"] == "too_many_loans"


def test_a_loan_is_ended_once_and_by_its_own_key_only(alice, bob):
    key = make_key(owner=alice)
    other = make_key(owner=alice, name="other")
    loan = lend(key, bob)
    client = client_for(alice)
    assert client.delete(f"/api/keys/{other.pk}/loans/{loan.pk}/").status_code == 404
    for _ in range(2):
        assert client.delete(f"/api/keys/{key.pk}/loans/{loan.pk}/").status_code == 204
    assert KeyAudit.objects.filter(what="revoke").count() == 1


def test_loans_go_with_the_key_and_the_borrower(alice, bob, charlie):
    key = make_key(owner=alice)
    lend(key, bob)
    lend(key, charlie)
    bob.delete()
    assert KeyLoan.objects.count() == 1
    key.delete()
    assert not KeyLoan.objects.exists()
    assert keys_seen(charlie) == []
