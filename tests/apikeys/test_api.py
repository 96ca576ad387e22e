"""Keys over REST: the shapes, the refusals, and that nobody sees or touches another's."""

from __future__ import annotations

import uuid

import pytest
from django.forms.models import model_to_dict
from django.urls import get_resolver
from rest_framework.test import APIClient

from apikeys import master_key
from apikeys.models import UserApiKey
from apikeys.selectors import run_key
from apikeys.terms import BUDGETS
from tests.people import assert_secret_free, client_for, make_key, new_secret, new_style_secret

pytestmark = pytest.mark.django_db

FIELDS = {
    "id",
    "name",
    "lent",
    "tail",
    "is_active",
    "selected",
    "status",
    "status_detail",
    "quota_until",
    "expires_at",
    "allowed_models",
    "verified_at",
    "last_used_at",
    "last_success_at",
    "last_error",
    "created_at",
    "daily_tokens",
    "monthly_tokens",
    "daily_money",
    "monthly_money",
}


def add(user, /, **body):
    return client_for(user).post("/api/keys/", {"name": "work", **body}, format="json")


def marked(marker: str) -> str:
    """A key that the emulator treats as Google treats one in that state."""
    return new_secret(f"AIzaSy{marker}", 33 - len(marker))


@pytest.mark.parametrize("secret", [new_secret(), new_style_secret()])
def test_a_key_goes_in_and_never_comes_out(alice, google, secret):
    response = add(alice, key=f' "{secret}" \n')
    assert response.status_code == 201
    assert response.json().keys() == FIELDS
    assert response.json() == response.json() | {
        "name": "work",
        "tail": secret[-4:],
        "is_active": True,
        "selected": True,
        "status": "active",
        "status_detail": "",
        "last_used_at": None,
    }
    listed = client_for(alice).get("/api/keys/")
    assert listed.json() == [response.json()]
    for answer in (response, listed):
        assert "no-store" in answer["Cache-Control"]
        assert_secret_free(answer.content, secret)
    assert run_key(alice.pk, None).secret == secret


def test_a_name_keeps_its_joiners_and_nothing_else_that_cannot_be_seen(alice, google):
    named = add(alice, name="👨‍👩‍👧 می‌خواهم \u202ework\u200b", key=new_secret())
    assert named.json()["name"] == "👨‍👩‍👧 می‌خواهم work"

    path, unseen = f"/api/keys/{named.json()['id']}/", {"name": "\u202e\u200d"}
    renamed = client_for(alice).patch(path, unseen, format="json")
    assert (renamed.status_code, list(renamed.json()["fields"])) == (400, ["name"])


@pytest.mark.parametrize(
    ("marker", "code"),
    [("invalid", "invalid_key"), ("blocked", "key_blocked"), ("suspended", "key_blocked")],
)
def test_a_refused_key_is_not_stored_nor_repeated(alice, google, caplog, marker, code):
    caplog.set_level("DEBUG")
    secret = marked(marker)
    response = add(alice, key=secret)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert list(response.json()["fields"]) == ["key"]
    assert_secret_free(response.content, secret)
    assert_secret_free(caplog.text, secret)
    assert not UserApiKey.objects.exists()


def test_a_key_out_of_quota_is_stored(alice, google):
    assert add(alice, key=marked("quota")).json()["status"] == "quota"


def test_a_key_is_stored_unverified_while_google_cannot_be_reached(alice, caplog):
    caplog.set_level("DEBUG")
    secret = new_secret()
    response = add(alice, key=secret)
    assert (response.status_code, response.json()["status"]) == (201, "unverified")
    assert "unchecked" in response.json()["status_detail"]
    assert_secret_free(caplog.text, secret)


