"""Where a token may stand at the start of a connection: in a header, never in the address."""

from __future__ import annotations

from collections.abc import Iterable


def bearer(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The token of an ``Authorization: Bearer`` header, for clients that can send one."""
    value = dict(headers).get(b"authorization", b"").decode("latin-1")
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
