"""Who looks after people gains no right by it, and nothing is done to an account unseen."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from accounts.models import AccountAudit, UserProfile
from apikeys.models import UserApiKey
from tests.accounts.test_admin import page, profile_form
from tests.apikeys.test_admin import form as key_form
from tests.people import PASSWORD, client_for, make_key, make_user

pytestmark = pytest.mark.django_db

NEW = "an entirely different secret"
NEW_PASSWORD = {"password1": NEW, "password2": NEW, "usable_password": "true"}


@pytest.fixture
def staff() -> User:
    """Everything but superuser: what a careless superuser may hand out."""
    user = make_user("sam", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    return user


@pytest.fixture
def root() -> User:
    return make_user("root", is_staff=True, is_superuser=True)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def rights_of(user: User) -> tuple:
    user = User.objects.get(pk=user.pk)
    groups = sorted(user.groups.values_list("pk", flat=True))
    return user.is_staff, user.is_superuser, groups, user.user_permissions.count()


@pytest.mark.parametrize("target", ["sam", "alice"])
def test_staff_grants_no_rights_to_itself_or_others(staff, alice, target):
    user = User.objects.get(username=target)
    team, permission = Group.objects.create(name="team"), Permission.objects.first()
    before = rights_of(user)
    grab = {"is_staff": "on", "is_superuser": "on", "groups": team.pk}
    body = profile_form(user, email="new@example.com", user_permissions=permission.pk, **grab)
    assert signed_in(staff).post(page(user), body).status_code == 302
    assert rights_of(user) == before
    assert User.objects.get(pk=user.pk).email == "new@example.com"  # what it may change, it changes


def test_staff_takes_no_rights_away(staff):
    other = make_user("other", is_staff=True)
    assert signed_in(staff).post(page(other), profile_form(other)).status_code == 302
    assert User.objects.get(pk=other.pk).is_staff


def test_staff_makes_no_account_with_rights(staff):
    body = {"username": "dora", "is_superuser": "on", "is_staff": "on", **NEW_PASSWORD}
    assert signed_in(staff).post("/admin/auth/user/add/", body).status_code == 302
    dora = User.objects.get(username="dora")
    assert (dora.is_staff, dora.is_superuser) == (False, False)
    assert AccountAudit.objects.get().what == "create"


def test_staff_sets_nobodys_password(staff, alice, root):
    for user in (alice, root, staff):
        path = f"/admin/auth/user/{user.pk}/password/"
        assert signed_in(staff).get(path).status_code == 403
        assert signed_in(staff).post(path, NEW_PASSWORD).status_code == 403
        assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    text = signed_in(staff).get(page(alice)).content.decode()
    assert "../password/" not in text
    assert alice.password not in text


def test_staff_touches_no_superuser(staff, root):
    client = signed_in(staff)
    body = profile_form(root, username="renamed", email="mine@example.com")
    assert client.post(page(root), body).status_code == 403
    assert client.post(f"/admin/auth/user/{root.pk}/delete/", {"post": "yes"}).status_code == 403
    body = {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"}
    client.post("/admin/auth/user/", body)
    root.refresh_from_db()
    assert (root.username, root.email) == ("root", "root@example.com")


def test_staff_touches_no_superusers_keys(staff, root):
    key = make_key(owner=root)
    client = signed_in(staff)
    path = f"/admin/apikeys/userapikey/{key.pk}/change/"
    assert client.post(path, key_form(name="renamed")).status_code == 403
    for action in ("deactivate", "delete_selected"):
        body = {"action": action, "_selected_action": [str(key.pk)], "post": "yes"}
        response = client.post("/admin/apikeys/userapikey/", body, follow=True)
        assert "Only superusers can change them" in response.content.decode()
    key.refresh_from_db()
    assert (key.name, key.is_active) == ("work", True)
    body = key_form(user=root.pk, name="planted", secret="AIzaSy" + "a" * 33)
    assert client.post("/admin/apikeys/userapikey/add/", body).status_code == 200
    assert UserApiKey.objects.count() == 1


def test_an_action_on_many_leaves_all_alone_if_a_superuser_is_among_them(staff, alice, root):
    body = {"action": "delete_selected", "_selected_action": [alice.pk, root.pk], "post": "yes"}
    signed_in(staff).post("/admin/auth/user/", body)
    assert User.objects.filter(pk__in=[alice.pk, root.pk]).count() == 2


def test_an_action_across_all_pages_spares_superusers(staff, alice, root):
    body = {"action": "delete_selected", "_selected_action": [alice.pk], "post": "yes"}
    signed_in(staff).post("/admin/auth/user/", {**body, "select_across": "1"})
    assert User.objects.filter(pk=root.pk).exists()
    assert not User.objects.filter(pk=alice.pk).exists()


def test_groups_carry_rights_so_superusers_change_them(staff, root):
    team = Group.objects.create(name="team")
    staff.groups.add(team)
    path = f"/admin/auth/group/{team.pk}/change/"
    body = {"name": "team", "permissions": [Permission.objects.first().pk]}
    assert signed_in(staff).post(path, body).status_code == 403
    assert signed_in(staff).post("/admin/auth/group/add/", body).status_code == 403
    assert signed_in(staff).post(f"/admin/auth/group/{team.pk}/delete/").status_code == 403
    assert signed_in(root).post(path, body).status_code == 302
    assert team.permissions.count() == 1


def test_whose_key_is_used_is_for_those_who_look_after_keys(alice):
    key = make_key(owner=alice, name="a private name", selected=False)
    helper = make_user("helper", is_staff=True)
    allowed = ["change_user", "view_user", "change_userprofile", "view_userprofile"]
    helper.user_permissions.set(Permission.objects.filter(codename__in=allowed))
    client = signed_in(helper)
    assert "a private name" not in client.get(page(alice)).content.decode()
    changes = {"profile-0-selected_api_key": str(key.pk), "profile-0-ai_model": "gemini-3-pro"}
    assert client.post(page(alice), profile_form(alice, **changes)).status_code == 302
    profile = UserProfile.objects.get(user=alice)
    assert (profile.selected_api_key, profile.ai_model) == (None, "gemini-3-pro")


def test_a_password_that_a_superuser_sets_is_audited_and_its_user_notified(root, alice):
    path = f"/admin/auth/user/{alice.pk}/password/"
    assert signed_in(root).post(path, NEW_PASSWORD).status_code == 302
    line = AccountAudit.objects.get()
    assert (line.what, line.actor_name, line.user_name) == ("password", "root", "alice")
    assert NEW not in repr(list(AccountAudit.objects.values()) + list(LogEntry.objects.values()))
    client = client_for(User.objects.get(pk=alice.pk))
    notice = client.get("/api/me/").json()["notices"][0]
    assert "set a new password" in notice["message"]
    read = client.post("/api/me/notices/read/", {"up_to": notice["id"]}, format="json")
    assert read.status_code == 204
    assert client.get("/api/me/").json()["notices"] == []
    assert AccountAudit.objects.count() == 1  # read, and still there


def test_a_refused_password_is_no_line(root, alice):
    body = NEW_PASSWORD | {"password2": "something else"}
    signed_in(root).post(f"/admin/auth/user/{alice.pk}/password/", body)
    assert not AccountAudit.objects.exists()


def test_rights_granted_are_audited(root, alice):
    body = profile_form(alice, is_staff="on", email=alice.email)
    assert signed_in(root).post(page(alice), body).status_code == 302
    assert User.objects.get(pk=alice.pk).is_staff
    assert [(line.what, line.detail) for line in AccountAudit.objects.all() if line.detail] == [
        ("change", "date_joined"),
        ("rights", "is_staff"),
    ]


def test_notices_are_ones_own(root, alice, bob):
    signed_in(root).post(f"/admin/auth/user/{alice.pk}/password/", NEW_PASSWORD)
    of_bob, of_alice = client_for(bob), client_for(User.objects.get(pk=alice.pk))
    assert of_bob.get("/api/me/").json()["notices"] == []
    last = AccountAudit.objects.get().pk
    of_bob.post("/api/me/notices/read/", {"up_to": last}, format="json")
    assert len(of_alice.get("/api/me/").json()["notices"]) == 1


def test_a_deleted_account_leaves_a_line(root, alice):
    signed_in(root).post(f"/admin/auth/user/{alice.pk}/delete/", {"post": "yes"})
    line = AccountAudit.objects.get()
    assert (line.what, line.user_name, line.user, line.actor) == ("delete", "alice", None, root)
    text = signed_in(root).get("/admin/accounts/accountaudit/").content.decode()
    assert "alice" in text


def test_guessing_the_old_password_in_the_admin_is_limited(root):
    client = signed_in(root)
    body = {"old_password": "wrong", "new_password1": NEW, "new_password2": NEW}
    for _ in range(5):
        client.post("/admin/password_change/", body)
    body["old_password"] = PASSWORD
    assert "Too many tries" in client.post("/admin/password_change/", body).content.decode()
    assert User.objects.get(pk=root.pk).check_password(PASSWORD)
