"""The admin's pages for keys: a secret can be typed in, and no page shows it again."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from apikeys.audit import KeyAudit
from apikeys.models import UserApiKey
from apikeys.selectors import run_key
from tests.accounts.test_admin import profile_form
from tests.people import assert_secret_free, lend, make_key, make_user, new_secret
from tests.usage.factories import make_call

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

KEYS = "/admin/apikeys/userapikey/"


@pytest.fixture
def root(db) -> Client:
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


def form(**changes) -> dict:
    loans = {"loans-TOTAL_FORMS": "0", "loans-INITIAL_FORMS": "0"}
    return {"name": "work", "secret": "", "is_active": "on"} | loans | changes


def test_a_key_can_be_added_for_a_user(root, alice, google):
    secret = new_secret()
    response = root.post(f"{KEYS}add/", form(user=alice.pk, secret=secret), follow=True)
    assert response.status_code == 200
    key = UserApiKey.objects.get()
    assert (key.user, key.name, key.status, key.is_active) == (alice, "work", "active", True)
    assert run_key(alice.pk, None).secret == secret
    assert_secret_free(response.content, secret)
    assert_secret_free(repr(list(LogEntry.objects.values())), secret)


@pytest.mark.parametrize("secret", ["", "short", "AIzaSyinvalid" + "x" * 26])
def test_a_bad_key_is_refused_in_the_form_and_not_repeated(root, alice, google, secret):
    response = root.post(f"{KEYS}add/", form(user=alice.pk, secret=secret))
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["secret"]
    assert not secret or secret not in response.content.decode()
    assert not UserApiKey.objects.exists()


def test_a_key_can_be_replaced(root, alice, google):
    key, secret = make_key(owner=alice), new_secret()
    response = root.post(f"{KEYS}{key.pk}/change/", form(secret=secret), follow=True)
    assert run_key(alice.pk, key.pk).secret == secret
    assert_secret_free(response.content, secret)
    assert_secret_free(repr(list(LogEntry.objects.values())), secret)


def test_a_change_without_a_key_keeps_the_stored_one(root, alice):
    secret = new_secret()
    key = make_key(owner=alice, secret=secret)
    assert root.post(f"{KEYS}{key.pk}/change/", form(name="renamed")).status_code == 302
    assert run_key(alice.pk, key.pk).name == "renamed"
    assert run_key(alice.pk, key.pk).secret == secret


def test_a_name_used_twice_is_refused_in_the_form(root, alice):
    make_key(owner=alice)
    second = make_key(owner=alice, name="second")
    response = root.post(f"{KEYS}{second.pk}/change/", form(name="work"))
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["name"]


def test_the_owner_cannot_be_changed(root, alice, bob):
    key = make_key(owner=alice)
    root.post(f"{KEYS}{key.pk}/change/", form(user=bob.pk))
    assert UserApiKey.objects.get().user == alice


def test_keys_can_be_switched_off_and_on(root, alice):
    key = make_key(owner=alice)
    for action, active in (("deactivate", False), ("activate", True)):
        body = {"action": action, "_selected_action": [str(key.pk)]}
        assert root.post(KEYS, body).status_code == 302
        assert UserApiKey.objects.get().is_active is active
    body = form()
    del body["is_active"]
    assert root.post(f"{KEYS}{key.pk}/change/", body).status_code == 302
    assert UserApiKey.objects.get().is_active is False


def test_keys_can_be_verified(root, alice, google):
    key = make_key(owner=alice, secret=new_secret("AIzaSyblocked", 26))
    body = {"action": "verify", "_selected_action": [str(key.pk)]}
    response = root.post(KEYS, body, follow=True)
    assert "blocked by Google" in response.content.decode()
    assert UserApiKey.objects.get().status == "blocked"


def test_one_row_that_cannot_be_read_breaks_no_page(root, alice, settings):
    key = make_key(owner=alice)
    settings.FERNET_KEYS = ["a new master key of enough length"]
    body = {"action": "verify", "_selected_action": [str(key.pk)]}
    response = root.post(KEYS, body, follow=True)
    assert "cannot be read" in response.content.decode()
    assert root.get(f"{KEYS}{key.pk}/change/").status_code == 200


@pytest.mark.parametrize("query", ["alice", "alice@example.com", "work"])
def test_keys_are_found_by_owner_and_name(root, alice, bob, query):
    make_key(owner=alice)
    make_key(owner=bob, name="other")
    text = root.get(KEYS, {"q": query}).content.decode()
    assert "1 result" in text


def test_expiry_and_budgets_can_be_set_and_must_make_sense(root, alice):
    key = make_key(owner=alice)
    page = f"{KEYS}{key.pk}/change/"
    tomorrow = timezone.now() + timedelta(days=1)
    limits = {"daily_tokens": "100", "monthly_money": "2.50"}
    limits |= {"expires_at_0": f"{tomorrow:%Y-%m-%d}", "expires_at_1": "12:00:00"}
    assert root.post(page, form(**limits)).status_code == 302
    key.refresh_from_db()
    assert (key.daily_tokens, key.monthly_money) == (100, Decimal("2.50"))
    assert key.expires_at.date() == tomorrow.date()
    for wrong in (
        {"monthly_tokens": "50"},
        {"daily_money": "0"},
        {"expires_at_0": "2020-01-01"},
    ):
        response = root.post(page, form(**limits | wrong))
        assert response.status_code == 200
        assert response.context["adminform"].form.errors
    UserApiKey.objects.update(expires_at=timezone.now() - timedelta(days=1))
    past = UserApiKey.objects.get().expires_at
    limits |= {"expires_at_0": f"{past:%Y-%m-%d}", "expires_at_1": f"{past:%H:%M:%S}"}
    response = root.post(page, form(name="renamed", **limits))
    assert response.status_code == 302, response.context["errors"]  # an old date may stay


def test_keys_are_listed_with_their_health_of_now(root, alice):
    now = timezone.now()
    make_key(owner=alice, name="good")
    make_key(owner=alice, name="out", status="quota", quota_until=now + timedelta(hours=2))
    make_key(owner=alice, name="renewed", status="quota", quota_until=now - timedelta(hours=2))
    make_key(owner=alice, name="old", expires_at=now - timedelta(hours=2))
    text = root.get(KEYS).content.decode()
    assert "out of quota until" in text
    assert "past its expiry date" in text
    for wanted, names in {
        "active": {"good", "renewed"},
        "quota": {"out"},
        "expired": {"old"},
        "blocked": set(),
    }.items():
        listed = root.get(KEYS, {"health": wanted}).context["cl"].queryset
        assert {key.name for key in listed} == names


def test_the_list_tells_what_a_key_was_used_for_this_month(root, alice):
    now = timezone.now()
    busy, _idle = make_key(owner=alice, name="busy"), make_key(owner=alice, name="idle")
    for days in (0, 0, 40):  # two of this month, one of an earlier one
        make_call(alice, busy, input_tokens=1000, created_at=now - timedelta(days=days))
    listed = root.get(KEYS).context["cl"].queryset
    assert {key.name: key.month_tokens for key in listed} == {"busy": 2020, "idle": 0}
    assert "2,020" in root.get(KEYS).content.decode()


def test_loans_can_be_looked_at_and_ended(root, alice, bob):
    key = make_key(owner=alice)
    loan = lend(key, bob)
    assert "team key" in root.get(f"{KEYS}{key.pk}/change/").content.decode()
    assert root.get(f"/admin/apikeys/keyloan/{loan.pk}/change/").status_code == 200
    body = {"action": "revoke", "_selected_action": [str(loan.pk)]}
    assert root.post("/admin/apikeys/keyloan/", body).status_code == 302
    loan.refresh_from_db()
    assert loan.revoked_at is not None
    assert KeyAudit.objects.get().actor_name == "root"


def test_a_person_with_keys_and_loans_can_be_deleted(root, alice, bob):
    lend(make_key(owner=alice), bob)
    lend(make_key(owner=bob), alice)
    response = root.post(f"/admin/auth/user/{alice.pk}/delete/", {"post": "yes"})
    assert response.status_code == 302, response.content
    assert list(User.objects.filter(username="alice")) == []
    assert UserApiKey.objects.get().user == bob


def test_a_key_chosen_for_somebody_in_the_admin_is_noted(root, alice):
    key = make_key(owner=alice, selected=False)
    body = profile_form(alice, **{"profile-0-selected_api_key": str(key.pk)})
    response = root.post(f"/admin/auth/user/{alice.pk}/change/", body)
    assert response.status_code == 302, response.context["errors"]
    assert list(KeyAudit.objects.values_list("what", "actor_name")) == [("select", "root")]


def crawl(client: Client, *starts: str) -> dict[str, bytes]:
    """Every admin page that can be reached by links; sorted and filtered ones are the same."""
    found: dict[str, bytes] = {}
    waiting = list(starts)
    while waiting:
        path = waiting.pop()
        if path in found or "/logout/" in path or "/jsi18n/" in path:
            continue
        response = client.get(path)
        found[path] = response.content
        links = re.findall(r'href="([^"#]*)"', response.content.decode(errors="replace"))
        for link in links:
            if link.startswith("/admin/"):
                waiting.append(link.partition("?")[0])
    return found


def test_no_page_of_the_admin_shows_a_key(root, alice, bob, google):
    secret = new_secret()
    key = make_key(owner=alice, secret=secret)
    make_key(owner=bob)
    root.post(f"{KEYS}{key.pk}/change/", form(secret=secret))
    pages = crawl(root, "/admin/", f"{KEYS}{key.pk}/history/", f"{KEYS}{key.pk}/delete/")
    assert f"{KEYS}{key.pk}/change/" in pages
    assert f"/admin/auth/user/{alice.pk}/change/" in pages
    ciphertext = UserApiKey.objects.get(pk=key.pk).encrypted_key.ciphertext
    for content in pages.values():
        assert_secret_free(content, secret)
        assert ciphertext.encode() not in content


def test_staff_that_may_only_look_sees_facts_and_no_box_for_a_key(alice):
    make_key(owner=alice)
    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_userapikey"))
    client = Client()
    client.force_login(clerk)
    text = client.get(f"{KEYS}{UserApiKey.objects.get().pk}/change/").content.decode()
    assert "work" in text
    assert "secret" not in text
    assert client.get(f"{KEYS}add/").status_code == 403


def test_the_box_for_a_key_is_not_remembered_by_browsers(root):
    response = root.get(f"{KEYS}add/")
    box = re.search(r'<input[^>]*name="secret"[^>]*>', response.content.decode())[0]
    assert 'type="password"' in box
    assert 'autocomplete="off"' in box
    assert "no-store" in response["Cache-Control"]
