"""The audit: who did what to which key, and nothing that leads to a secret."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.test import Client

from apikeys import rotation
from apikeys.audit import KeyAudit
from apikeys.models import UserApiKey
from tests.people import assert_secret_free, client_for, make_key, make_user, new_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def root(db) -> Client:
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


def whats(**which) -> list[str]:
    return list(KeyAudit.objects.filter(**which).order_by("id").values_list("what", flat=True))


def test_everything_an_owner_does_is_noted_in_order(alice, bob, google):
    client = client_for(alice)
    created = client.post("/api/keys/", {"name": "work", "key": new_secret()}, format="json")
    path = f"/api/keys/{created.json()['id']}/"
    client.patch(path, {"name": "home"}, format="json")
    client.post(f"{path}replace/", {"key": new_secret()}, format="json")
    client.patch(path, {"daily_tokens": 5}, format="json")
    client.post(f"{path}select/")
    client.patch("/api/me/", {"selected_api_key": created.json()["id"]}, format="json")
    client.post(f"{path}verify/")
    loan = client.post(f"{path}loans/", {"borrower": "bob", "label": "l"}, format="json")
    client.delete(f"{path}loans/{loan.json()['id']}/")
    client.patch(path, {"is_active": False}, format="json")
    client.patch(path, {"is_active": True}, format="json")
    client.delete(path)
    done = ["create", "rename", "replace", "limits", "select", "select", "verify"]
    done += ["lend", "revoke", "deactivate", "activate", "delete"]
    assert whats() == done
    rows = KeyAudit.objects.all()
    assert {(row.actor, row.actor_name, row.via, row.owner) for row in rows} == {
        (alice, "alice", "api", alice)
    }
    listed = client.get(f"{path}audit/").json()  # the key is gone, its history is not
    assert [row["what"] for row in listed] == done[::-1]
    assert listed == client.get("/api/keys/audit/").json()
    assert listed[0].keys() == {"at", "actor", "via", "key", "key_name", "what", "detail"}


def test_only_owners_see_what_happened_to_their_keys(alice, bob):
    key = make_key(owner=alice)
    client_for(alice).patch(f"/api/keys/{key.pk}/", {"name": "new"}, format="json")
    assert client_for(bob).get("/api/keys/audit/").json() == []
    assert client_for(bob).get(f"/api/keys/{key.pk}/audit/").status_code == 404
    assert make_key(owner=bob)
    assert client_for(bob).get("/api/keys/audit/").json() == []


def test_a_refused_change_leaves_no_line(alice, google):
    make_key(owner=alice)
    client = client_for(alice)
    bad = {"name": "bad", "key": google.new_key("invalid")}
    assert client.post("/api/keys/", bad, format="json").status_code == 400
    assert whats() == []


def test_what_the_operator_does_is_noted_as_such(alice, google, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(new_secret()))
    call_command("createkey", "alice", "--select", stdout=io.StringIO())
    call_command("selectkey", "alice", "default", stdout=io.StringIO())
    assert whats(via="command", actor=None, actor_name="") == ["create", "select", "select"]


def test_a_rotation_is_noted_with_each_key_it_changed(alice, settings):
    key = make_key(owner=alice)
    rotation.keys_rotate()
    settings.FERNET_KEYS = ["a new master key of enough length", *settings.FERNET_KEYS]
    rotation.keys_rotate(dry_run=True)
    assert whats() == []
    rotation.keys_rotate()
    rotation.keys_rotate()
    assert whats(key_id=key.pk, via="command", owner=alice) == ["rotate"]


def test_what_administrators_do_is_noted_with_their_name(root, alice, google):
    keys = "/admin/apikeys/userapikey/"
    form = {"name": "work", "loans-TOTAL_FORMS": "0", "loans-INITIAL_FORMS": "0"}
    root.post(f"{keys}add/", form | {"user": alice.pk, "secret": new_secret()})
    key = UserApiKey.objects.get()
    change = {"name": "new", "secret": new_secret(), "daily_tokens": "5"}
    assert root.post(f"{keys}{key.pk}/change/", form | change).status_code == 302
    for action in ("activate", "verify", "delete_selected"):
        body = {"action": action, "_selected_action": [str(key.pk)], "post": "yes"}
        assert root.post(keys, body).status_code == 302
    done = ["create", "rename", "limits", "deactivate", "replace", "activate", "verify", "delete"]
    assert whats(actor_name="root", via="admin", owner=alice) == done


def test_a_key_that_goes_with_its_owner_leaves_a_line_that_stays(root, alice):
    key = make_key(owner=alice)
    client_for(alice).patch(f"/api/keys/{key.pk}/", {"name": "new"}, format="json")
    root.post(f"/admin/auth/user/{alice.pk}/delete/", {"post": "yes"})
    assert not UserApiKey.objects.exists()
    rows = KeyAudit.objects.order_by("id")
    assert [(row.what, row.owner, row.owner_name) for row in rows] == [
        ("rename", None, "alice"),
        ("delete", None, "alice"),
    ]


def test_the_admin_shows_the_audit_and_changes_nothing_in_it(root, alice, google):
    client_for(alice).post("/api/keys/", {"name": "work", "key": new_secret()}, format="json")
    row = KeyAudit.objects.get()
    page = f"/admin/apikeys/keyaudit/{row.pk}/"
    assert "alice" in root.get("/admin/apikeys/keyaudit/?q=alice").content.decode()
    assert root.get(f"{page}change/").status_code == 200
    assert root.post(f"{page}change/", {"what": "delete"}).status_code == 403
    assert root.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert root.get("/admin/apikeys/keyaudit/add/").status_code == 403


def test_the_audit_holds_no_secret_and_no_digest_of_one(alice, google):
    secret = new_secret()
    client_for(alice).post("/api/keys/", {"name": "work", "key": secret}, format="json")
    text = repr(list(KeyAudit.objects.values()))
    key = UserApiKey.objects.get()
    assert_secret_free(text, secret)
    for trace in (key.fingerprint, key.encrypted_key.ciphertext, key.tail):
        assert trace not in text
