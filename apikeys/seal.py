"""The seal around a Gemini key.

What is stored is a Fernet token (``gAAAA...``). Inside it lies not the bare key but
``{v, owner, key, secret}``: a row copied to another user, or a ciphertext pasted into another
row, is whole as Fernet goes and still does not open.

``settings.FERNET_KEYS`` is read at every call: the first key seals, all of them open. Nothing is
cached, so a rotation needs no restart of the code that runs it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables
from fernet_fields.hkdf import derive_fernet_key

VERSION = 1
MASK = "[sealed key]"


class Unreadable(Exception):
    """The seal does not open: another master key, another owner or row, or damage."""


@dataclass(frozen=True, slots=True, repr=False)
class SealedKey:
    """A key as it is stored. It holds ciphertext only and prints as a mask."""

    ciphertext: str

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK


def master_keys() -> list[str]:
    keys = settings.FERNET_KEYS
    # A string would be read letter by letter, and its first letter would become the master key.
    if not isinstance(keys, list | tuple) or not keys or not all(keys):
        raise ImproperlyConfigured("FERNET_KEYS must be a list of secrets, none of them empty.")
    return list(keys)


def fernet() -> MultiFernet:
    return MultiFernet([Fernet(derive_fernet_key(key)) for key in master_keys()])


def current_fernet() -> Fernet:
    """The first master key alone: it seals, and it stays after a rotation."""
    return Fernet(derive_fernet_key(master_keys()[0]))


def is_current(sealed: SealedKey) -> bool:
    """Whether the first master key sealed this, the one that stays after a rotation."""
    try:
        current_fernet().decrypt(sealed.ciphertext.encode())
    except InvalidToken:
        return False
    return True


@sensitive_variables()
def seal_key(secret: str, *, owner_id: int, key_id: UUID) -> SealedKey:
    payload = {"v": VERSION, "owner": owner_id, "key": str(key_id), "secret": secret}
    return SealedKey(fernet().encrypt(json.dumps(payload).encode()).decode("ascii"))


@sensitive_variables()
def open_key(sealed: SealedKey, *, owner_id: int, key_id: UUID) -> str:
    """The secret inside ``sealed``, for this owner and this row only.

    Raises:
        Unreadable: the seal does not open here.
    """
    try:
        payload = json.loads(fernet().decrypt(sealed.ciphertext.encode()))
        said = (payload["v"], payload["owner"], payload["key"])
        secret = payload["secret"]
    except (InvalidToken, ValueError, KeyError, TypeError):
        raise Unreadable from None
    if said != (VERSION, owner_id, str(key_id)) or not isinstance(secret, str) or not secret:
        raise Unreadable
    return secret


@sensitive_variables()
def fingerprints(secret: str, *, owner_id: int) -> list[str]:
    """HMACs that tell whether this owner has stored the same key before; the first is stored.

    They are derived from the master keys, one from each: a fingerprint made under an older
    master key is still recognised for as long as that master key opens the seal, so rotation does
    not blind the search, and ``SECRET_KEY`` may change freely. The owner is part of it, so equal
    keys of two people cannot be told to be equal.
    """
    return [
        salted_hmac(
            f"apikeys.fingerprint.{owner_id}", secret, secret=key, algorithm="sha256"
        ).hexdigest()
        for key in master_keys()
    ]
