"""Signing in, signing out, registering, and the limits on trying."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import KnownOrigin, SignInAttempt
from accounts.throttle import network
from tests.people import PASSWORD, client_for

pytestmark = pytest.mark.django_db


def sign_in(username="alice", password=PASSWORD, **headers):
    body = {"username": username, "password": password}
    return APIClient().post("/api/token/", body, format="json", **headers)


def post(path: str, body: dict | None = None, client: APIClient | None = None):
    return (client or APIClient()).post(path, body or {}, format="json")


def test_the_right_password_gives_tokens_that_nobody_may_keep(alice):
    response = sign_in()
    assert response.status_code == 200
    assert response.json().keys() == {"access", "refresh"}
    assert "no-store" in response["Cache-Control"]
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {response.json()['access']}")
    assert client.get("/api/me/").json()["username"] == "alice"
    alice.refresh_from_db()
    assert alice.last_login is not None


def test_wrong_password_unknown_name_and_inactive_account_look_the_same(alice, bob):
    User.objects.filter(pk=bob.pk).update(is_active=False)
    answers = {
        (response.status_code, response.content)
        for response in (sign_in("alice", "wrong"), sign_in("nobody", "wrong"), sign_in("bob"))
    }
    assert len(answers) == 1
    assert sign_in("nobody").json()["code"] == "wrong_credentials"


def test_the_sixth_wrong_try_in_a_minute_waits(alice, bob):
    for number in range(5):
        assert sign_in(password="wrong", HTTP_X_FORWARDED_FOR=f"9.9.9.{number}").status_code == 401
    refused = sign_in(HTTP_X_FORWARDED_FOR="9.9.9.9")
    assert refused.status_code == 429
    assert refused.json()["code"] == "too_many_attempts"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert sign_in("bob").status_code == 200  # another account, the same address


def test_names_that_look_alike_count_as_one(alice):
    for name in ("alice", "ALICE", "Alice", "\uff41lice", " alice"):
        sign_in(name, "wrong")
    assert sign_in().status_code == 429


def test_an_address_has_a_limit_over_all_accounts(alice):
    for number in range(20):
        assert sign_in(f"nobody{number}", "wrong").status_code == 401
    assert sign_in().status_code == 429
    assert sign_in(REMOTE_ADDR="192.0.2.7").status_code == 200


def test_the_wait_is_over_after_a_minute_and_refused_tries_do_not_lengthen_it(alice):
    for _ in range(8):
        sign_in(password="wrong")
    assert SignInAttempt.objects.count() == 5
    earlier = timezone.now() - timedelta(seconds=61)
    SignInAttempt.objects.update(at=earlier)
    assert sign_in().status_code == 200
    assert SignInAttempt.objects.count() == 0  # good tries are not counted, old ones are gone


def test_signing_in_often_is_fine(alice):
    assert {sign_in().status_code for _ in range(8)} == {200}


def test_attempts_keep_no_name(alice):
    sign_in("my-password-in-the-wrong-field", "x")
    assert "password" not in str(SignInAttempt.objects.values().get())


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_an_ipv6_customer_is_one_address(address, counted_as):
    assert network(address) == counted_as


def test_refresh_over_rest(alice):
    refresh = sign_in().json()["refresh"]
    response = post("/api/token/refresh/", {"refresh": refresh})
    assert response.status_code == 200
    assert response.json().keys() == {"access", "refresh"}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("path", ["/api/token/refresh/", "/api/token/logout/"])
@pytest.mark.parametrize("raw", ["garbage", "a.b.c", "x" * 10_240])
def test_a_bad_refresh_token_is_the_usual_401(path, raw):
    response = post(path, {"refresh": raw})
    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("body", [{}, {"refresh": None}, {"refresh": []}, {"refresh": {}}])
def test_no_refresh_token_at_all_is_a_bad_request(body):
    assert post("/api/token/refresh/", body).status_code == 400


def test_an_access_token_is_no_refresh_token(alice):
    access = sign_in().json()["access"]
    assert post("/api/token/refresh/", {"refresh": access}).status_code == 401


def test_a_stale_access_token_does_not_hinder_renewal(alice):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer stale")
    body = {"refresh": sign_in().json()["refresh"]}
    assert post("/api/token/refresh/", body, client).status_code == 200


def test_sign_out_ends_this_sign_in_only(alice):
    here, there = sign_in().json(), sign_in().json()
    response = post("/api/token/logout/", {"refresh": here["refresh"]})
    assert response.status_code == 204
    assert post("/api/token/refresh/", {"refresh": here["refresh"]}).status_code == 401
    assert post("/api/token/refresh/", {"refresh": there["refresh"]}).status_code == 200


def test_sign_out_everywhere_ends_all_of_ones_own(alice, bob):
    here, there, of_bob = sign_in().json(), sign_in().json(), sign_in("bob").json()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {here['access']}")
    assert post("/api/token/logout-all/", client=client).status_code == 204
    assert client.get("/api/me/").status_code == 401
    assert post("/api/token/refresh/", {"refresh": there["refresh"]}).status_code == 401
    assert post("/api/token/refresh/", {"refresh": of_bob["refresh"]}).status_code == 200


NEW = "an entirely different secret"


def test_a_new_password_ends_all_but_the_new_tokens(alice):
    old, client = sign_in().json(), client_for(alice)
    body = {"current_password": PASSWORD, "new_password": NEW}
    response = post("/api/me/password/", body, client)
    assert response.status_code == 200
    assert client.get("/api/me/").status_code == 401
    assert post("/api/token/refresh/", {"refresh": old["refresh"]}).status_code == 401
    assert post("/api/token/refresh/", {"refresh": response.json()["refresh"]}).status_code == 200
    assert sign_in(password=NEW).status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [("wrong", NEW, "current_password"), (PASSWORD, "short", "new_password")],
)
def test_a_password_change_says_which_field_is_wrong(alice, current, new, field):
    body = {"current_password": current, "new_password": new}
    response = post("/api/me/password/", body, client_for(alice))
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert sign_in().status_code == 200


def test_guessing_the_current_password_is_limited_too(alice):
    client = client_for(alice)
    body = {"current_password": "wrong", "new_password": NEW}
    codes = [post("/api/me/password/", body, client).status_code for _ in range(6)]
    assert codes == [400] * 5 + [429]


def test_registration_is_closed_by_default():
    response = post("/api/register/", {"username": "dora", "password": NEW})
    assert response.status_code == 403
    assert response.json()["code"] == "registration_closed"
    assert not User.objects.exists()


def test_registration_makes_an_ordinary_account(settings):
    settings.ALLOW_REGISTRATION = True
    body = {
        "username": "dora",
        "password": NEW,
        "email": "dora@example.com",
        "id": 77,
        "is_staff": True,
        "is_superuser": True,
        "is_active": False,
        "token_version": 9,
    }
    response = post("/api/register/", body)
    assert response.status_code == 201
    assert response.json().keys() == {"access", "refresh"}
    dora = User.objects.get(username="dora")
    assert (dora.is_staff, dora.is_superuser, dora.is_active) == (False, False, True)
    assert dora.pk != 77
    assert dora.profile.token_version == 0
    assert sign_in("dora", NEW).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "alice"}, "username"),
        ({"username": "ALICE"}, "username"),
        ({"username": "with blank"}, "username"),
        ({"password": "12345678"}, "password"),
        ({"password": "dora-dora"}, "password"),
        ({"email": "nonsense"}, "email"),
    ],
)
def test_registration_says_what_is_wrong(settings, alice, change, field):
    settings.ALLOW_REGISTRATION = True
    response = post("/api/register/", {"username": "dora-dora", "password": NEW} | change)
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert User.objects.count() == 1


def test_registration_is_limited_by_address(settings):
    settings.ALLOW_REGISTRATION = True
    settings.LOGIN_PER_ADDRESS = 2
    codes = [
        post("/api/register/", {"username": f"dora{number}", "password": NEW}).status_code
        for number in range(3)
    ]
    assert codes == [201, 201, 429]


OWNER, ELSEWHERE = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "203.0.113.9"}


def test_wrong_tries_from_elsewhere_do_not_lock_the_owner_out(alice):
    assert sign_in(**OWNER).status_code == 200
    for number in range(30):
        sign_in(password="wrong", REMOTE_ADDR=f"203.0.113.{number}")
    assert sign_in(**ELSEWHERE).status_code == 429
    assert sign_in(**OWNER).status_code == 200


def test_where_it_succeeded_before_there_is_a_limit_too(alice):
    sign_in(**OWNER)
    codes = [sign_in(password="wrong", **OWNER).status_code for _ in range(6)]
    assert codes == [401] * 5 + [429]
    assert sign_in(**OWNER).status_code == 429


def test_a_crowded_address_does_not_use_up_the_owners_allowance(alice):
    sign_in(**OWNER)
    for number in range(25):
        sign_in(f"nobody{number}", "wrong", **OWNER)
    assert sign_in("nobody", "wrong", **OWNER).status_code == 429
    assert sign_in(**OWNER).status_code == 200


def test_a_known_address_is_known_for_one_account_only(alice, bob):
    sign_in(**OWNER)
    for number in range(5):
        sign_in("bob", "wrong", REMOTE_ADDR=f"203.0.113.{number}")
    assert sign_in("bob", **OWNER).status_code == 429


def test_where_somebody_signed_in_is_forgotten_after_a_while_and_cannot_be_read(alice, bob):
    sign_in(**OWNER)
    row = KnownOrigin.objects.get()
    assert "192.0.2.1" not in str(KnownOrigin.objects.values())
    KnownOrigin.objects.update(last_at=timezone.now() - timedelta(days=91))
    sign_in("bob", **ELSEWHERE)
    assert not KnownOrigin.objects.filter(pk=row.pk).exists()
