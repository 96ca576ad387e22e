"""The seal around a Gemini key.

What is stored is a Fernet token (``gAAAA...``); inside is ``{v, owner, key, nonce, secret}``. Of
``settings.FERNET_KEYS`` the first one seals, and all of them open.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables
from fernet_fields.hkdf import derive_fernet_key

WITHOUT_NONCE, VERSION = 1, 2
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
    # Read at every call and never cached: a rotation needs no restart of the code that runs it.
    keys = settings.FERNET_KEYS
    # A string would be read letter by letter, and its first letter would become the master key.
    if not isinstance(keys, list | tuple) or not keys or not all(keys):
        raise ImproperlyConfigured("FERNET_KEYS must be a list of secrets, none of them empty.")
    return list(keys)


def all_fernets() -> MultiFernet:
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


def new_nonce() -> str:
    """What tells this seal of a row from every other one; stored beside it."""
    return secrets.token_hex(16)


@sensitive_variables()
def seal_key(secret: str, *, owner_id: int, key_id: UUID, nonce: str = "") -> SealedKey:
    payload = {**_binding(owner_id, key_id, nonce), "secret": secret}
    return SealedKey(all_fernets().encrypt(json.dumps(payload).encode()).decode("ascii"))


@sensitive_variables()
def open_key(sealed: SealedKey, *, owner_id: int, key_id: UUID, nonce: str = "") -> str:
    """The secret inside ``sealed``, for this owner, this row and its present nonce only.

    Raises:
        Unreadable: the seal does not open here.
    """
    try:
        payload = json.loads(all_fernets().decrypt(sealed.ciphertext.encode()))
        secret = payload.pop("secret")
    except (InvalidToken, ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable from None
    # Fernet tells that nobody changed a token, not that it stands where it was put: who can write
    # to the database without knowing the master key, through SQL or an old backup, could move
    # ciphertexts around and have others' keys opened for themselves. A row that is given to another
    # user does not open (owner), nor does a ciphertext pasted into another row, even of the same
    # owner (key), nor one that its row had before its key was replaced, such as a key that was
    # withdrawn because it had leaked (nonce).
    bound = payload == _binding(owner_id, key_id, nonce)
    if not bound or not isinstance(secret, str) or not secret:
        raise Unreadable
    return secret


def _binding(owner_id: int, key_id: UUID, nonce: str) -> dict[str, object]:
    # Rows of before there were nonces hold version 1, without one, and none in their column.
    # Compared as a whole, version 1 does not open where the column has a nonce: it cannot be put
    # back.
    place: dict[str, object] = {"owner": owner_id, "key": str(key_id)}
    return {"v": VERSION, **place, "nonce": nonce} if nonce else {"v": WITHOUT_NONCE, **place}


@sensitive_variables()
def fingerprints(secret: str, *, owner_id: int) -> list[str]:
    """HMACs that tell whether this owner has stored the same key before; the first is stored."""
    # One from each master key: a fingerprint made under an older one is recognised for as long as
    # that opens the seal, so a rotation does not blind the search, and ``SECRET_KEY`` may change
    # freely. The owner is part of it, so equal keys of two people cannot be told to be equal.
    return [
        salted_hmac(
            f"apikeys.fingerprint.{owner_id}", secret, secret=key, algorithm="sha256"
        ).hexdigest()
        for key in master_keys()
    ]
