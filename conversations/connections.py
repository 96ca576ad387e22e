"""The connection to the database is not held while something else is waited for."""

from __future__ import annotations

from django.db import connection


def release_connection() -> None:
    """Give this thread's connection back to the pool; the next query takes one.

    Inside of a transaction it stays.
    """
    if connection.connection is not None and not connection.in_atomic_block:
        connection.close()
