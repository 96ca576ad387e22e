"""Call ids and thought signatures that can be recognised later without remembering them.

An id carries two check characters and a signature is a digest of the id, so a restarted emulator
still knows its own calls and can insist on the signature it gave them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_AFTER_TOOLS = "t"  # first letter of the ids of calls that follow the use of a tool of Google's


def new_call_id(*, after_tools: bool = False) -> str:
    """An id like Google's: eight small letters and digits."""
    first = _AFTER_TOOLS if after_tools else secrets.choice(_ALPHABET.replace(_AFTER_TOOLS, ""))
    body = first + "".join(secrets.choice(_ALPHABET) for _ in range(5))
    return body + _check(body)


def is_ours(call_id: str) -> bool:
    return len(call_id) == 8 and call_id[6:] == _check(call_id[:6])


def follows_tools(call_id: str) -> bool:
    """Whether this is the id of a call that was made after a tool of Google's was used."""
    return is_ours(call_id) and call_id.startswith(_AFTER_TOOLS)


def signature(subject: str) -> str:
    """The opaque thought signature for a call id (or for the end of a text)."""
    digest = hashlib.sha512(f"emulated thought for {subject}".encode()).digest()
    return base64.b64encode(b"\x12\xc8\x01\n\xc5\x01\x01" + digest + digest[::-1]).decode()


def same(given: str, expected: str) -> bool:
    """Whether two signatures are the same bytes, whichever base64 alphabet each is written in."""
    return decoded(given) == decoded(expected)


def decoded(text: str) -> bytes | None:
    """The bytes of base64 in either alphabet, padded or not; None if it is none."""
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _check(body: str) -> str:
    value = binascii.crc32(body.encode())
    return _ALPHABET[value % 36] + _ALPHABET[value // 36 % 36]
