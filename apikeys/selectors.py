"""Reads of keys: lists that load no ciphertext, and the one key of a run."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from accounts.models import UserProfile
from apikeys.models import UserApiKey
from common.errors import AppError, not_found

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunKey:
    """An opened key, for the run of its owner and no longer than that."""

    id: UUID
    name: str
    secret: str = field(repr=False)


def keys_of(user_id: int) -> QuerySet[UserApiKey]:
    """The user's keys, oldest first; the ciphertext stays in the database."""
    return UserApiKey.objects.filter(user_id=user_id)


def key_for(user: User, key_id: UUID) -> UserApiKey:
    """The user's own key, for a change.

    Raises:
        AppError: ``key_not_found``, the same for a foreign key and for none.
    """
    key = keys_of(user.pk).filter(pk=key_id).first()
    if key is None:
        raise not_found("key")
    return key


def selected_key_id(user_id: int) -> UUID | None:
    chosen = UserProfile.objects.filter(user_id=user_id).values_list("selected_api_key", flat=True)
    return chosen.first()


@sensitive_variables()
def run_key(user_id: int, key_id: UUID | None) -> RunKey:
    """The key a run of this user works with; without ``key_id`` the one selected in the profile.

    Call it outside a transaction that a refusal rolls back: a key that does not open is marked.

    Raises:
        AppError: ``no_key``, ``key_not_found``, ``key_inactive``, ``key_expired`` or
            ``key_unreadable``. No other key is ever used instead.
    """
    wanted = key_id or selected_key_id(user_id)
    if wanted is None:
        raise AppError("no_key", "Add a Gemini key, or choose one of yours, before you start.")
    key = keys_of(user_id).defer(None).filter(pk=wanted).first()
    if key is None:
        raise not_found("key")
    if not key.is_active:
        raise AppError("key_inactive", "This key is switched off. Switch it on or choose another.")
    if key.is_expired:
        raise AppError("key_expired", "This key is past its expiry date. Choose another key.")
    try:
        return RunKey(key.id, key.name, key.get_decrypted_key())
    except AppError as error:
        logger.error("The key %s of user %s does not open (%s).", key.id, user_id, error.code)
        UserApiKey.objects.filter(pk=key.pk).update(status=UserApiKey.Status.UNREADABLE)
        raise
