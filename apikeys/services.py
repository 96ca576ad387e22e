"""What can be done with a key. Every key is checked with Google before it is stored.

Each service writes a line of the audit, in its own transaction; ``actor`` is who did it, if
that was not the owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from accounts.models import UserProfile
from accounts.selectors import profile_of
from accounts.services import profile_choose_key
from apikeys import master_key
from apikeys.audit import Actor, What, note
from apikeys.models import SEALED, UserApiKey
from apikeys.seal import fingerprints, new_nonce, seal_key
from apikeys.selectors import keys_of
from apikeys.terms import limits_check
from apikeys.verification import Check, CheckedKey, check_with_google, duplicate_key, key_check
from common.deletion import delete_with_retry
from common.errors import AppError
from common.keylike import key_refusal, refuse_key

KEYS_PER_USER = 50


@sensitive_variables()
def key_add(
    *,
    owner: User,
    name: str,
    pasted: str,
    actor: Actor | None = None,
    check: Check = check_with_google,
) -> UserApiKey:
    """Check a key with Google and store it, sealed; the first one becomes the selected one.

    If Google cannot be reached, the key is stored as ``unverified``.

    Raises:
        AppError: ``bad_key``, ``duplicate_key``, ``duplicate_name``, ``too_many_keys``,
            ``invalid_key``, ``key_blocked`` or ``wrong_master_key``; nothing is stored.
    """
    key_name_check(owner.pk, name)
    master_key.require()  # before Google is asked
    checked = key_check(owner=owner, pasted=pasted, check=check)
    return key_store(owner=owner, name=name, checked=checked, actor=actor)


@sensitive_variables()
def key_store(
    *,
    owner: User,
    name: str,
    checked: CheckedKey,
    actor: Actor | None = None,
    limits: Mapping[str, Any] | None = None,
) -> UserApiKey:
    """Store a checked key as a new one."""
    key_name_check(owner.pk, name)
    # A key of a form that no pattern knows yet.
    if checked.secret in name:
        raise key_refusal(field="name")
    limits_check(limits or {})
    key = UserApiKey(user=owner, name=name, **(limits or {}))
    _set_secret(key, checked)
    try:
        # The probe is written with the first key that is sealed, or a crash in between leaves a key
        # of which nobody can tell under which master key it is.
        with transaction.atomic():
            master_key.require_and_remember()
            key.save(force_insert=True)
            note(key, What.CREATE, actor)
            profile_of(owner)
            # Compare-and-set: of two first keys at once, one becomes the selected one.
            UserProfile.objects.filter(pk=owner.pk, selected_api_key=None).update(
                selected_api_key=key
            )
    # Another tab came first, with the same name or the same key: which, the name tells.
    except IntegrityError:
        key_name_check(owner.pk, name)
        raise duplicate_key() from None
    return key


@sensitive_variables()
def key_replace(
    *, key: UserApiKey, pasted: str, actor: Actor | None = None, check: Check = check_with_google
) -> UserApiKey:
    """Put another secret into an existing key; its name and place stay.

    Raises:
        AppError: as ``key_add``; the old secret stays.
    """
    master_key.require()
    checked = key_check(owner=key.user, pasted=pasted, check=check, replaces=key.pk)
    return key_put(key=key, checked=checked, actor=actor)


@sensitive_variables()
def key_put(*, key: UserApiKey, checked: CheckedKey, actor: Actor | None = None) -> UserApiKey:
    """Store a checked key in the place of an older one."""
    changed = _set_secret(key, checked)
    try:
        with transaction.atomic():
            master_key.require_and_remember()
            key.save(update_fields=[*changed, "updated_at"])
            note(key, What.REPLACE, actor)
    except IntegrityError:
        raise duplicate_key() from None
    return key


def key_rename(*, key: UserApiKey, name: str, actor: Actor | None = None) -> UserApiKey:
    """Raises ``AppError`` ``duplicate_name``."""
    key_name_check(key.user_id, name, but=key.pk)
    before, key.name = key.name, name
    try:
        with transaction.atomic():
            key.save(update_fields=["name", "updated_at"])
            note(key, What.RENAME, actor, f"was “{before}”")
    except IntegrityError:
        raise _duplicate_name() from None
    return key


def key_set_active(*, key: UserApiKey, active: bool, actor: Actor | None = None) -> UserApiKey:
    """Switch a key on or off; one that is off is not selected any more."""
    key.is_active = active
    with transaction.atomic():
        key.save(update_fields=["is_active", "updated_at"])
        note(key, What.ACTIVATE if active else What.DEACTIVATE, actor)
        if not active:
            UserProfile.objects.filter(selected_api_key=key).update(selected_api_key=None)
    return key


def key_set_limits(
    *, key: UserApiKey, limits: Mapping[str, Any], actor: Actor | None = None
) -> UserApiKey:
    """Set the expiry date and budgets that are named in ``limits``; None takes one away.

    Raises:
        AppError: ``invalid``, with the fields at fault.
    """
    limits_check(limits, key)
    for name, value in limits.items():
        setattr(key, name, value)
    with transaction.atomic():
        key.save(update_fields=[*limits, "updated_at"])
        note(key, What.LIMITS, actor, ", ".join(map(_describe_limit, limits.items())))
    return key


def key_select(
    *, key: UserApiKey, user: User | None = None, actor: Actor | None = None
) -> UserApiKey:
    """Make a key the one that ``user``'s runs work with: the owner, or who it is lent to.

    Raises:
        AppError: ``key_inactive``.
    """
    profile_choose_key(user=user or key.user, key_id=key.pk, actor=actor)
    return key


def key_delete(*, key: UserApiKey, actor: Actor | None = None) -> None:
    """Delete a key; what was done with it stays in the ledger and the audit."""
    key_id = key.pk

    def delete() -> None:
        row = UserApiKey.objects.select_related("user").filter(pk=key_id).first()
        if row is not None:
            note(row, What.DELETE, actor)
            row.delete()

    delete_with_retry(delete)


def key_name_check(owner_id: int, name: str, *, but: UUID | None = None) -> None:
    """Refuse a name that another key of this owner has or is, and a key too many.

    Raises:
        AppError: ``looks_like_key``, ``duplicate_name`` or ``too_many_keys``.
    """
    refuse_key(name, field="name")
    # A key in a form that nobody knows yet is told by its fingerprint.
    if keys_of(owner_id).filter(fingerprint__in=fingerprints(name, owner_id=owner_id)).exists():
        raise key_refusal(field="name")
    others = keys_of(owner_id).exclude(pk=but) if but else keys_of(owner_id)
    if others.filter(name=name).exists():
        raise _duplicate_name()
    if but is None and others.count() >= KEYS_PER_USER:
        raise AppError("too_many_keys", f"You have {KEYS_PER_USER} keys. Delete one first.")


@sensitive_variables()
def _set_secret(key: UserApiKey, checked: CheckedKey) -> list[str]:
    """Set the columns that a new secret changes; returns their names."""
    # All that was known is of the old secret: an error of that one must not stand at the new one.
    nothing_known: dict[str, Any] = {
        "quota_until": None,
        "last_success_at": None,
        "last_error_at": None,
        "last_error_code": "",
        "listed_models": None,
        "listed_at": None,
        "billing_refusals": {},
    }
    columns = nothing_known | checked.columns
    key.seal_nonce = new_nonce()
    key.encrypted_key = seal_key(
        checked.secret, owner_id=key.user_id, key_id=key.id, nonce=key.seal_nonce
    )
    key.fingerprint = fingerprints(checked.secret, owner_id=key.user_id)[0]
    key.tail = checked.secret[-4:]
    for name, value in columns.items():
        setattr(key, name, value)
    return [*SEALED, "tail", *columns]


def _describe_limit(limit: tuple[str, Any]) -> str:
    name, value = limit
    if isinstance(value, datetime):
        value = f"{value:%Y-%m-%d %H:%M} UTC"
    return f"{name.replace('_', ' ')}: {'none' if value is None else value}"


def _duplicate_name() -> AppError:
    sentence = "You have a key of this name. Choose another name."
    return AppError("duplicate_name", sentence, fields={"name": [sentence]})