def test_verifying_later_tells_what_google_says(alice, google):
    key = make_key(owner=alice, secret=marked("blocked"), status="unverified")
    response = client_for(alice).post(f"/api/keys/{key.pk}/verify/")
    assert (response.status_code, response.json()["status"]) == (200, "blocked")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"key": "short"}, "key"),
        ({"key": ""}, "key"),
        ({"key": "\u200b"}, "key"),
        ({"key": None}, "key"),
        ({"key": ["x" * 39]}, "key"),
        ({"key": "x" * 600}, "key"),
        ({"key": "x" * 3000}, "key"),
        ({"key": "schl\u00fcssel" * 5}, "key"),
        ({}, "key"),
        ({"name": "", "key": "x" * 39}, "name"),
        ({"name": "n" * 101, "key": "x" * 39}, "name"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_not_repeated(alice, body, field):
    response = add(alice, **body)
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert "xxxx" not in response.content.decode()
    assert not UserApiKey.objects.exists()


def test_a_key_can_be_renamed_switched_and_selected(alice):
    first = make_key(owner=alice)
    second = make_key(owner=alice, name="second", selected=False)
    client = client_for(alice)
    assert client.post(f"/api/keys/{second.pk}/select/").json()["selected"] is True
    assert client.get("/api/me/").json()["selected_api_key"] == str(second.pk)
    path = f"/api/keys/{second.pk}/"
    renamed = client.patch(path, {"name": "third", "is_active": False}, format="json").json()
    assert (renamed["name"], renamed["is_active"], renamed["selected"]) == ("third", False, False)
    assert client.get("/api/me/").json()["selected_api_key"] is None
    refused = client.post(f"/api/keys/{second.pk}/select/")
    assert (refused.status_code, refused.json()["code"]) == (400, "key_inactive")
    assert client.patch(path, {"name": "work"}, format="json").json()["code"] == "duplicate_name"
    assert client.delete(path).status_code == 204
    assert list(UserApiKey.objects.all()) == [first]


def test_a_key_can_be_replaced(alice, google):
    key, secret = make_key(owner=alice), new_secret()
    body = {"key": secret}
    response = client_for(alice).post(f"/api/keys/{key.pk}/replace/", body, format="json")
    assert (response.status_code, response.json()["tail"]) == (200, secret[-4:])
    assert run_key(alice.pk, key.pk).secret == secret


def test_a_key_that_cannot_be_read_is_listed_and_can_be_replaced(alice, google, settings):
    key = make_key(owner=alice)
    settings.FERNET_KEYS = ["a new master key of enough length"]
    client = client_for(alice)
    verified = client.post(f"/api/keys/{key.pk}/verify/")
    assert (verified.status_code, verified.json()["status"]) == (200, "unreadable")
    assert client.get("/api/keys/").json()[0]["status"] == "unreadable"
    master_key.remember()  # the operator has given up the old master key
    body = {"key": new_secret()}
    assert client.post(f"/api/keys/{key.pk}/replace/", body, format="json").status_code == 200
    assert run_key(alice.pk, key.pk)


def test_only_what_may_be_written_is_written(alice, bob, google):
    names = {field.name for field in UserApiKey._meta.get_fields()}
    names -= {"name", "user", "expires_at", *BUDGETS}
    hostile = dict.fromkeys(names, "7") | {
        "id": str(uuid.uuid4()),
        "user": bob.pk,
        "owner": bob.pk,
        "user_id": bob.pk,
        "is_active": False,
        "status": "quota",
    }
    created = add(alice, **hostile, key=new_secret()).json()
    key = UserApiKey.objects.get()
    assert (key.user, created["status"], created["is_active"]) == (alice, "active", True)
    assert str(key.pk) != hostile["id"]
    before = model_to_dict(key) | {"secret": run_key(alice.pk, key.pk).secret}
    hostile |= {"is_active": True, "name": "work", "key": new_secret()}
    response = client_for(alice).patch(f"/api/keys/{key.pk}/", hostile, format="json")
    assert response.status_code == 200
    key.refresh_from_db()
    assert model_to_dict(key) | {"secret": run_key(alice.pk, key.pk).secret} == before


def routes() -> list[tuple[str, str, str]]:
    """Every way to name a key in an address; a new route belongs into this list."""
    return [
        ("patch", "key-detail", "/api/keys/{}/"),
        ("delete", "key-detail", "/api/keys/{}/"),
        ("post", "key-replace", "/api/keys/{}/replace/"),
        ("post", "key-select", "/api/keys/{}/select/"),
        ("post", "key-verify", "/api/keys/{}/verify/"),
        ("get", "key-models", "/api/keys/{}/models/"),
        ("get", "key-audit", "/api/keys/{}/audit/"),
        ("get", "key-usage", "/api/keys/{}/usage/"),
        ("get", "key-loans", "/api/keys/{}/loans/"),
        ("post", "key-loans", "/api/keys/{}/loans/"),
        ("delete", "key-loan", "/api/keys/{}/loans/6f1c6d5e-4f0e-4d0e-9d0c-b4cf6dc07b6f/"),
    ]


def test_the_list_of_routes_is_whole():
    named = {name for name in get_resolver().reverse_dict if str(name).startswith("key-")}
    assert named == {name for _, name, _ in routes()} | {"key-list", "key-audit-all"}


@pytest.mark.parametrize(("method", "name", "path"), routes())
def test_keys_of_others_are_not_there(alice, bob, google, method, name, path):
    key = make_key(owner=alice)
    before = UserApiKey.objects.filter(pk=key.pk).values().get()
    client = client_for(bob)
    body = {
        "name": "mine",
        "is_active": False,
        "key": new_secret(),
        "label": "x",
        "borrower": "bob",
    }
    body = body if method != "get" else None
    foreign = getattr(client, method)(path.format(key.pk), body, format="json")
    nowhere = getattr(client, method)(path.format(uuid.uuid4()), body, format="json")
    assert foreign.status_code == nowhere.status_code == 404
    assert foreign.content == nowhere.content
    assert UserApiKey.objects.filter(pk=key.pk).values().get() == before
    assert google.requests() == []


def test_a_list_holds_ones_own_only(alice, bob):
    make_key(owner=alice)
    assert client_for(bob).get("/api/keys/").json() == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_sees_keys_without_signing_in(method):
    response = getattr(APIClient(), method)("/api/keys/")
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


def test_a_list_costs_the_same_for_one_key_and_for_ten(alice, django_assert_num_queries):
    for number in range(10):
        make_key(owner=alice, name=str(number))
    client = client_for(alice)
    with django_assert_num_queries(4) as queries:  # the token, the selected, own and lent ones
        client.get("/api/keys/")
    assert not any("encrypted_key" in query["sql"] for query in queries.captured_queries)
