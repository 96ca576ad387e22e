"""Adding, replacing, choosing, checking and reporting keys; and the key of a run."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import UserProfile
from apikeys import health, services, verification
from apikeys.models import UserApiKey
from apikeys.selectors import keys_of, run_key
from common.errors import AppError
from gemini.keys import KeyCheck
from tests.people import assert_secret_free, make_key, make_user, new_secret, new_style_secret

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def says(status: str, code: str = ""):
    """A check that finds ``status``."""
    return lambda secret: KeyCheck(status, code)


works = says("active")


def never(secret: str) -> KeyCheck:
    raise AssertionError("Google must not be asked.")


def add(owner, name="work", pasted=None, check=works):
    return services.key_add(owner=owner, name=name, pasted=pasted or new_secret(), check=check)


def selected(user) -> UserApiKey | None:
    return UserProfile.objects.get(user=user).selected_api_key


def refusal(do, *args, **kwargs) -> str:
    with pytest.raises(AppError) as caught:
        do(*args, **kwargs)
    return caught.value.code


def test_a_key_is_checked_and_stored(alice):
    asked = []
    secret = new_style_secret()

    def check(what):
        asked.append(what)
        return KeyCheck("active")

    key = add(alice, pasted=f'  "{secret}"\n', check=check)
    assert asked == [secret]
    assert (key.status, key.tail, key.is_active) == ("active", secret[-4:], True)
    assert key.verified_at is not None
    assert UserApiKey.objects.get(pk=key.pk).get_decrypted_key() == secret


def test_the_first_key_is_selected_and_the_second_is_not(alice, bob):
    first = add(alice)
    add(alice, name="second")
    add(bob)
    assert selected(alice) == first


@pytest.mark.parametrize(
    ("status", "code"), [("invalid", "invalid_key"), ("blocked", "key_blocked")]
)
def test_a_key_that_google_refuses_is_not_stored(alice, status, code):
    assert refusal(add, alice, check=says(status, code)) == code
    assert not UserApiKey.objects.exists()


def test_a_key_out_of_quota_is_a_key(alice):
    key = add(alice, check=says("quota", "quota"))
    assert (key.status, bool(key.status_detail)) == ("quota", True)


def test_a_key_is_kept_when_google_cannot_be_reached(alice):
    key = add(alice, check=says("unreachable", "timeout"))
    assert (key.status, key.verified_at) == ("unverified", None)
    assert "unchecked" in key.status_detail
    assert run_key(alice.pk, None).id == key.pk


def test_the_same_key_twice_is_refused_even_after_a_rotation(settings, alice, bob):
    secret = new_secret()
    add(alice, pasted=secret)
    assert (
        refusal(add, alice, name="again", pasted=f"Bearer {secret}", check=never) == "duplicate_key"
    )
    settings.FERNET_KEYS = ["a new master key of enough length", *settings.FERNET_KEYS]
    assert refusal(add, alice, name="again", pasted=secret, check=never) == "duplicate_key"
    assert add(bob, pasted=secret)  # what others have stored is nobody's business


def test_a_name_is_used_once_per_person(alice, bob):
    add(alice)
    assert refusal(add, alice, check=never) == "duplicate_name"
    assert add(bob)
    second = add(alice, name="second")
    assert refusal(services.key_rename, key=second, name="work") == "duplicate_name"
    assert services.key_rename(key=second, name="second").name == "second"
    assert services.key_rename(key=second, name="third").name == "third"


def test_the_number_of_keys_has_an_end(alice, monkeypatch):
    monkeypatch.setattr(services, "KEYS_PER_USER", 2)
    add(alice)
    add(alice, name="second")
    assert refusal(add, alice, name="third", check=never) == "too_many_keys"


def test_replacing_keeps_the_place_and_the_old_secret_until_the_new_one_works(alice):
    old, new = new_secret(), new_secret()
    key = add(alice, pasted=old)
    refused = says("invalid", "invalid_key")
    assert refusal(services.key_replace, key=key, pasted=new, check=refused) == "invalid_key"
    assert run_key(alice.pk, key.pk).secret == old
    services.key_replace(key=key, pasted=new, check=works)
    assert run_key(alice.pk, None).secret == new
    assert keys_of(alice.pk).get().tail == new[-4:]


def test_replacing_a_key_by_itself_is_a_way_to_heal_it(alice):
    secret = new_secret()
    key = add(alice, pasted=secret)
    UserApiKey.objects.update(status="unreadable")
    assert services.key_replace(key=key, pasted=secret, check=works).status == "active"


def test_replacing_by_a_key_one_has_already_is_refused(alice):
    secret = new_secret()
    add(alice, pasted=secret)
    second = add(alice, name="second")
    code = refusal(services.key_replace, key=second, pasted=secret, check=never)
    assert code == "duplicate_key"


def test_a_key_that_is_switched_off_is_not_selected_any_more(alice):
    key = add(alice)
    services.key_set_active(key=key, active=False)
    assert selected(alice) is None
    assert refusal(services.key_select, key=key) == "key_inactive"
    services.key_set_active(key=key, active=True)
    services.key_select(key=key)
    assert selected(alice) == key


def test_a_deleted_key_is_replaced_by_no_other(alice):
    key_id = add(alice).pk
    add(alice, name="second")
    services.key_delete(key=UserApiKey.objects.get(pk=key_id))
    assert selected(alice) is None
    assert refusal(run_key, alice.pk, None) == "no_key"
    assert refusal(run_key, alice.pk, key_id) == "key_not_found"


def test_verifying_notes_the_answer(alice):
    key = add(alice, check=says("unreachable"))
    assert verification.key_verify(key=key, check=works).status == "active"
    assert key.verified_at is not None
    found = verification.key_verify(key=key, check=says("blocked", "key_blocked"))
    assert (found.status, bool(found.status_detail)) == ("blocked", True)


def test_a_key_that_worked_stays_so_when_google_cannot_be_reached(alice):
    key = add(alice)
    verification.key_verify(key=key, check=says("unreachable", "timeout"))
    assert key.status == "active"
    assert "cannot reach" in key.status_detail


def test_a_finding_about_a_replaced_key_is_not_noted_on_the_new_one(alice):
    key = add(alice)

    def replaced_meanwhile(secret):
        services.key_replace(key=UserApiKey.objects.get(), pasted=new_secret(), check=works)
        return KeyCheck("invalid", "invalid_key")

    assert verification.key_verify(key=key, check=replaced_meanwhile).status == "active"


def test_verifying_a_key_that_does_not_open_says_so(settings, alice):
    key = add(alice)
    settings.FERNET_KEYS = ["a new master key of enough length"]
    found = verification.key_verify(key=key, check=never)
    assert (found.status, "Enter it again" in found.status_detail) == ("unreadable", True)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (None, "active"),
        ("invalid_key", "invalid"),
        ("key_blocked", "blocked"),
        ("quota", "quota"),
        ("overloaded", "unverified"),
        ("timeout", "unverified"),
    ],
)
def test_a_run_tells_how_the_key_did(alice, code, status):
    key = make_key(owner=alice, status="unverified")
    health.key_report(key_id=key.pk, code=code)
    key.refresh_from_db()
    assert key.status == status
    assert key.last_used_at is not None


def test_a_report_on_a_deleted_key_is_nothing(alice):
    key = make_key(owner=alice)
    key_id = key.pk
    key.delete()
    health.key_report(key_id=key_id, code=None)


def test_a_run_gets_the_selected_key_or_the_one_it_names(alice):
    first, second = new_secret(), new_secret()
    make_key(owner=alice, secret=first)
    other = make_key(owner=alice, name="other", secret=second, selected=False)
    assert run_key(alice.pk, None).secret == first
    assert run_key(alice.pk, other.pk).secret == second
    assert run_key(alice.pk, other.pk).name == "other"


def test_an_opened_key_does_not_print_itself(alice):
    secret = new_secret()
    make_key(owner=alice, secret=secret)
    opened = run_key(alice.pk, None)
    assert_secret_free(f"{opened!r} {opened}", secret)


def test_a_run_without_a_key_is_refused_and_takes_none_from_the_environment(alice, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", new_secret())
    monkeypatch.setenv("GOOGLE_API_KEY", new_secret())
    assert refusal(run_key, alice.pk, None) == "no_key"


def test_a_foreign_key_is_not_there(alice, bob):
    key = make_key(owner=alice)
    assert refusal(run_key, bob.pk, key.pk) == "key_not_found"


def test_a_foreign_key_in_a_profile_is_not_used(alice, bob):
    key = make_key(owner=alice)
    UserProfile.objects.filter(user=bob).update(selected_api_key=key)
    assert refusal(run_key, bob.pk, None) == "key_not_found"


def test_keys_that_are_off_or_past_their_date_are_refused(alice):
    off = make_key(owner=alice, is_active=False)
    past = make_key(owner=alice, name="past", expires_at=timezone.now() - timedelta(seconds=1))
    later = make_key(owner=alice, name="later", expires_at=timezone.now() + timedelta(days=1))
    assert refusal(run_key, alice.pk, off.pk) == "key_inactive"
    assert refusal(run_key, alice.pk, past.pk) == "key_expired"
    assert run_key(alice.pk, later.pk).id == later.pk


def test_a_swapped_row_is_refused_marked_and_reported_to_the_operator(alice, bob, caplog):
    secret = new_secret()
    key = make_key(owner=alice, secret=secret)
    UserApiKey.objects.filter(pk=key.pk).update(user=bob)
    assert refusal(run_key, bob.pk, key.pk) == "key_unreadable"
    key.refresh_from_db()
    assert key.status == "unreadable"
    assert str(key.pk) in caplog.text
    assert_secret_free(caplog.text, secret)


def test_a_traceback_with_the_key_in_a_local_variable_does_not_show_it(alice, rf):
    from django.views.debug import ExceptionReporter

    secret = new_secret()

    def broken(what):
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError) as caught:
        add(alice, pasted=secret, check=broken)
    request = rf.post("/")
    reporter = ExceptionReporter(request, caught.type, caught.value, caught.tb.tb_next)
    frames = [
        frame
        for frame in reporter.get_traceback_frames()
        if frame["filename"].endswith(("apikeys/services.py", "apikeys/verification.py"))
    ]
    assert len(frames) >= 2
    assert_secret_free(repr([frame["vars"] for frame in frames]), secret)


@pytest.mark.django_db(transaction=True)
def test_the_same_key_added_by_four_tabs_at_once_is_stored_once():
    alice, secret = make_user("alice"), new_secret()
    start, outcomes = threading.Barrier(4), []

    def add_one(number: int) -> None:
        try:
            start.wait()
            add(alice, name=f"tab {number}", pasted=secret)
            outcomes.append("stored")
        except AppError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=add_one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["duplicate_key"] * 3 + ["stored"]
    assert selected(alice) == UserApiKey.objects.get()
