"""Rotating the master key: nothing is lost, whenever it is stopped or disturbed."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from apikeys import rotation, seal, services, verification
from apikeys.models import UserApiKey
from apikeys.selectors import run_key
from common.errors import AppError
from tests.people import assert_secret_free, make_key, new_secret

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

OLD, NEW = "an old master key of enough length", "a new master key of enough length"


def rotate(*options: str) -> str:
    out = io.StringIO()
    call_command("rotatekeys", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def secrets(settings, alice, bob) -> dict[UserApiKey, str]:
    """Keys of two people under the old master key, with the new one put first."""
    settings.FERNET_KEYS = [OLD]
    made = {}
    for owner in (alice, bob):
        for number in range(5):
            secret = new_secret()
            made[make_key(owner=owner, name=str(number), secret=secret)] = secret
    settings.FERNET_KEYS = [NEW, OLD]
    return made


def rows() -> list[dict]:
    return list(UserApiKey.objects.order_by("pk").values())


def test_all_keys_open_with_the_new_master_key_alone(settings, secrets):
    said = rotate()
    assert said == "10 rotated, 0 current already, 0 cannot be read.\nDone.\n"
    settings.FERNET_KEYS = [NEW]
    for key, secret in secrets.items():
        assert run_key(key.user_id, key.pk).secret == secret
        assert_secret_free(said, secret)


def test_only_seal_and_fingerprint_change(secrets):
    before = rows()
    rotate()
    for old, new in zip(before, rows(), strict=True):
        changed = {name for name in old if old[name] != new[name]}
        assert changed == {"encrypted_key", "fingerprint"}


def test_a_dry_run_writes_nothing(secrets):
    before = rows()
    assert rotate("--dry-run").startswith("10 to rotate")
    assert rows() == before


def test_a_rotation_that_was_stopped_goes_on_where_it_was(secrets):
    for key in list(secrets)[:5]:
        rotation.key_rotate(key=key)
    assert rotate().startswith("5 rotated, 5 current already")
    assert rotate().startswith("0 rotated, 10 current already")


def test_duplicates_are_still_found_after_the_old_master_key_is_gone(settings, alice, secrets):
    rotate()
    settings.FERNET_KEYS = [NEW]
    secret = next(secret for key, secret in secrets.items() if key.user == alice)
    with pytest.raises(AppError) as caught:
        verification.key_check(owner=alice, pasted=secret)
    assert caught.value.code == "duplicate_key"


def test_keys_that_cannot_be_read_are_counted_and_left_as_they_are(settings, alice, secrets):
    settings.FERNET_KEYS = ["a master key that is lost, long enough"]
    lost = make_key(owner=alice, name="lost")
    before = UserApiKey.objects.get(pk=lost.pk).encrypted_key
    settings.FERNET_KEYS = [NEW, OLD]
    with pytest.raises(CommandError, match="Keep the older"):
        rotate()
    lost.refresh_from_db()
    assert (lost.status, lost.encrypted_key) == ("unreadable", before)
    assert rotate_counts("current") == 10


def rotate_counts(what: str) -> int:
    keys = UserApiKey.objects.all()
    return sum(rotation.key_rotate(key=key, dry_run=True) == what for key in keys)


def test_a_key_replaced_during_the_rotation_keeps_its_new_secret(settings, secrets, monkeypatch):
    key = next(iter(secrets))
    newer = new_secret()
    sealed = seal.seal_key

    def replaced_meanwhile(*args, **kwargs):
        monkeypatch.setattr(rotation, "seal_key", sealed)
        services.key_put(
            key=UserApiKey.objects.get(pk=key.pk),
            checked=verification.CheckedKey(newer, {"status": "active"}),
        )
        return sealed(*args, **kwargs)

    monkeypatch.setattr(rotation, "seal_key", replaced_meanwhile)
    rotate()
    settings.FERNET_KEYS = [NEW]
    assert run_key(key.user_id, key.pk).secret == newer
