"""The commands for keys."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from accounts.models import UserProfile
from apikeys.models import UserApiKey
from apikeys.selectors import run_key
from tests.people import assert_secret_free, make_key, new_secret

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_a_key_is_read_from_standard_input(alice, google, monkeypatch):
    secret = new_secret()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{secret}\n"))
    said = run("createkey", "alice", "--name", "piped")
    assert said == f"Done. piped (…{secret[-4:]}) is stored: works.\n"
    assert_secret_free(said, secret)
    assert run_key(alice.pk, None).secret == secret


def test_a_key_is_read_from_a_file_and_can_be_selected_at_once(alice, google, tmp_path):
    make_key(owner=alice)
    file, secret = tmp_path / "key", new_secret()
    file.write_text(f"{secret}\n")
    run("createkey", "alice", "--key-file", str(file), "--select")
    assert run_key(alice.pk, None).secret == secret


def test_a_key_is_asked_for_at_a_terminal(alice, google, monkeypatch):
    secret = new_secret()
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    monkeypatch.setattr("getpass.getpass", lambda prompt: secret)
    run("createkey", "alice")
    assert run_key(alice.pk, None).secret == secret


def test_no_option_takes_the_key_itself():
    command = load_command_class(get_commands()["createkey"], "createkey")
    options = command.create_parser("manage.py", "createkey").format_help()
    assert "--key-file" in options
    assert "--key " not in options
    assert "--secret" not in options


@pytest.mark.parametrize("raw", ["", "short", "AIzaSyinvalid" + "x" * 26])
def test_a_bad_key_is_refused_in_words(alice, google, monkeypatch, raw):
    monkeypatch.setattr("sys.stdin", io.StringIO(raw))
    with pytest.raises(CommandError) as caught:
        run("createkey", "alice")
    assert not raw or raw not in str(caught.value)
    assert not UserApiKey.objects.exists()


def test_files_that_cannot_be_read_and_unknown_people_are_said_so(alice, tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        run("createkey", "alice", "--key-file", str(tmp_path / "missing"))
    for command in (["createkey"], ["listkeys"], ["verifykeys"], ["selectkey"]):
        more = ["work"] if command == ["selectkey"] else []
        with pytest.raises(CommandError, match="no user named nobody"):
            run(*command, "nobody", *more)


def test_keys_are_listed_without_secrets(alice, bob):
    secret = new_secret()
    key = make_key(owner=alice, secret=secret)
    make_key(owner=bob, name="spare", selected=False, is_active=False)
    said = run("listkeys")
    assert_secret_free(said, secret)
    first, second, done = said.splitlines()
    assert first.split("\t")[:4] == ["* alice", "work", f"…{key.tail}", "works"]
    assert second.split("\t")[0] == "  bob"
    assert "switched off" in second
    assert done == "Done."
    assert "alice" not in run("listkeys", "bob")


def test_keys_are_verified(alice, bob, google):
    make_key(owner=alice, secret=new_secret("AIzaSyblocked", 26))
    make_key(owner=bob, status="unverified")
    said = run("verifykeys")
    assert "blocked by Google" in said
    assert said.endswith("Done.\n")
    assert set(UserApiKey.objects.values_list("status", flat=True)) == {"blocked", "active"}


def test_verifying_fails_loudly_if_the_master_key_is_gone(alice, google, settings):
    make_key(owner=alice)
    settings.FERNET_KEYS = ["a new master key of enough length"]
    with pytest.raises(CommandError, match="FERNET_KEYS"):
        run("verifykeys")
    assert UserApiKey.objects.get().status == "unreadable"


def test_a_key_is_selected_by_name_or_id(alice):
    first = make_key(owner=alice, name="first")
    second = make_key(owner=alice, name="second", selected=False)
    run("selectkey", "alice", "second")
    assert UserProfile.objects.get(user=alice).selected_api_key == second
    run("selectkey", "alice", str(first.pk))
    assert UserProfile.objects.get(user=alice).selected_api_key == first


def test_keys_of_others_and_inactive_ones_cannot_be_selected(alice, bob):
    foreign = make_key(owner=bob)
    make_key(owner=alice, name="off", is_active=False)
    for wanted in ("missing", str(foreign.pk), "off"):
        with pytest.raises(CommandError):
            run("selectkey", "alice", wanted)
