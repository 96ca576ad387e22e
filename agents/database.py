"""Database work from coroutines, on threads of its own.

Channels runs all of its database work on one thread, where one slow query stops every socket of
the process. This pool is bounded. Its threads keep their connections to SQLite; those to PostgreSQL
go back to Django's pool.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connections

from common.errors import AppError

THREADS = 8
AWAY = "The server's database is away for a moment. Try again."

P = ParamSpec("P")
R = TypeVar("R")


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="database")


async def in_database(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run ``work``, a short piece of synchronous database work.

    When the caller is cancelled it stops waiting, but the work goes on to its end: it has to be
    such that doing it again does no harm.
    """

    def run() -> R:
        _tidy()
        try:
            return work(*args, **kwargs)
        finally:
            _tidy()

    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(_pool(), context.run, run)


def away() -> AppError:
    """What a person is told while the database cannot be reached; nothing was stored."""
    return AppError("unavailable", AWAY, status=503, retry_after_s=2)


def _tidy() -> None:
    """Close what broke, give back what is borrowed."""
    for connection in connections.all(initialized_only=True):
        if connection.vendor == "sqlite":
            # Never too old: opening one, and folding the log when the last one closes, take
            # longer than everything else that is done before a question is answered.
            connection.close_at = None
        connection.close_if_unusable_or_obsolete()
