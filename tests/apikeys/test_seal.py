"""The seal, and the field's traps: what could open, leak or destroy a stored key."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from cryptography.fernet import InvalidToken
from django.core import serializers
from django.core.exceptions import FieldError, ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.forms.models import model_to_dict
from fernet_fields.fields import EncryptedTextField

from apikeys.fields import SealedKeyField
from apikeys.models import UserApiKey
from apikeys.rotation import key_rotate
from apikeys.seal import MASK, SealedKey, all_fernets, fingerprints, new_nonce, open_key, seal_key
from apikeys.services import key_put
from apikeys.verification import CheckedKey
from common.errors import AppError
from tests.people import assert_secret_free, make_key, make_user, new_secret

pytestmark = pytest.mark.django_db

SECRET = new_secret()
OLD, NEW = "an old master key of enough length", "a new master key of enough length"


def stored(key: UserApiKey) -> str:
    """The column as it is on disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, encrypted_key FROM user_api_keys")
        return dict(cursor.fetchall())[key.name]


def loaded(key: UserApiKey) -> UserApiKey:
    return UserApiKey.objects.get(pk=key.pk)


def test_the_column_holds_a_fernet_token_as_text(alice):
    key = make_key(owner=alice, secret=SECRET)
    assert stored(key).startswith("gAAAA")
    assert_secret_free(stored(key), SECRET)
    assert loaded(key).get_decrypted_key() == SECRET


def test_the_field_is_the_librarys_from_the_first_migration_on():
    assert issubclass(SealedKeyField, EncryptedTextField)
    field = UserApiKey._meta.get_field("encrypted_key")
    assert field.deconstruct()[1] == "apikeys.fields.SealedKeyField"


def test_sealing_twice_gives_two_ciphertexts(alice):
    key = make_key(owner=alice, secret=SECRET)
    again = seal_key(SECRET, owner_id=alice.pk, key_id=key.pk)
    assert again.ciphertext != stored(key)


def test_a_loaded_key_prints_a_mask(alice):
    sealed = loaded(make_key(owner=alice, secret=SECRET)).encrypted_key
    assert {str(sealed), repr(sealed), f"{sealed}", f"{sealed:>40}", "%s" % sealed} == {MASK}  # noqa: UP031


def test_copies_and_dumps_hold_ciphertext(alice):
    key = loaded(make_key(owner=alice, secret=SECRET))
    sealed = key.encrypted_key
    for dump in (
        pickle.dumps(key),
        pickle.dumps(sealed),
        serializers.serialize("json", [key]),
        serializers.serialize("xml", [key]),
        repr(vars(key)),
        repr(model_to_dict(key)),
        repr(list(UserApiKey.objects.values())),
        repr(list(UserApiKey.objects.values_list("encrypted_key"))),
        repr(copy.deepcopy(key).encrypted_key),
        repr(key),
    ):
        assert_secret_free(dump, SECRET)
    assert pickle.loads(pickle.dumps(key)).get_decrypted_key() == SECRET  # noqa: S301
    assert copy.deepcopy(key).get_decrypted_key() == SECRET


def test_a_backup_holds_ciphertext_and_can_be_restored(alice, tmp_path):
    key = make_key(owner=alice, secret=SECRET)
    backup = tmp_path / "backup.json"
    call_command("dumpdata", "auth", "accounts", "apikeys", output=str(backup))
    assert_secret_free(backup, SECRET)
    alice.delete()
    call_command("loaddata", str(backup), verbosity=0)
    assert loaded(key).get_decrypted_key() == SECRET
    assert loaded(key).user.profile.selected_api_key == key


def test_a_row_copied_to_another_user_does_not_open(alice, bob):
    key = make_key(owner=alice, secret=SECRET)
    UserApiKey.objects.filter(pk=key.pk).update(user=bob)
    with pytest.raises(AppError) as caught:
        loaded(key).get_decrypted_key()
    assert caught.value.code == "key_unreadable"
    assert_secret_free(str(caught.value), SECRET)


def test_a_ciphertext_copied_to_another_row_does_not_open(alice):
    key, other = make_key(owner=alice, secret=SECRET), make_key(owner=alice, name="other")
    UserApiKey.objects.filter(pk=other.pk).update(encrypted_key=loaded(key).encrypted_key)
    with pytest.raises(AppError):
        loaded(other).get_decrypted_key()


@pytest.mark.parametrize(
    "inside",
    ["a bare key", "[]", "{}", '{"v": 1}', '{"v":2,"owner":1,"key":"x","secret":"y"}', "\\"],
)
def test_a_token_with_other_content_does_not_open(alice, inside):
    key = make_key(owner=alice)
    token = SealedKey(all_fernets().encrypt(inside.encode()).decode())
    UserApiKey.objects.filter(pk=key.pk).update(encrypted_key=token)
    with pytest.raises(AppError):
        loaded(key).get_decrypted_key()


