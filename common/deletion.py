"""Deleting rows that running answers still refer to."""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError, OperationalError, connection, transaction

ATTEMPTS = 5
STATEMENT_TIMEOUT = "60s"  # a long history takes longer to delete than a statement may last


def delete_with_retry(delete: Callable[[], None]) -> None:
    """Run ``delete`` in a transaction, again if rows written meanwhile stood in its way.

    Raises:
        django.db.Error: it could not be done in several attempts; nothing is deleted.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                if connection.vendor == "postgresql":
                    _delete_and_check(delete)
                else:  # SQLite has one writer at a time, so nothing comes in between
                    delete()
            return
        except (IntegrityError, OperationalError):  # a new reference, or a deadlock
            # A connection that is lost cannot be used again inside of a caller's transaction.
            if attempt == ATTEMPTS or not connection.is_usable():
                raise


def _delete_and_check(delete: Callable[[], None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [STATEMENT_TIMEOUT])
    delete()
    # Django's foreign keys are checked at the commit, which may be a caller's, far from here. They
    # are checked now instead, where it can be tried again. What is written later fails by itself,
    # at its own commit, because the row it refers to is deleted and locked by then.
    connection.check_constraints()
