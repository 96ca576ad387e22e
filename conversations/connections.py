"""The connection to the database is not held while something else is waited for."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase


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
