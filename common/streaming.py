"""Answers that are longer than what one piece of memory should hold, and hold no connection.

A client may read as slowly as it likes. What it holds up meanwhile is one chunk, never a
connection to the database, of which there are few.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

CHUNK_BYTES = 64 * 1024


def release_connection() -> None:
    """Give this thread's connection back to the pool; the next query takes one.

    Inside of a transaction it stays.
    """
    if connection.connection is not None and not connection.in_atomic_block:
        connection.close()


class ReleaseConnectionMiddleware:
    """Gives the connection back before the answer is sent.

    Django does so behind its last byte: a few who read slowly would hold all connections.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        release_connection()
        return response


class AnyAccept(DefaultContentNegotiation):
    """For views that answer with a file: it is what it is, whatever ``Accept`` says. Errors are
    JSON."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


def chunked_response(request: HttpRequest, chunks: Iterator[bytes]) -> HttpResponseBase:
    """A short answer at once, a longer one while it is made, no faster than it is read.

    Args:
        chunks: made in a thread; what it raises before its second chunk is raised here.
    """
    # A second piece is looked for here, where what is wrong with a file can still be answered with
    # a status: once the first piece is on its way, all that can be done is to break off.
    first, second = next(chunks, b""), next(chunks, None)
    if second is None:
        return HttpResponse(first)
    rest = chain([first, second], chunks)
    # Under ASGI, Django would read a plain iterator to its end before it sends anything.
    is_async = isinstance(request, ASGIRequest)
    return StreamingHttpResponse(_one_by_one(rest) if is_async else rest)


async def _one_by_one(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    def step() -> bytes | None:
        # A piece may ask the database; between two of them, however slowly they are read, no
        # connection is held. Thirty slow readers had all of PostgreSQL's pool.
        chunk = next(chunks, None)
        release_connection()
        return chunk

    while (chunk := await sync_to_async(step)()) is not None:
        yield chunk
