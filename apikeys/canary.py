"""Knows a wrong master key before it does harm.

When keys are first sealed under a master key, something known is sealed with it and kept. Each
such canary must open: one that does not says that keys are stored under a master key that this
server was not given. Then nothing is sealed, so that nobody replaces a key that only looks lost.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from cryptography.fernet import InvalidToken
from django.core.checks import CheckMessage, Error
from django.db import DatabaseError, connection

from apikeys.models import SealCanary, UserApiKey
from apikeys.seal import SealedKey, Unreadable, current_fernet, fernet, open_key
from common.errors import AppError

logger = logging.getLogger(__name__)

SONG = {"canary": "chatproject"}
WRONG = "FERNET_KEYS is not the one that the stored keys were sealed with."
HINT = (
    "Put the old secret back, behind a new one if there is one, and see docs/keys.md. If it is "
    "lost for good: manage.py rotatekeys --accept-loss"
)
SAMPLE = 20


def fits() -> bool:
    """Whether everything known to be sealed opens under the master keys given."""
    canaries = list(SealCanary.objects.values_list("ciphertext", flat=True))
    if canaries:
        return all(_sings(ciphertext) for ciphertext in canaries)
    keys = list(UserApiKey.objects.defer(None).order_by("-updated_at")[:SAMPLE])
    return not keys or any(_opens(key) for key in keys)  # stored before there were canaries


def require() -> None:
    """Raises ``AppError`` ``wrong_master_key``, unless keys can be sealed."""
    if not fits():
        raise AppError(
            "wrong_master_key",
            "This server was started with a wrong master key, so keys cannot be stored or "
            "changed. Your keys are not lost: tell the administrator.",
            status=503,
        )


def require_and_plant() -> None:
    """Call it in the transaction that stores something sealed. Raises as ``require``."""
    require()
    plant()


def plant() -> None:
    """Keep a canary under the first master key, if there is none."""
    ring = current_fernet()
    if not any(_sings(canary.ciphertext, ring) for canary in SealCanary.objects.all()):
        SealCanary.objects.create(ciphertext=ring.encrypt(json.dumps(SONG).encode()).decode())


def forget_older() -> None:
    """Once nothing is sealed under older master keys: they may be taken away."""
    ring = current_fernet()
    for canary in SealCanary.objects.all():
        if not _sings(canary.ciphertext, ring):
            canary.delete()


def check_master_key(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Django's check of a database: at ``migrate`` and ``check --database default``."""
    if not databases or connection.alias not in databases or _is_new() or fits():
        return []
    return [Error(WRONG, hint=HINT, id="apikeys.E001")]


def say_if_wrong() -> None:
    """At a server's start: it goes on, because all else works, and says so where it is read."""
    try:
        if not _is_new() and not fits():
            logger.critical("%s %s", WRONG, HINT)
    except DatabaseError as fault:
        logger.warning("The master key was not checked: %s", type(fault).__name__)


def _is_new() -> bool:
    tables = connection.introspection.table_names()
    return not {SealCanary._meta.db_table, UserApiKey._meta.db_table}.issubset(tables)


def _sings(ciphertext: str, ring: Any = None) -> bool:
    try:
        return bool(json.loads((ring or fernet()).decrypt(ciphertext.encode())) == SONG)
    except (InvalidToken, ValueError):
        return False


def _opens(key: UserApiKey) -> bool:
    sealed = key.encrypted_key
    try:
        return isinstance(sealed, SealedKey) and bool(
            open_key(sealed, owner_id=key.user_id, key_id=key.pk, nonce=key.seal_nonce)
        )
    except Unreadable:
        return False
