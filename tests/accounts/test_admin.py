"""The admin's pages for people and sign-ins."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts import tokens
from accounts.models import RefreshFamily, UserProfile
from common.errors import AppError
from tests.people import PASSWORD, make_key, make_user


@pytest.fixture
def root(db) -> Client:
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


def page(user: User) -> str:
    return f"/admin/auth/user/{user.pk}/change/"


def test_a_new_user_gets_one_profile(root):
    body = {
        "username": "dora",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "usable_password": "true",
    }
    response = root.post("/admin/auth/user/add/", body)
    assert response.status_code == 302, response.context["errors"]
    assert UserProfile.objects.filter(user__username="dora").count() == 1


def test_the_page_of_a_user_shows_profile_and_own_keys_only(root, alice, bob):
    own, foreign = make_key(owner=alice), make_key(owner=bob)
    off = make_key(owner=alice, name="off", selected=False, is_active=False)
    text = root.get(page(alice)).content.decode()
    assert f'<option value="{own.pk}" selected>' in text
    assert str(foreign.pk) not in text
    assert f'<option value="{off.pk}"' not in text
    assert "gemini-3-pro" in text


def profile_form(user: User, **changes) -> dict:
    return {
        "username": user.username,
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00:00",
        "is_active": "on",
        "profile-TOTAL_FORMS": "1",
        "profile-INITIAL_FORMS": "1",
        "profile-0-user": str(user.pk),
        "profile-0-ai_model": "gemini-3-flash",
        "profile-0-selected_api_key": "",
        "api_keys-TOTAL_FORMS": "0",
        "api_keys-INITIAL_FORMS": "0",
    } | changes


def test_a_profile_can_be_changed(root, alice):
    key = make_key(owner=alice, selected=False)
    changes = {"profile-0-ai_model": "gemini-3-pro", "profile-0-selected_api_key": str(key.pk)}
    response = root.post(page(alice), profile_form(alice, **changes))
    assert response.status_code == 302, response.context["errors"]
    profile = UserProfile.objects.get(user=alice)
    assert (profile.ai_model, profile.selected_api_key) == ("gemini-3-pro", key)


def test_a_foreign_key_cannot_be_put_into_a_profile(root, alice, bob):
    foreign = make_key(owner=bob)
    changes = {"profile-0-selected_api_key": str(foreign.pk)}
    assert root.post(page(alice), profile_form(alice, **changes)).status_code == 200
    assert UserProfile.objects.get(user=alice).selected_api_key is None


def test_switching_a_user_off_ends_the_tokens(root, alice):
    pair = tokens.issue(alice)
    body = profile_form(alice)
    del body["is_active"]
    assert root.post(page(alice), body).status_code == 302
    with pytest.raises(AppError):
        tokens.authenticate(pair.access)


def test_a_password_set_by_an_administrator_ends_the_tokens(root, alice):
    pair = tokens.issue(alice)
    new = "an entirely different secret"
    body = {"password1": new, "password2": new, "usable_password": "true"}
    assert root.post(f"/admin/auth/user/{alice.pk}/password/", body).status_code == 302
    with pytest.raises(AppError):
        tokens.authenticate(pair.access)


def test_sign_ins_can_be_looked_at_and_nothing_else(root, alice):
    pair = tokens.issue(alice)
    family = RefreshFamily.objects.get()
    for path in ("", f"{family.pk}/change/"):
        text = root.get(f"/admin/accounts/refreshfamily/{path}").content.decode()
        assert "alice" in text
        assert pair.refresh not in text
    assert root.get("/admin/accounts/refreshfamily/?q=alice").status_code == 200
    assert root.get("/admin/accounts/refreshfamily/add/").status_code == 403
    assert root.post(f"/admin/accounts/refreshfamily/{family.pk}/delete/").status_code == 403


def test_a_person_who_has_signed_in_can_be_deleted_with_all_sign_ins(root, alice):
    tokens.issue(alice)
    response = root.post(f"/admin/auth/user/{alice.pk}/delete/", {"post": "yes"})
    assert response.status_code == 302, response.content
    assert not User.objects.filter(pk=alice.pk).exists()
    assert not RefreshFamily.objects.exists()


def test_people_can_be_deleted_from_the_list(root, alice, bob):
    tokens.issue(alice)
    body = {"action": "delete_selected", "_selected_action": [alice.pk, bob.pk], "post": "yes"}
    assert root.post("/admin/auth/user/", body).status_code == 302
    assert list(User.objects.values_list("username", flat=True)) == ["root"]


def test_signing_in_to_the_admin_has_the_same_limits(alice):
    make_user("root", is_staff=True, is_superuser=True)
    client = Client()
    for _ in range(5):
        wrong = client.post("/admin/login/", {"username": "root", "password": "wrong"})
        assert wrong.status_code == 200
    refused = client.post("/admin/login/", {"username": "root", "password": PASSWORD})
    assert "Too many tries" in refused.content.decode()


def test_the_right_password_opens_the_admin(db):
    make_user("root", is_staff=True, is_superuser=True)
    body = {"username": "root", "password": PASSWORD}
    assert Client().post("/admin/login/?next=/admin/", body).status_code == 302


def test_people_without_staff_rights_do_not_get_in(alice):
    client = Client()
    client.force_login(alice)
    assert client.get("/admin/auth/user/").status_code == 302
