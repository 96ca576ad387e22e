"""A wrong master key is said, and overwrites nothing."""

from __future__ import annotations

import io
import logging

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from apikeys import master_key, seal
from apikeys.models import MasterKeyProbe, UserApiKey
from apikeys.selectors import run_key
from tests.people import assert_secret_free, client_for, make_key, new_secret

pytestmark = pytest.mark.django_db

OLD, NEW = "an old master key of enough length", "a new master key of enough length"
WRONG = "a wrong master key of enough length"


@pytest.fixture
def work(settings, alice, google):
    """A key, stored as people do, under the old master key."""
    settings.FERNET_KEYS = [OLD]
    add(alice, "work")
    return UserApiKey.objects.get()


def add(user, name: str):
    body = {"name": name, "key": new_secret()}
    return client_for(user).post("/api/keys/", body, format="json")


def database_check() -> None:
    call_command("check", "--database", "default", stdout=io.StringIO(), stderr=io.StringIO())


def rotate(*options: str) -> str:
    out = io.StringIO()
    call_command("rotatekeys", *options, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_right_master_key_is_no_news(settings, work, caplog):
    database_check()
    master_key.log_if_wrong()
    assert caplog.records == []
    assert MasterKeyProbe.objects.count() == 1


def test_a_wrong_master_key_is_said_at_the_start(settings, work, caplog):
    settings.FERNET_KEYS = [WRONG]
    with pytest.raises(SystemCheckError, match=r"apikeys\.E001"):
        database_check()
    master_key.log_if_wrong()
    [record] = caplog.records
    assert (record.levelno, "accept-loss" in record.getMessage()) == (logging.CRITICAL, True)
    assert WRONG not in record.getMessage()


def test_a_wrong_master_key_lets_nothing_be_stored_or_replaced(settings, alice, work, google):
    before = UserApiKey.objects.filter(pk=work.pk).values().get()
    asked = len(google.requests())
    settings.FERNET_KEYS = [WRONG]
    refused = add(alice, "second")
    assert (refused.status_code, refused.json()["code"]) == (503, "wrong_master_key")
    body = {"key": new_secret()}
    replaced = client_for(alice).post(f"/api/keys/{work.pk}/replace/", body, format="json")
    assert (replaced.status_code, replaced.json()["code"]) == (503, "wrong_master_key")
    with pytest.raises(CommandError, match="Nothing was changed"):
        rotate()
    assert UserApiKey.objects.filter(pk=work.pk).values().get() == before
    assert len(google.requests()) == asked
    settings.FERNET_KEYS = [OLD]
    assert run_key(alice.pk, work.pk)


def test_keys_from_before_there_were_probes_are_tried_themselves(settings, alice, google):
    settings.FERNET_KEYS = [OLD]
    make_key(owner=alice)
    assert master_key.is_right()
    settings.FERNET_KEYS = [WRONG]
    assert not master_key.is_right()
    settings.FERNET_KEYS = [NEW, OLD]
    assert master_key.is_right()


def test_one_damaged_row_is_no_wrong_master_key(alice, work):
    damaged = make_key(owner=alice, name="damaged")
    UserApiKey.objects.filter(pk=damaged.pk).update(encrypted_key=work.encrypted_key)
    assert master_key.is_right()


def test_an_empty_database_takes_any_master_key(settings, alice, google):
    settings.FERNET_KEYS = [WRONG]
    database_check()
    assert add(alice, "work").status_code == 201


def test_an_old_master_key_may_go_after_a_rotation_and_not_before(settings, alice, work):
    settings.FERNET_KEYS = [NEW, OLD]
    assert master_key.is_right()
    assert add(alice, "second").status_code == 201  # sealed under the new one
    settings.FERNET_KEYS = [NEW]
    assert not master_key.is_right()
    settings.FERNET_KEYS = [OLD]
    assert not master_key.is_right()  # a process that was not restarted
    settings.FERNET_KEYS = [NEW, OLD]
    rotate()
    settings.FERNET_KEYS = [NEW]
    assert master_key.is_right()
    assert add(alice, "third").status_code == 201


def test_a_loss_is_accepted_in_so_many_words(settings, alice, work):
    settings.FERNET_KEYS = [NEW]
    assert "1 cannot be read" in rotate("--accept-loss")
    assert add(alice, "second").status_code == 201
    body = {"key": new_secret()}
    path = f"/api/keys/{work.pk}/replace/"
    assert client_for(alice).post(path, body, format="json").status_code == 200
    assert run_key(alice.pk, work.pk)
    assert "0 cannot be read" in rotate()


def test_a_dry_run_under_a_wrong_master_key_only_counts(settings, work):
    settings.FERNET_KEYS = [WRONG]
    before = list(UserApiKey.objects.values())
    with pytest.raises(CommandError, match="Keep the older"):
        rotate("--dry-run")
    assert list(UserApiKey.objects.values()) == before
    assert MasterKeyProbe.objects.count() == 1


def test_a_probe_is_no_key_and_holds_none(work):
    [ciphertext] = MasterKeyProbe.objects.values_list("ciphertext", flat=True)
    assert ciphertext.startswith("gAAAA")
    assert "secret" not in seal.all_fernets().decrypt(ciphertext.encode()).decode()
    assert_secret_free(ciphertext, OLD)
