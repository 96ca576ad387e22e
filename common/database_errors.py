"""Which errors of a database mean "try again later".

A database can be away in many ways: down, failed over to a read-only standby, locked, full, out
of connections. No caller names classes of exceptions: ``classify`` decides, so that a way of being
away is known to all of them or to none.
"""

from __future__ import annotations

from enum import StrEnum

from django.db import DatabaseError, InterfaceError, OperationalError

from common.errors import AppError

RETRY_AFTER_S = 2.0


class Kind(StrEnum):
    """In what way a database is away."""

    DOWN = "down"
    SHUTTING_DOWN = "shutting_down"
    READ_ONLY = "read_only"
    LOCKED = "locked"
    TIMEOUT = "timeout"
    CONFLICT = "conflict"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    DISK_FULL = "disk_full"
    DISK_ERROR = "disk_error"
    OUT_OF_MEMORY = "out_of_memory"
    DAMAGED = "damaged"
    NOT_MIGRATED = "not_migrated"


# https://www.postgresql.org/docs/current/errcodes-appendix.html; a class stands for its codes.
SQLSTATES = {
    "08": Kind.DOWN,
    "25006": Kind.READ_ONLY,
    "25P03": Kind.TIMEOUT,
    "25P04": Kind.TIMEOUT,
    "28": Kind.DOWN,
    "3D000": Kind.DOWN,
    "40": Kind.CONFLICT,
    "42P01": Kind.NOT_MIGRATED,
    "42703": Kind.NOT_MIGRATED,
    "53100": Kind.DISK_FULL,
    "53200": Kind.OUT_OF_MEMORY,
    "53300": Kind.TOO_MANY_CONNECTIONS,
    "53": Kind.DOWN,
    "55P03": Kind.LOCKED,
    "57014": Kind.TIMEOUT,
    "57": Kind.SHUTTING_DOWN,
    "58": Kind.DISK_ERROR,
    "72000": Kind.CONFLICT,
    "XX001": Kind.DAMAGED,
    "XX002": Kind.DAMAGED,
}
# https://www.sqlite.org/rescode.html, primary codes.
SQLITE_CODES = {
    3: Kind.READ_ONLY,  # PERM
    5: Kind.LOCKED,  # BUSY
    6: Kind.LOCKED,
    7: Kind.OUT_OF_MEMORY,
    8: Kind.READ_ONLY,
    10: Kind.DISK_ERROR,
    11: Kind.DAMAGED,  # CORRUPT
    13: Kind.DISK_FULL,
    14: Kind.DOWN,  # CANTOPEN
    15: Kind.LOCKED,  # PROTOCOL
    26: Kind.DAMAGED,  # NOTADB
}
SENTENCES = {
    Kind.READ_ONLY: "The server can read but not store anything for a moment. Try again.",
    Kind.DISK_FULL: "The server's disk is full, so nothing can be stored. Try again later, or tell "
    "whoever runs this server.",
    Kind.CONFLICT: "Somebody else changed the same thing at the same moment. Try again.",
}
SENTENCE = "The server's database is away for a moment. Try again."


class DatabaseUnavailable(AppError):
    """The database is away for a moment: try again later. Nothing was stored.

    Attributes:
        kind: in what way it is away.
    """

    def __init__(self, kind: Kind) -> None:
        sentence = SENTENCES.get(kind, SENTENCE)
        super().__init__("unavailable", sentence, status=503, retry_after_s=RETRY_AFTER_S)
        self.kind = kind


def classify(error: BaseException | None) -> Kind | None:
    """In what way the database is away, by the error of one operation; None: a fault of ours.

    Args:
        error: Django's, the driver's own, or what ``in_database`` made of it.
    """
    if error is None:
        return None
    if isinstance(error, DatabaseUnavailable):
        return error.kind
    # Django's classes do not tell: psycopg has another class for each state, and Django makes one
    # of many.
    cause = error.__cause__ if isinstance(error, DatabaseError | InterfaceError) else error
    if sqlstate := getattr(cause, "sqlstate", None):
        return SQLSTATES.get(sqlstate) or SQLSTATES.get(sqlstate[:2])
    if code := getattr(cause, "sqlite_errorcode", None):
        # Code 1 is SQLite's for any bad statement, ours among them, so here its words have to tell.
        is_schema = code == 1 and str(cause).startswith(("no such table", "no such column"))
        return Kind.NOT_MIGRATED if is_schema else SQLITE_CODES.get(code & 0xFF)
    # Without a code there was no connection to get one from: refused, cut, or none to be had.
    return Kind.DOWN if isinstance(error, OperationalError | InterfaceError) else None
