"""Who reads the whole database gets in nowhere with what stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import AsyncClient, Client
from rest_framework.test import APIClient

from accounts import tokens
from accounts.sessions import SessionStore
from accounts.tokens import authenticate, issue
from conversations.files.signed_urls import signed_url
from tests.conversations.factories import answered_run, make_artifact
from tests.people import PASSWORD, make_key, make_user

pytestmark = pytest.mark.django_db

USERS = "/admin/auth/user/"
SHORTEST = 20  # what opens anything is longer
SKIPPED = {"auth.permission", "contenttypes.contenttype"}  # the same on every server


@pytest.fixture
def root() -> User:
    return make_user("root", is_staff=True, is_superuser=True)


def signed_in(user: User) -> Client:
    client = Client()
    body = {"username": user.username, "password": PASSWORD}
    assert client.post("/admin/login/?next=/admin/", body).status_code == 302
    return client


def dump() -> Iterator[str]:
    """Every value of every row of every table, as text."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.label_lower in SKIPPED:
            continue
        for row in model._base_manager.values_list(*[f.attname for f in model._meta.fields]):
            yield from {str(value) for value in row} | {
                value.hex for value in row if hasattr(value, "hex") and hasattr(value, "bytes_le")
            }


def test_no_value_of_the_database_is_a_way_in(root, alice):
    make_key(owner=root)
    browser = signed_in(root)
    assert browser.get(USERS).status_code == 200
    tokens.issue(root)
    artifact = make_artifact(root, data=b"x", mime_type="text/plain", run=answered_run(root))
    path = f"/api/files/{artifact.pk}/"
    values = {value for value in dump() if value.isascii() and "\n" not in value}
    values = {value for value in values if len(value) >= SHORTEST}
    assert len(values) > 20
    assert Session.objects.get().session_key in values
    for value in values:
        client = Client()
        client.cookies["sessionid"] = value
        assert client.get(USERS).status_code == 302, "a session"
        assert APIClient().get(path, {"link": value}).status_code in (401, 404), "a link"
        bearer = APIClient()
        bearer.credentials(HTTP_AUTHORIZATION=f"Bearer {value}")
        assert bearer.get("/api/me/").status_code == 401, "an access token"
        refresh = APIClient().post("/api/token/refresh/", {"refresh": value}, format="json")
        assert refresh.status_code in (400, 401), "a refresh token"
    assert browser.get(USERS).status_code == 200  # and all that did no harm


def test_the_cookie_is_not_in_the_table(root):
    cookie = signed_in(root).cookies["sessionid"].value
    assert len(cookie) == 32
    assert cookie not in set(dump())
    assert not Session.objects.filter(session_key=cookie).exists()


def test_signing_out_of_the_admin_removes_the_row(root):
    browser = signed_in(root)
    browser.post("/admin/logout/")
    assert not Session.objects.exists()


def test_signing_in_gives_another_cookie(root):
    browser = signed_in(root)
    first = browser.cookies["sessionid"].value
    browser.post("/admin/logout/")
    browser.post("/admin/login/?next=/admin/", {"username": "root", "password": PASSWORD})
    assert browser.cookies["sessionid"].value != first
    assert Session.objects.count() == 1


@pytest.mark.django_db(transaction=True)
async def test_the_asynchronous_half_finds_the_same_rows():
    store = SessionStore()
    await store.aset("word", "kept")
    await store.asave()
    again = SessionStore(store.session_key)
    assert await again.aget("word") == "kept"
    assert SessionStore(store.session_key).session_key == store.session_key
    assert not await SessionStore().aexists("something else")
    row = await Session.objects.aget()
    assert await SessionStore(row.session_key).aget("word") is None
    await again.adelete()
    assert await Session.objects.acount() == 0
    assert (await AsyncClient().get("/admin/")).status_code == 302


@pytest.mark.parametrize("other", ["SECRET_KEY", "JWT_SIGNING_KEY"])
def test_a_link_needs_more_than_one_secret(alice, settings, other):
    artifact = make_artifact(alice, data=b"x", mime_type="text/plain", run=answered_run(alice))
    path = f"/api/files/{artifact.pk}/"
    sign_in = authenticate(issue(alice).access).sign_in
    subject = f"{artifact.pk.hex}.{alice.pk}.0.{sign_in.family_id.hex}"
    forged = signing.TimestampSigner(salt="conversations.files.signed_urls").sign(subject)
    assert APIClient().get(path, {"link": forged.removeprefix(f"{subject}:")}).status_code == 404
    link = parse_qs(urlsplit(signed_url(artifact, sign_in).url).query)["link"][0]
    assert APIClient().get(path, {"link": link}).status_code == 200
    setattr(settings, other, "another secret of enough length, for this test")
    assert APIClient().get(path, {"link": link}).status_code == 404
