"""What can be done with a key. Every key is checked with Google before it is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import UserProfile
from accounts.selectors import profile_of
from accounts.services import profile_choose_key
from agents.core.errors import SENTENCES
from agents.core.gemini import Endpoint, KeyCheck
from agents.core.gemini import check_key as ask_gemini
from apikeys.models import UserApiKey
from apikeys.pasted import key_from
from apikeys.seal import fingerprints, is_current, seal_key
from apikeys.selectors import keys_of
from common.errors import AppError

Check = Callable[[str], KeyCheck]
Status = UserApiKey.Status

KEYS_PER_USER = 50
REFUSED = {"invalid": "invalid_key", "blocked": "key_blocked"}
NOT_CHECKED = "Google could not be reached, so this key is stored unchecked. Verify it later."
REPORTED = {"invalid_key": Status.INVALID, "key_blocked": Status.BLOCKED, "quota": Status.QUOTA}


@dataclass(frozen=True, slots=True)
class CheckedKey:
    """A key that may be stored, and what Google said about it."""

    secret: str = field(repr=False)
    status: Status
    detail: str


@sensitive_variables()
def check_with_google(secret: str) -> KeyCheck:
    return ask_gemini(Endpoint(settings.GEMINI_BASE_URL, settings.GEMINI_API_VERSION), secret)


@sensitive_variables()
def key_add(*, owner: User, name: str, raw: str, check: Check = check_with_google) -> UserApiKey:
    """Check a key with Google and store it, sealed; the first one becomes the selected one.

    If Google cannot be reached, the key is stored as ``unverified``.

    Raises:
        AppError: ``bad_key``, ``duplicate_key``, ``duplicate_name``, ``too_many_keys``,
            ``invalid_key`` or ``key_blocked``; nothing is stored.
    """
    key_name_check(owner.pk, name)
    return key_store(owner=owner, name=name, checked=key_check(owner=owner, raw=raw, check=check))


@sensitive_variables()
def key_check(
    *, owner: User, raw: str, check: Check = check_with_google, replaces: UUID | None = None
) -> CheckedKey:
    """Clean a pasted key, look for it among the owner's, and ask Google about it.

    Raises:
        AppError: as ``key_add``.
    """
    secret = key_from(raw)
    others = _others(owner.pk, replaces)
    if others.filter(fingerprint__in=fingerprints(secret, owner_id=owner.pk)).exists():
        raise _duplicate_key()
    status, detail = _verdict(check(secret))
    if status in REFUSED:
        code = REFUSED[status]
        raise AppError(code, SENTENCES[code], fields={"key": [SENTENCES[code]]})
    return CheckedKey(secret, status, detail)


@sensitive_variables()
def key_store(*, owner: User, name: str, checked: CheckedKey) -> UserApiKey:
    """Store a checked key as a new one."""
    key_name_check(owner.pk, name)
    key = UserApiKey(user=owner, name=name)
    _put(key, checked)
    try:
        with transaction.atomic():
            key.save(force_insert=True)
            profile_of(owner)
            # Compare-and-set: of two first keys at once, one becomes the selected one.
            UserProfile.objects.filter(pk=owner.pk, selected_api_key=None).update(
                selected_api_key=key
            )
    except IntegrityError:
        key_name_check(owner.pk, name)
        raise _duplicate_key() from None
    return key


@sensitive_variables()
def key_replace(*, key: UserApiKey, raw: str, check: Check = check_with_google) -> UserApiKey:
    """Put another secret into an existing key; its name and place stay.

    Raises:
        AppError: as ``key_add``; the old secret stays.
    """
    checked = key_check(owner=key.user, raw=raw, check=check, replaces=key.pk)
    return key_put(key=key, checked=checked)


@sensitive_variables()
def key_put(*, key: UserApiKey, checked: CheckedKey) -> UserApiKey:
    """Store a checked key in the place of an older one."""
    _put(key, checked)
    changed = ["encrypted_key", "fingerprint", "tail", "status", "status_detail", "verified_at"]
    try:
        with transaction.atomic():
            key.save(update_fields=[*changed, "updated_at"])
    except IntegrityError:
        raise _duplicate_key() from None
    return key


def key_rename(*, key: UserApiKey, name: str) -> UserApiKey:
    """Raises ``AppError`` ``duplicate_name``."""
    key_name_check(key.user_id, name, but=key.pk)
    key.name = name
    try:
        with transaction.atomic():
            key.save(update_fields=["name", "updated_at"])
    except IntegrityError:
        raise _duplicate_name() from None
    return key


def key_set_active(*, key: UserApiKey, active: bool) -> UserApiKey:
    """Switch a key on or off; one that is off is not selected any more."""
    key.is_active = active
    with transaction.atomic():
        key.save(update_fields=["is_active", "updated_at"])
        if not active:
            UserProfile.objects.filter(selected_api_key=key).update(selected_api_key=None)
    return key


def key_select(*, key: UserApiKey) -> UserApiKey:
    """Make a key the one its owner's runs work with. Raises ``AppError`` ``key_inactive``."""
    profile_choose_key(user=key.user, key_id=key.pk)
    return key


