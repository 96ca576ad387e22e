"""Tokens: what is let in, what ends them, and how they renew."""

from __future__ import annotations

import base64
import json
import threading
import uuid
from datetime import timedelta

import jwt
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import RefreshFamily, UserProfile
from common.errors import AppError
from tests.people import client_for, make_user

pytestmark = pytest.mark.postgresql

OTHER_KEY = "another signing key, long enough for HS256"


def claims_of(raw: str) -> dict:
    return jwt.decode(raw, options={"verify_signature": False})


def forged(settings, raw: str, *, key: str | None = None, **changes) -> str:
    """``raw`` with some claims changed (None removes one), signed with our key or another."""
    claims = {
        name: value for name, value in (claims_of(raw) | changes).items() if value is not None
    }
    return jwt.encode(claims, key or settings.JWT_SIGNING_KEY, algorithm="HS256")


def unsigned(raw: str) -> str:
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{header}.{raw.split('.')[1]}."


def deep_header(raw: str) -> str:
    header = base64.urlsafe_b64encode(b"[" * 1200).rstrip(b"=").decode()
    return f"{header}.{raw.split('.')[1]}.x"


def now_s(offset_s: int = 0) -> int:
    return int(timezone.now().timestamp()) + offset_s


BAD_TOKENS = {
    "empty": lambda s, t: "",
    "garbage": lambda s, t: "garbage",
    "10 KB of garbage": lambda s, t: "x" * 10_240,
    "10 KB in three parts": lambda s, t: ".".join(["e30" * 1200] * 3),
    "deep header": lambda s, t: deep_header(t.access),
    "expired": lambda s, t: forged(s, t.access, exp=now_s(-31)),
    "no expiry": lambda s, t: forged(s, t.access, exp=None),
    "endless expiry": lambda s, t: forged(s, t.access, exp=10**20),
    "expiry as text": lambda s, t: forged(s, t.access, exp="never"),
    "wrong signature": lambda s, t: forged(s, t.access, key=OTHER_KEY),
    "signed with SECRET_KEY": lambda s, t: forged(s, t.access, key=s.SECRET_KEY),
    "alg none": lambda s, t: unsigned(t.access),
    "alg none, signed": lambda s, t: unsigned(t.access) + t.access.split(".")[2],
    "refresh as access": lambda s, t: t.refresh,
    "other audience": lambda s, t: forged(s, t.access, aud="elsewhere"),
    "no audience": lambda s, t: forged(s, t.access, aud=None),
    "other issuer": lambda s, t: forged(s, t.access, iss="elsewhere"),
    "issued in 2 minutes": lambda s, t: forged(s, t.access, iat=now_s(120)),
    "user abc": lambda s, t: forged(s, t.access, user_id="abc"),
    "user 1 OR 1=1": lambda s, t: forged(s, t.access, user_id="1 OR 1=1"),
    "user beyond integers": lambda s, t: forged(s, t.access, user_id="9" * 40),
    "user as list": lambda s, t: forged(s, t.access, user_id=[1]),
    "no user": lambda s, t: forged(s, t.access, user_id=None),
    "unknown user": lambda s, t: forged(s, t.access, user_id="999999"),
    "no version": lambda s, t: forged(s, t.access, tv=None),
    "other version": lambda s, t: forged(s, t.access, tv=1),
    "version as text": lambda s, t: forged(s, t.access, tv="x"),
    "no family": lambda s, t: forged(s, t.access, fam=None),
    "unknown family": lambda s, t: forged(s, t.access, fam=str(uuid.uuid4())),
    "family abc": lambda s, t: forged(s, t.access, fam="abc"),
    "no type": lambda s, t: forged(s, t.access, token_type=None),
    "no jti": lambda s, t: forged(s, t.access, jti=None),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_every_bad_token_gets_the_same_answer(settings, alice, name):
    raw = BAD_TOKENS[name](settings, tokens.issue(alice))
    response = APIClient().get("/api/me/", HTTP_AUTHORIZATION=f"Bearer {raw}")
    nobody = APIClient().get("/api/me/")
    assert (response.status_code, response.content) == (401, nobody.content)
    assert nobody.json() == {"code": "not_authenticated", "message": "Sign in to continue."}
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "Token x", "Bearer a b"])
def test_other_authorization_headers_are_refused(alice, header):
    assert APIClient().get("/api/me/", HTTP_AUTHORIZATION=header).status_code == 401


def test_a_family_of_another_user_does_not_carry_a_token(settings, alice, bob):
    of_bob = claims_of(tokens.issue(bob).access)["fam"]
    raw = forged(settings, tokens.issue(alice).access, fam=of_bob)
    with pytest.raises(AppError):
        tokens.authenticate(raw)


def test_a_token_in_the_address_or_a_cookie_is_not_looked_at(alice):
    raw = tokens.issue(alice).access
    client = APIClient()
    client.cookies["token"] = raw
    assert client.get(f"/api/me/?token={raw}").status_code == 401


def test_a_session_of_the_admin_opens_no_rest_door(alice):
    client = APIClient()
    client.force_login(alice)
    assert client.get("/api/me/").status_code == 401


def test_a_good_token_says_who_and_until_when(alice):
    identity = tokens.authenticate(tokens.issue(alice).access)
    assert (identity.user_id, identity.username, identity.token_version) == (alice.pk, "alice", 0)
    left = identity.expires_at - timezone.now()
    assert timedelta(minutes=4, seconds=55) < left <= timedelta(minutes=5)


