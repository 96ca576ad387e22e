"""A key typed where none belongs is refused at every text that is stored, and not repeated."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import RequestFactory
from drf_spectacular.generators import SchemaGenerator

from accounts.services import register
from apikeys.lending import loan_add
from apikeys.models import UserApiKey
from apikeys.services import key_rename, key_store
from apikeys.verification import CheckedKey
from common.errors import AppError
from common.keylike import (
    CODE,
    ELSEWHERE,
    looks_like_key,
    validate_no_key,
    without_keys,
)
from conversations.files.artifacts import artifact_upload
from conversations.models import Thread
from conversations.threads import thread_create, thread_rename, title_from
from tests.people import (
    KEY_LETTERS,
    assert_secret_free,
    client_for,
    make_key,
    make_user,
    new_secret,
    new_style_secret,
)

KEY = "AIzaSy" + KEY_LETTERS[:33]
NEW_KEY = "AQ.Ab" + KEY_LETTERS[:45]
WRITTEN = {
    "old": KEY,
    "new": NEW_KEY,
    "in words": f"my key is {KEY}, keep it",
    "assigned": f"GEMINI_API_KEY={KEY}",
    "behind an underscore": f"_{KEY}",
    "in quotes": f"“{NEW_KEY}”",
    "with an invisible sign": f"{KEY[:9]}\u200b{KEY[9:]}",
    "over two lines": f"{KEY[:20]}\r\n{KEY[20:]}",
    "after a line": f"key\n{KEY[:20]}\n{KEY[20:]}",
    "in an address": f"https://x.example/?key={KEY}&a=b",
}
ORDINARY = [
    "",
    "What does a key that starts with AIza look like?",
    f"dXNl{KEY}",  # in the middle of other letters: chance, in base64
    "See FAQ.How_to_make_a_very_long_file_name",
    "AQ. and AQ.short",
    "gAAAA",
]


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN.keys())
def test_a_text_with_a_key_looks_like_one(text):
    assert looks_like_key(text)
    with pytest.raises(forms.ValidationError) as caught:
        validate_no_key(text)
    assert (caught.value.code, caught.value.message) == (CODE, ELSEWHERE)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_does_not(text):
    assert not looks_like_key(text)
    validate_no_key(text)


def test_a_title_hides_a_key_that_was_sent_on_purpose():
    assert title_from(f"Is {KEY} a key?") == "Is [key] a key?"
    assert without_keys("plain") == "plain"


# REST: every text field of every request, by the schema


def bodies() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Method, path and field of every text in a request, and a body with a key there."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    shapes = schema["components"]["schemas"]
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            shape = content.get("application/json", {}).get("schema", {})
            name = shape.get("$ref", "").rpartition("/")[2]
            for field, kind in shapes.get(name, shape).get("properties", {}).items():
                kinds = kind.get("oneOf", [kind])
                is_text = any(
                    one.get("type") == "string" and one.get("format") != "uuid" for one in kinds
                )
                many = kind.get("items", {})
                if is_text and not kind.get("writeOnly"):
                    yield method, path, field, {field: KEY}
                elif kind.get("type") == "array" and many.get("type") == "string":
                    yield method, path, field, {field: ["x", KEY]}


FIELDS = [one for one in bodies() if one[2] != "refresh"]
STORED = {("post", "/api/keys/", "name"), ("patch", "/api/keys/{key_id}/", "name")}
STORED |= {("post", "/api/threads/", "title"), ("patch", "/api/threads/{thread_id}/", "title")}
STORED |= {("post", "/api/keys/{key_id}/loans/", "label"), ("post", "/api/register/", "username")}
STORED |= {("post", "/api/register/", "email")}


def test_the_fields_that_are_stored_are_among_those_tried():
    assert {one[:3] for one in FIELDS} >= STORED


@pytest.mark.parametrize("one", FIELDS, ids=lambda one: " ".join(one[:3]))
def test_a_key_in_any_text_field_of_rest_is_refused(alice, settings, one):
    method, path, field, body = one
    settings.ALLOW_REGISTRATION = True
    key, thread = make_key(owner=alice), thread_create(owner_id=alice.pk)
    path = path.format_map({"key_id": key.pk, "thread_id": thread.pk, "id": key.pk})
    response = getattr(client_for(alice), method)(path, body, format="json")
    assert response.status_code == 400
    assert response.json() == {"code": CODE, "message": ELSEWHERE, "fields": {field: [ELSEWHERE]}}
    assert_secret_free(_dump(), KEY)


def test_the_name_of_a_file_is_refused_and_nothing_kept(alice):
    for name in (f"{KEY}.txt", f"../{NEW_KEY}"):
        file = io.BytesIO(b"words")
        file.name = name
        response = client_for(alice).post("/api/files/", {"file": file}, format="multipart")
        assert (response.status_code, response.json()["code"]) == (400, CODE)
    assert_secret_free(_dump(), KEY)


def test_a_secret_where_one_belongs_is_taken(alice, settings):
    sent = {"username": "alice", "password": KEY}
    assert client_for(alice).post("/api/token/", sent, format="json").status_code == 401
    passwords = {"current_password": "correct horse battery staple", "new_password": KEY}
    assert client_for(alice).post("/api/me/password/", passwords, format="json").status_code == 200


# the services, which every door goes through


def test_no_service_stores_a_key_as_a_name(alice, bob, settings):
    settings.ALLOW_REGISTRATION = True
    key, thread = make_key(owner=alice), thread_create(owner_id=alice.pk, title="Mine")
    with_key = f"my {KEY}"
    for store in (
        lambda: key_rename(key=key, name=with_key),
        lambda: loan_add(key=key, to=bob, label=with_key),
        lambda: thread_create(owner_id=alice.pk, title=with_key),
        lambda: thread_rename(owner_id=alice.pk, thread_id=thread.pk, title=with_key),
        lambda: register(username=KEY, password="x" * 20, email="", address="::1"),
        lambda: artifact_upload(
            owner_id=alice.pk, file=io.BytesIO(b"a"), size_bytes=1, name=f"{KEY}.txt"
        ),
    ):
        with pytest.raises(AppError) as caught:
            store()
        assert (caught.value.code, caught.value.message) == (CODE, ELSEWHERE)
        assert_secret_free(str(caught.value), KEY)
    assert_secret_free(_dump(), KEY)


@pytest.mark.parametrize("secret", [new_secret(), new_style_secret(), "a-form-nobody-knows-yet-1"])
def test_a_key_is_not_its_own_name_or_that_of_another(alice, secret):
    checked = CheckedKey(secret, {"status": "active"})
    with pytest.raises(AppError) as caught:
        key_store(owner=alice, name=f"it is {secret}", checked=checked)
    assert caught.value.code == CODE
    key_store(owner=alice, name="work", checked=checked)
    other = make_key(owner=alice, name="other")
    with pytest.raises(AppError) as caught:
        key_rename(key=other, name=secret)
    assert caught.value.code == CODE
    assert_secret_free(_dump(), secret)


def test_the_command_refuses_a_name_that_is_a_key(alice, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(new_secret()))
    with pytest.raises(CommandError, match="looks like a Gemini key"):
        call_command("createkey", "alice", name=KEY)
    assert not UserApiKey.objects.exists()


# the admin: every text field of every form


@pytest.mark.parametrize("page", admin.site._registry.items(), ids=lambda page: page[0].__name__)
def test_no_form_of_the_admin_takes_a_key_as_text(db, page):
    _, model_admin = page
    request = RequestFactory().get("/admin/")
    request.user = make_user("root", is_superuser=True, is_staff=True)
    request.user.user_permissions.set(Permission.objects.all())
    if not model_admin.has_add_permission(request):
        return
    form = model_admin.get_form(request, None, change=False)
    texts = [
        field
        for name, field in form.base_fields.items()
        if isinstance(field, forms.CharField) and "password" not in name and name != "secret"
    ]
    for field in texts:
        with pytest.raises(forms.ValidationError, match="looks like a Gemini key"):
            field.run_validators(KEY)
    assert texts


def _dump() -> str:
    written = io.StringIO()
    call_command("dumpdata", stdout=written, exclude=["contenttypes", "auth.permission"])
    return written.getvalue() + repr(list(Thread.objects.values_list("title")))