@pytest.mark.parametrize("garbage", ["garbage", "gAAAAgarbage", "", "gAAAA\u2603"])
def test_one_garbage_row_breaks_no_list(alice, garbage):
    key, good = make_key(owner=alice, secret=SECRET), make_key(owner=alice, name="good")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE user_api_keys SET encrypted_key = %s WHERE name = 'work'", [garbage])
    assert len(UserApiKey.objects.defer(None).filter(user=alice)) == 2
    assert loaded(good).get_decrypted_key()
    with pytest.raises(AppError):
        loaded(key).get_decrypted_key()


def test_expressions_are_refused_and_the_secret_stays(alice):
    key = loaded(make_key(owner=alice, secret=SECRET))
    before = stored(key)
    key.encrypted_key = seal_key(new_secret(), owner_id=alice.pk, key_id=key.pk)
    for destroy in (
        lambda: UserApiKey.objects.bulk_update([key], ["encrypted_key"]),
        lambda: UserApiKey.objects.update(encrypted_key=F("name")),
        lambda: UserApiKey.objects.update(encrypted_key=Value("x")),
        lambda: UserApiKey.objects.update(encrypted_key=Concat("encrypted_key", Value("x"))),
    ):
        with pytest.raises(FieldError), transaction.atomic():
            destroy()
    assert stored(key) == before


def test_plain_text_is_refused_and_not_repeated(alice):
    key = UserApiKey(user=alice, name="plain", encrypted_key=SECRET)  # type: ignore[misc]
    for store in (
        key.save,
        lambda: UserApiKey.objects.bulk_create([key]),
        lambda: UserApiKey.objects.update(encrypted_key=SECRET),
        lambda: SealedKeyField().clean(SECRET, None),
    ):
        with pytest.raises((FieldError, ValidationError)) as caught:
            store()
        assert_secret_free(str(caught.value), SECRET)


def test_a_stale_instance_does_not_bring_a_replaced_key_back(alice):
    key = make_key(owner=alice, secret=SECRET)
    stale = loaded(key)
    assert stale.encrypted_key
    newer = new_secret()
    fresh = loaded(key)
    fresh.seal_nonce = new_nonce()
    fresh.encrypted_key = seal_key(newer, owner_id=alice.pk, key_id=key.pk, nonce=fresh.seal_nonce)
    fresh.save(update_fields=["encrypted_key", "seal_nonce"])
    stale.name = "renamed"
    stale.save()
    assert loaded(key).name == "renamed"
    assert loaded(key).get_decrypted_key() == newer


@pytest.mark.parametrize("lookup", ["encrypted_key", "encrypted_key__contains"])
def test_searching_the_ciphertext_is_refused(alice, lookup):
    with pytest.raises(FieldError):
        UserApiKey.objects.filter(**{lookup: SECRET}).exists()


def test_the_ciphertext_is_loaded_only_when_asked_for(alice, django_assert_num_queries):
    make_key(owner=alice)
    with django_assert_num_queries(1):
        [key] = UserApiKey.objects.all()
    assert key.get_deferred_fields() == {"encrypted_key"}


def test_the_form_of_a_model_has_no_field_for_it():
    assert UserApiKey._meta.get_field("encrypted_key").formfield() is None


def test_the_first_master_key_seals_and_all_of_them_open(settings, alice):
    settings.FERNET_KEYS = [OLD]
    key = make_key(owner=alice, secret=SECRET)
    settings.FERNET_KEYS = [NEW, OLD]
    assert loaded(key).get_decrypted_key() == SECRET
    again = seal_key(SECRET, owner_id=alice.pk, key_id=key.pk)
    settings.FERNET_KEYS = [NEW]
    assert open_key(again, owner_id=alice.pk, key_id=key.pk) == SECRET
    with pytest.raises(AppError):
        loaded(key).get_decrypted_key()


def test_the_secret_key_of_django_may_change(settings, alice):
    key = make_key(owner=alice, secret=SECRET)
    before = fingerprints(SECRET, owner_id=alice.pk)
    settings.SECRET_KEY = "another secret key of enough length"
    assert loaded(key).get_decrypted_key() == SECRET
    assert fingerprints(SECRET, owner_id=alice.pk) == before


def test_fingerprints_survive_a_rotation_and_differ_between_people(settings, alice, bob):
    settings.FERNET_KEYS = [OLD]
    [before] = fingerprints(SECRET, owner_id=alice.pk)
    settings.FERNET_KEYS = [NEW, OLD]
    assert before in fingerprints(SECRET, owner_id=alice.pk)
    assert fingerprints(SECRET, owner_id=alice.pk)[0] != before
    assert before not in fingerprints(SECRET, owner_id=bob.pk)