def test_clocks_may_differ_by_half_a_minute(settings, alice):
    access = tokens.issue(alice).access
    tokens.authenticate(forged(settings, access, iat=now_s(20)))
    tokens.authenticate(forged(settings, access, exp=now_s(-20)))


def test_authentication_is_one_query(alice, django_assert_num_queries):
    access = tokens.issue(alice).access
    with django_assert_num_queries(1):
        tokens.authenticate(access)


def test_a_user_made_past_the_signals_can_sign_in(db):
    [dora] = User.objects.bulk_create([User(username="dora")])
    assert not UserProfile.objects.filter(user=dora).exists()
    pair = tokens.issue(dora)
    assert tokens.authenticate(tokens.renew(pair.refresh).access).user_id == dora.pk


ENDINGS = {
    "sign out": lambda user, pair: tokens.revoke(pair.refresh),
    "password changed": lambda user, pair: (user.set_password("something else"), user.save()),
    "switched off": lambda user, pair: (setattr(user, "is_active", False), user.save()),
    "switched off by query": lambda user, pair: User.objects.update(is_active=False),
    "deleted": lambda user, pair: user.delete(),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_ends_a_sign_in_ends_both_its_tokens(alice, name):
    pair = tokens.issue(alice)
    ENDINGS[name](alice, pair)
    for use, raw in ((tokens.authenticate, pair.access), (tokens.renew, pair.refresh)):
        with pytest.raises(AppError) as caught:
            use(raw)
        assert caught.value.code == "not_authenticated"


def test_signing_out_leaves_other_sign_ins_alone(alice, bob):
    here, there, of_bob = tokens.issue(alice), tokens.issue(alice), tokens.issue(bob)
    tokens.revoke(here.refresh)
    assert tokens.authenticate(there.access)
    assert tokens.authenticate(of_bob.access)


def test_tokens_from_before_a_deactivation_do_not_come_back_with_the_account(alice):
    pair = tokens.issue(alice)
    for active in (False, True):
        alice.is_active = active
        alice.save()
    with pytest.raises(AppError):
        tokens.renew(pair.refresh)
    assert tokens.authenticate(tokens.issue(alice).access)


def test_an_ordinary_save_of_a_user_ends_nothing(alice):
    pair = tokens.issue(alice)
    alice.first_name = "Alice"
    alice.save()
    assert tokens.authenticate(pair.access)


def test_a_refresh_token_gives_a_new_pair_each_time(alice):
    first = tokens.issue(alice)
    second = tokens.renew(first.refresh)
    third = tokens.renew(second.refresh)
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert tokens.authenticate(third.access).user_id == alice.pk


def test_two_tabs_that_renew_at_once_get_the_same_successor(alice):
    first = tokens.issue(alice)
    assert tokens.renew(first.refresh).refresh == tokens.renew(first.refresh).refresh


def let_time_pass(seconds: int) -> None:
    for family in RefreshFamily.objects.all():
        family.rotated_at -= timedelta(seconds=seconds)
        family.save()


def test_a_refresh_token_used_again_later_ends_its_family(alice):
    stolen = tokens.issue(alice)
    elsewhere = tokens.issue(alice)
    current = tokens.renew(stolen.refresh)
    let_time_pass(11)
    for use, raw in (
        (tokens.renew, stolen.refresh),
        (tokens.renew, current.refresh),
        (tokens.authenticate, current.access),
    ):
        with pytest.raises(AppError):
            use(raw)
    assert tokens.renew(elsewhere.refresh)


def test_the_token_before_the_last_is_a_replay_at_once(alice):
    first = tokens.issue(alice)
    second = tokens.renew(first.refresh)
    third = tokens.renew(second.refresh)
    for raw in (first.refresh, third.refresh):
        with pytest.raises(AppError):
            tokens.renew(raw)


def test_the_successor_of_a_renewal_long_ago_still_works(alice):
    current = tokens.renew(tokens.issue(alice).refresh)
    let_time_pass(3600)
    assert tokens.renew(current.refresh)


def test_no_token_is_stored(alice):
    pair = tokens.renew(tokens.issue(alice).refresh)
    rows = json.dumps(list(RefreshFamily.objects.values()), default=str)
    for part in (*pair.refresh.split("."), *pair.access.split(".")):
        assert part not in rows


def test_expired_families_are_cleared_at_the_next_sign_in(alice):
    tokens.issue(alice)
    RefreshFamily.objects.update(expires_at=timezone.now() - timedelta(days=1))
    tokens.issue(alice)
    assert RefreshFamily.objects.count() == 1


def test_a_pair_does_not_print_itself(alice):
    pair = tokens.issue(alice)
    assert pair.access not in repr(pair)
    assert pair.refresh not in f"{pair}"


@pytest.mark.django_db(transaction=True)
def test_eight_renewals_at_once_make_one_successor():
    first = tokens.issue(make_user("alice"))
    start = threading.Barrier(8)
    got: list[str] = []

    def renew() -> None:
        try:
            start.wait()
            got.append(tokens.renew(first.refresh).refresh)
        finally:
            connection.close()

    threads = [threading.Thread(target=renew) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(got)) == 1
    assert tokens.renew(got[0])


def test_rest_client_of_people_is_signed_in(alice):
    assert client_for(alice).get("/api/me/").json()["username"] == "alice"


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        ("Bearer abc", "abc"),
        (b"bearer  abc ", "abc"),
        ("Basic abc", ""),
        ("abc", ""),
        ("Bearer", ""),
        (b"", ""),
        (b"Bearer \xff", "\xff"),
    ],
)
def test_a_token_stands_in_a_header_of_its_own_scheme(authorization: str | bytes, token: str):
    assert tokens.bearer_token(authorization) == token
