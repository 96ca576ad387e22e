"""Recognises a wrong master key before it does harm.

When keys are first sealed under a master key, a known value is sealed with it and stored: a probe.
Every probe must open, or nothing is sealed until the operator gives the old keys up.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.core.checks import CheckMessage, Error
from django.db import DatabaseError, connection

from apikeys.models import MasterKeyProbe, UserApiKey
from apikeys.seal import SealedKey, Unreadable, all_fernets, current_fernet, open_key
from common.errors import AppError

logger = logging.getLogger(__name__)

PROBE = {"canary": "chatproject"}  # as in the probes that are stored already
WRONG = "FERNET_KEYS is not the one that the stored keys were sealed with."
HINT = (
    "Put the old secret back, behind a new one if there is one, and see docs/keys.md. If it is "
    "lost for good: manage.py rotatekeys --accept-loss"
)
SAMPLE = 20


def is_right() -> bool:
    """Whether everything known to be sealed opens under the master keys given."""
    probes = list(MasterKeyProbe.objects.values_list("ciphertext", flat=True))
    if probes:
        return all(_opens_probe(all_fernets(), ciphertext) for ciphertext in probes)
    keys = list(UserApiKey.objects.defer(None).order_by("-updated_at")[:SAMPLE])
    # Any of them, because a single row can be damaged or moved, and one that opens proves the
    # master key.
    return not keys or any(_opens(key) for key in keys)  # stored before there were probes


def require() -> None:
    """Raises ``AppError`` ``wrong_master_key``, unless keys can be sealed."""
    # Sealing goes on to work under a wrong master key, and every stored key looks lost: people
    # would enter theirs again, over the rows that only the right one opens.
    if not is_right():
        raise AppError(
            "wrong_master_key",
            "This server was started with a wrong master key, so keys cannot be stored or "
            "changed. Your keys are not lost: tell the administrator.",
            status=503,
        )


def require_and_remember() -> None:
    """Call it in the transaction that stores something sealed. Raises as ``require``."""
    require()
    remember()


def remember() -> None:
    """Store a probe under the first master key, if there is none."""
    # Under the first one alone. A probe that only an older master key opens would go with that one,
    # and then nothing could be told about the rows sealed since.
    current = current_fernet()
    probes = MasterKeyProbe.objects.all()
    if not any(_opens_probe(current, probe.ciphertext) for probe in probes):
        ciphertext = current.encrypt(json.dumps(PROBE).encode()).decode()
        MasterKeyProbe.objects.create(ciphertext=ciphertext)


def forget_older() -> None:
    """Once nothing is sealed under older master keys: they may be taken away."""
    current = current_fernet()
    for probe in MasterKeyProbe.objects.all():
        if not _opens_probe(current, probe.ciphertext):
            probe.delete()


def check_master_key(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Django's check of a database: at ``migrate`` and ``check --database default``."""
    if not databases or connection.alias not in databases or _has_no_tables() or is_right():
        return []
    return [Error(WRONG, hint=HINT, id="apikeys.E001")]


def log_if_wrong() -> None:
    """At a server's start, which goes on, because all but keys works."""
    try:
        if not _has_no_tables() and not is_right():
            logger.critical("%s %s", WRONG, HINT)
    except DatabaseError as fault:
        logger.warning("The master key was not checked: %s", type(fault).__name__)


def _has_no_tables() -> bool:
    tables = connection.introspection.table_names()
    return not {MasterKeyProbe._meta.db_table, UserApiKey._meta.db_table}.issubset(tables)


def _opens_probe(fernet: Fernet | MultiFernet, ciphertext: str) -> bool:
    try:
        return bool(json.loads(fernet.decrypt(ciphertext.encode())) == PROBE)
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
