"""Keys for one purpose each, made from the server's secrets."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def purpose_key(purpose: str) -> bytes:
    """32 bytes for ``purpose`` alone, by HKDF-SHA256 from ``SECRET_KEY`` and ``JWT_SIGNING_KEY``.

    Both are needed to make it, so that one of them that got out opens nothing, and a key that is
    used for one purpose tells nothing of another's.
    """
    parts = [secret.encode() for secret in (settings.SECRET_KEY, settings.JWT_SIGNING_KEY)]
    # Each with its length: "ab" and "c" must not make the key that "a" and "bc" make.
    material = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    kdf = HKDF(SHA256(), length=32, salt=None, info=f"chatproject.{purpose}".encode())
    return kdf.derive(material)
