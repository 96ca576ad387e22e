"""Answers that are longer than what one piece of memory should hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import chain

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from conversations.connections import release_connection

CHUNK_BYTES = 64 * 1024


def chunked_response(request: HttpRequest, chunks: Iterator[bytes]) -> HttpResponseBase:
    """A short answer at once, a longer one while it is made, no faster than it is read.

    Whoever reads slowly holds one chunk in memory, and no connection to the database.

    Args:
        chunks: made in a thread; what it raises before its second chunk is raised here.
    """
    first, second = next(chunks, b""), next(chunks, None)
    if second is None:
        return HttpResponse(first)
    rest = chain([first, second], chunks)
    # Under ASGI, Django would read a plain iterator to its end before it sends anything.
    is_async = isinstance(request, ASGIRequest)
    return StreamingHttpResponse(_one_by_one(rest) if is_async else rest)


async def _one_by_one(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    def step() -> bytes | None:
        chunk = next(chunks, None)
        release_connection()
        return chunk

    while (chunk := await sync_to_async(step)()) is not None:
        yield chunk