def key_delete(*, key: UserApiKey) -> None:
    key.delete()


@sensitive_variables()
def key_verify(*, key: UserApiKey, check: Check = check_with_google) -> UserApiKey:
    """Ask Google about a stored key and note the answer on it; a refusal is an answer, no error."""
    key.refresh_from_db(fields=["encrypted_key", "fingerprint"])
    try:
        verdict = check(key.get_decrypted_key())
    except AppError as error:
        return _note(key, status=Status.UNREADABLE, status_detail=error.message)
    status, detail = _verdict(verdict)
    if status == Status.UNVERIFIED:  # nothing new is known about a key that worked before
        return _note(key, status_detail=SENTENCES["unreachable"])
    return _note(key, status=status, status_detail=detail, verified_at=timezone.now())


@sensitive_variables()
def key_rotate(*, key: UserApiKey, dry_run: bool = False) -> str:
    """Seal a stored key anew under the first master key: ``current``, ``rotated``, ``unreadable``.

    Written only if nobody replaced the key meanwhile; what is stored then is current anyway.
    """
    key.refresh_from_db(fields=["encrypted_key", "fingerprint"])
    try:
        secret = key.get_decrypted_key()
    except AppError as error:
        if not dry_run:
            _note(key, status=Status.UNREADABLE, status_detail=error.message)
        return "unreadable"
    if is_current(key.encrypted_key):
        return "current"
    if not dry_run:
        UserApiKey.objects.filter(pk=key.pk, fingerprint=key.fingerprint).update(
            encrypted_key=seal_key(secret, owner_id=key.user_id, key_id=key.id),
            fingerprint=fingerprints(secret, owner_id=key.user_id)[0],
        )
    return "rotated"


def key_report(*, key_id: UUID, code: str | None) -> None:
    """Note after a run how the key did: ``code`` is the run's error code, None if it worked."""
    noted: dict[str, Any] = {"last_used_at": timezone.now()}
    if code is None:
        noted |= {"status": Status.ACTIVE, "status_detail": ""}
    elif code in REPORTED:
        noted |= {"status": REPORTED[code], "status_detail": SENTENCES[code]}
    UserApiKey.objects.filter(pk=key_id).update(**noted)


def _verdict(said: KeyCheck) -> tuple[Status, str]:
    if said.status == "unreachable":
        return Status.UNVERIFIED, NOT_CHECKED
    if said.status == "active":
        return Status.ACTIVE, ""
    return Status(said.status), SENTENCES[said.code]


def _note(key: UserApiKey, **noted: Any) -> UserApiKey:
    """Write a finding, unless the key was replaced while it was made."""
    UserApiKey.objects.filter(pk=key.pk, fingerprint=key.fingerprint).update(**noted)
    key.refresh_from_db(fields=["status", "status_detail", "verified_at", "fingerprint"])
    return key


@sensitive_variables()
def _put(key: UserApiKey, checked: CheckedKey) -> None:
    key.encrypted_key = seal_key(checked.secret, owner_id=key.user_id, key_id=key.id)
    key.fingerprint = fingerprints(checked.secret, owner_id=key.user_id)[0]
    key.tail = checked.secret[-4:]
    key.status, key.status_detail = checked.status, checked.detail
    key.verified_at = None if checked.status == Status.UNVERIFIED else timezone.now()


def key_name_check(owner_id: int, name: str, *, but: UUID | None = None) -> None:
    """Refuse a name that another key of this owner has, and a key too many.

    Raises:
        AppError: ``duplicate_name`` or ``too_many_keys``.
    """
    others = _others(owner_id, but)
    if others.filter(name=name).exists():
        raise _duplicate_name()
    if but is None and others.count() >= KEYS_PER_USER:
        raise AppError("too_many_keys", f"You have {KEYS_PER_USER} keys. Delete one first.")


def _others(owner_id: int, but: UUID | None) -> QuerySet[UserApiKey]:
    keys = keys_of(owner_id)
    return keys.exclude(pk=but) if but else keys


def _duplicate_name() -> AppError:
    sentence = "You have a key of this name. Choose another name."
    return AppError("duplicate_name", sentence, fields={"name": [sentence]})


def _duplicate_key() -> AppError:
    sentence = "You have stored this key already, maybe under another name."
    return AppError("duplicate_key", sentence, fields={"key": [sentence]})
