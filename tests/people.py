"""Plain factories for people and their keys, and the search for a key where none may be.

Alice owns, Bob has things of his own, Charlie must get nothing.
"""

from __future__ import annotations

import base64
import json
import secrets
import string
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from django.contrib.auth.models import Group, User
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import UserProfile
from accounts.tokens import issue
from apikeys.models import KeyLoan, UserApiKey
from apikeys.seal import fingerprints, new_nonce, seal_key

PASSWORD = "correct horse battery staple"
KEY_LETTERS = string.ascii_letters + string.digits + "_-"


def new_secret(prefix: str = "AIzaSy", length: int = 33) -> str:
    """A canary key in the old form: looks real, belongs to nobody, differs in every run."""
    return prefix + "".join(secrets.choice(KEY_LETTERS) for _ in range(length))


def new_style_secret() -> str:
    """A canary key in the form Google hands out now."""
    return new_secret("AQ.Ab", 45)


def make_user(username: str, **fields: Any) -> User:
    return User.objects.create_user(username, f"{username}@example.com", PASSWORD, **fields)


def make_key(
    *,
    owner: User,
    name: str = "work",
    secret: str | None = None,
    selected: bool = True,
    **fields: Any,
) -> UserApiKey:
    """A stored, working key; past the services, so that no check needs an upstream."""
    plain = secret or new_secret()
    key = UserApiKey(
        user=owner,
        name=name,
        tail=plain[-4:],
        fingerprint=fingerprints(plain, owner_id=owner.pk)[0],
        **{"status": UserApiKey.Status.ACTIVE, "verified_at": timezone.now(), **fields},
    )
    key.seal_nonce = new_nonce()
    key.encrypted_key = seal_key(plain, owner_id=owner.pk, key_id=key.id, nonce=key.seal_nonce)
    key.save()
    if selected:
        UserProfile.objects.update_or_create(user=owner, defaults={"selected_api_key": key})
    return key


def lend(key: UserApiKey, to: User | Group, **fields: Any) -> KeyLoan:
    """A loan of a key; past the services."""
    side = "borrower" if isinstance(to, User) else "group"
    return KeyLoan.objects.create(key=key, **{"label": "team key", side: to, **fields})


def client_for(user: User) -> APIClient:
    """A REST client signed in as ``user``."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue(user).access}")
    return client


def assert_secret_free(data: object, secret: str) -> None:
    """Fail if ``secret`` is in ``data`` (text, bytes, a path of a file or folder) in any dress.

    Looked for: the plain, URL-encoded, base64, JSON-escaped, hex and reversed forms, and any
    slice of 12 characters of it, or of its base64 form, away from the public last four.
    """
    found = [form for form in _forms(secret) if form.encode() in _bytes(data)]
    assert not found, f"{len(found)} traces of a key of {len(secret)} characters"


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    whole = {
        secret,
        secret[::-1],
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        raw.hex(),
        "".join(f"\\u{ord(letter):04x}" for letter in secret),
    }
    for shift in range(3):  # base64 of a text differs with its place in what is encoded
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * shift + raw).decode()
            inner = encoded[4 : 4 + (len(encoded) - 8) // 4 * 4]
            whole |= {inner[at : at + 16] for at in range(len(inner) - 16)}
    whole |= {secret[at : at + 12] for at in range(4, len(secret) - 16)}
    return whole


def _bytes(data: object) -> bytes:
    if isinstance(data, bytes):
        return data
    if isinstance(data, Path):
        files = [data] if data.is_file() else [path for path in data.rglob("*") if path.is_file()]
        return b"\0".join(path.read_bytes() for path in files)
    return str(data).encode("utf-8", "surrogatepass")
