"""What our ASGI applications share: types, headers, and the answer to a request that is refused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from common.errors import AppError

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def header_values(scope: Scope, name: bytes) -> list[str]:
    """The values of a header, given in lower case, each as often as it was sent."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


async def send_error(
    send: Send, error: AppError, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Answer an HTTP request with an error as JSON, in the shape that REST has.

    Args:
        headers: further ones.
    """
    body = json.dumps(error.as_dict()).encode()
    all_headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *((name.lower().encode(), value.encode()) for name, value in error.headers().items()),
        *headers,
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})
