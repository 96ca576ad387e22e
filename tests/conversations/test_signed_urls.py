"""Addresses that open a file without a token: one file, for five minutes."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.core.signing import TimestampSigner
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.test import APIClient

from accounts import tokens
from accounts.services import password_change, sessions_end
from conversations.models import Artifact
from tests.conversations.samples import picture, uploaded
from tests.conversations.test_files import NOBODY, address, link, not_there
from tests.people import PASSWORD, client_for

pytestmark = pytest.mark.django_db


def test_a_signed_address_opens_the_file_without_a_token_for_five_minutes(alice):
    artifact = uploaded(alice, picture(), "bee.png")
    before = timezone.now()

    answer = client_for(alice).post(f"{address(artifact)}link/").json()

    expires_at, lasts = parse_datetime(answer["expires_at"]), timedelta(minutes=5)
    assert before + lasts - timedelta(seconds=1) <= expires_at <= timezone.now() + lasts
    assert answer["url"].startswith(f"{address(artifact)}?link=")
    got = NOBODY.get(answer["url"])
    with artifact.file.open() as file:
        assert (got.status_code, got.content) == (200, file.read())
    assert got["Content-Disposition"] == 'inline; filename="bee.png"'
    assert got["Cache-Control"] == "private, no-store"
    assert NOBODY.head(answer["url"]).status_code == 200


def test_a_signed_address_tells_nothing_of_its_owner(alice):
    url = link(alice, uploaded(alice))
    (signature,) = parse_qs(urlsplit(url).query)["link"]
    stamp, mac = signature.split(":")
    assert (len(stamp), len(mac)) == (6, 43)


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: f"{s}x", lambda s: s[::-1]])
def test_a_tampered_signature_opens_nothing(alice, change):
    path, _, signature = link(alice, uploaded(alice)).partition("?link=")

    assert not_there(NOBODY.get(path, {"link": change(signature)}))


@pytest.mark.parametrize("made_up", ["", ":", "a:b", "a:b:c", "é", "\0", "x" * 5000, "\ud83d"])
def test_a_made_up_signature_opens_nothing(alice, made_up):
    made_up = made_up.encode("utf-8", "surrogatepass")
    assert not_there(NOBODY.get(address(uploaded(alice)), {"link": made_up}))


def test_a_signature_is_good_for_one_file_only(alice, bob):
    mine, other, foreign = uploaded(alice), uploaded(alice), uploaded(bob)
    signature = link(alice, mine).partition("?link=")[2]

    for artifact in (other, foreign):
        assert not_there(NOBODY.get(address(artifact), {"link": signature}))
        assert not_there(client_for(alice).get(address(artifact), {"link": signature}))
    assert not_there(NOBODY.get(f"/api/files/{uuid4()}/", {"link": signature}))
    assert not_there(NOBODY.get("/api/files/x/", {"link": signature}))


def test_a_signature_of_something_else_of_ours_is_none(alice):
    artifact = uploaded(alice)
    subject = f"{artifact.pk.hex}.{alice.pk}.0"
    signature = TimestampSigner(salt="elsewhere").sign(subject).removeprefix(f"{subject}:")

    assert not_there(NOBODY.get(address(artifact), {"link": signature}))


def test_a_lapsed_signature_opens_nothing(alice, monkeypatch):
    url = link(alice, uploaded(alice))
    now = timezone.now().timestamp()

    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 290)
    assert NOBODY.get(url).status_code == 200
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + 302)
    assert not_there(NOBODY.get(url))


@pytest.mark.parametrize("end", ["everywhere", "password", "inactive", "deleted"])
def test_what_ends_every_sign_in_ends_signed_addresses(alice, end):
    artifact = uploaded(alice)
    url = link(alice, artifact)
    assert NOBODY.get(url).status_code == 200

    if end == "everywhere":
        sessions_end(user=alice)
    elif end == "password":
        new = {"current_password": PASSWORD, "new_password": f"{PASSWORD} 2"}
        password_change(user=alice, **new, address="127.0.0.1")
    elif end == "inactive":
        type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    else:
        artifact.delete()

    assert not_there(NOBODY.get(url))


def test_a_signed_address_is_for_reading_only(alice):
    artifact = uploaded(alice)
    url = link(alice, artifact)
    other = f"{address(artifact)}link/?{urlsplit(url).query}"

    for answer in (NOBODY.delete(url), NOBODY.options(url), NOBODY.post(other)):
        assert answer.status_code == 401
    assert Artifact.objects.exists()


def test_a_sign_out_ends_the_addresses_that_this_sign_in_wanted(alice):
    artifact = uploaded(alice)
    here, there = tokens.issue(alice), link(alice, artifact)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {here.access}")
    url = client.post(f"{address(artifact)}link/").json()["url"]
    assert NOBODY.get(url).status_code == 200

    tokens.revoke(here.refresh)

    assert not_there(NOBODY.get(url))
    assert NOBODY.get(there).status_code == 200
