"""Database and file work from coroutines, each on threads of its own.

These pools are bounded. Their threads keep their connections to SQLite; those to PostgreSQL go back
to Django's pool.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import Error as DatabaseFault
from django.db import connections

from common.database_errors import DatabaseUnavailable
from common.outages import outages, record

# Channels runs all of its database work on one thread: while one query took 8 seconds, new sockets
# of the process failed. Files have threads of their own, because a disk can take long.
THREADS = 8
FILE_THREADS = 4
RETRY_S = 0.5

P = ParamSpec("P")
R = TypeVar("R")


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="database")


@functools.cache
def _file_pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(FILE_THREADS, thread_name_prefix="files")


async def in_database(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run ``work``, a short piece of synchronous database work and nothing else.

    When the caller is cancelled it stops waiting, but the work goes on to its end: it has to be
    such that doing it again does no harm.

    Raises:
        DatabaseUnavailable: the database is away. Its error is translated here and nowhere else,
            so that who calls this answers an outage like any other refusal.
        django.db.Error: it refused, which is a fault of ours.
    """
    return await _in_thread(_pool(), functools.partial(work, *args, **kwargs))


async def in_file_thread(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run ``work``, which reads files or copies their bytes, and asks no database."""
    run = functools.partial(work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_file_pool(), run)


async def with_files(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Like ``in_database``, for work that writes or removes files as well."""
    return await _in_thread(_file_pool(), functools.partial(work, *args, **kwargs))


async def _in_thread(pool: ThreadPoolExecutor, work: Callable[[], R]) -> R:
    def run() -> R:
        _tidy()
        try:
            result = work()
            outages.end_if_over()
            return result
        except DatabaseFault as fault:
            # Recorded in the thread: what it closes is this thread's connection.
            if kind := record(fault):
                raise DatabaseUnavailable(kind) from fault
            raise
        finally:
            _tidy()

    # The thread sees the caller's context, which a plain executor leaves behind.
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, context.run, run)


async def patiently(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """``in_database``, again and again while the database is away; the caller sets the limit.

    Raises:
        django.db.Error: it was refused.
    """
    return await _retried(_pool(), functools.partial(work, *args, **kwargs))


async def with_files_patiently(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """``with_files``, likewise."""
    return await _retried(_file_pool(), functools.partial(work, *args, **kwargs))


async def _retried(pool: ThreadPoolExecutor, work: Callable[[], R]) -> R:
    while True:
        try:
            return await _in_thread(pool, work)
        except DatabaseUnavailable:
            await asyncio.sleep(RETRY_S)


def _tidy() -> None:
    """Close what broke, give back what is borrowed."""
    for connection in connections.all(initialized_only=True):
        if connection.vendor == "sqlite":
            # Never too old: opening one, and folding the log when the last one closes, take
            # longer than everything else that is done before a question is answered.
            # But while nothing can be written none is kept: one that was opened on a read-only file
            # keeps the process's others read-only as well, for as long as it is open.
            connection.close_at = 0.0 if outages.open else None
        connection.close_if_unusable_or_obsolete()