@pytest.mark.parametrize("keys", ["a string", [], [""], None, ["good enough", ""]])
def test_master_keys_that_make_no_sense_are_refused(settings, alice, keys):
    key = make_key(owner=alice)
    settings.FERNET_KEYS = keys
    with pytest.raises(ImproperlyConfigured):
        loaded(key).get_decrypted_key()
    with pytest.raises(ImproperlyConfigured):
        seal_key(SECRET, owner_id=1, key_id=key.pk)


def test_the_token_can_be_read_with_nothing_but_the_library(settings, alice):
    """A way out: what is stored opens with django-fernet-fields' own key derivation."""
    key = make_key(owner=alice, secret=SECRET)
    own = EncryptedTextField().fernet
    payload = json.loads(own.decrypt(stored(key).encode()))
    bound = {"v": 2, "owner": alice.pk, "key": str(key.pk), "nonce": key.seal_nonce}
    assert payload == {**bound, "secret": SECRET}
    settings.FERNET_KEYS = [NEW]
    with pytest.raises(InvalidToken):
        EncryptedTextField().fernet.decrypt(stored(key).encode())


def put_back(key: UserApiKey, ciphertext: str) -> None:
    """Write a ciphertext into a row, as who can write the table does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE user_api_keys SET encrypted_key = %s WHERE name = %s", [ciphertext, key.name]
        )


def replaced(key: UserApiKey, secret: str) -> UserApiKey:
    return key_put(key=loaded(key), checked=CheckedKey(secret, {"status": "active"}))


def test_an_older_seal_of_the_same_row_does_not_open_a_replaced_key(alice):
    key = make_key(owner=alice, secret=SECRET)
    before = stored(key)
    replaced(key, newer := new_secret())
    current = stored(key)
    put_back(key, before)
    with pytest.raises(AppError) as caught:
        loaded(key).get_decrypted_key()
    assert caught.value.code == "key_unreadable"
    put_back(key, current)
    assert loaded(key).get_decrypted_key() == newer


def test_the_same_secret_again_is_another_seal(alice):
    key = make_key(owner=alice, secret=SECRET)
    before = stored(key)
    replaced(key, SECRET)
    put_back(key, before)
    with pytest.raises(AppError):
        loaded(key).get_decrypted_key()


def sealed_before_nonces(key: UserApiKey) -> str:
    sealed = seal_key(SECRET, owner_id=key.user_id, key_id=key.pk)
    UserApiKey.objects.filter(pk=key.pk).update(encrypted_key=sealed, seal_nonce="")
    return sealed.ciphertext


def test_a_seal_of_before_there_were_nonces_opens_until_the_key_is_replaced(alice):
    key = make_key(owner=alice, secret=SECRET)
    before = sealed_before_nonces(key)
    assert loaded(key).get_decrypted_key() == SECRET
    replaced(key, new_secret())
    put_back(key, before)
    with pytest.raises(AppError):
        loaded(key).get_decrypted_key()


def test_a_rotation_gives_an_old_seal_a_nonce(settings, alice):
    settings.FERNET_KEYS = [OLD]
    key = make_key(owner=alice, secret=SECRET)
    before = sealed_before_nonces(key)
    settings.FERNET_KEYS = [NEW, OLD]
    assert key_rotate(key=key) == "rotated"
    assert loaded(key).get_decrypted_key() == SECRET
    put_back(key, before)
    with pytest.raises(AppError):
        loaded(key).get_decrypted_key()


def test_a_key_that_is_replaced_after_its_row_was_loaded_still_opens(alice):
    key = make_key(owner=alice, secret=SECRET)
    early = loaded(key)
    replaced(key, newer := new_secret())
    assert early.get_decrypted_key() == newer


def test_a_process_that_knows_no_nonces_can_store_a_row(alice):
    """While a server is updated, processes of both versions run."""
    key = make_key(owner=alice, secret=SECRET)
    names = [f.column for f in UserApiKey._meta.concrete_fields if f.column != "seal_nonce"]
    columns = ", ".join(names)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE copied AS SELECT {columns} FROM user_api_keys")  # noqa: S608
        cursor.execute("DELETE FROM user_profiles")
        cursor.execute("DELETE FROM user_api_keys")
        cursor.execute(f"INSERT INTO user_api_keys ({columns}) SELECT {columns} FROM copied")  # noqa: S608
        cursor.execute("DROP TABLE copied")
    assert loaded(key).seal_nonce == ""


def test_keys_go_with_their_owner(alice):
    make_key(owner=alice)
    make_user("dora")
    alice.delete()
    assert not UserApiKey.objects.exists()
