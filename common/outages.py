"""Which errors of a database mean "try again later", and one line in the log for all of them.

A database can be away in many ways: down, failed over to a read-only standby, locked, full, out
of connections. No door names classes of exceptions: each makes an answer of an error with
``app_error``, and ``classify`` decides, so that a way of being away is known to all or to none.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from enum import StrEnum

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from common.errors import AppError, internal

logger = logging.getLogger(__name__)

PROBE_EVERY_S = 1.0
PROBE_BUSY_MS = 2000
QUIET_S = 2.0  # without an error, before an outage counts as over: one that flickers is one
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
    cause = error.__cause__ if isinstance(error, DatabaseError | InterfaceError) else error
    if sqlstate := getattr(cause, "sqlstate", None):
        return SQLSTATES.get(sqlstate) or SQLSTATES.get(sqlstate[:2])
    if code := getattr(cause, "sqlite_errorcode", None):
        is_schema = code == 1 and str(cause).startswith(("no such table", "no such column"))
        return Kind.NOT_MIGRATED if is_schema else SQLITE_CODES.get(code & 0xFF)
    # Without a code there was no connection to get one from: refused, cut, or none to be had.
    return Kind.DOWN if isinstance(error, OperationalError | InterfaceError) else None


def app_error(error: BaseException | None, *, during: str = "") -> AppError:
    """What to answer when an operation failed with ``error``, whatever that is.

    Args:
        error: an ``AppError`` is its own answer; an outage is recorded and becomes ``unavailable``
            (503); anything else becomes ``internal`` (500).
        during: what failed, for the log's line about an ``internal`` error. Empty: the caller, or
            Django, writes one.
    """
    if isinstance(error, AppError):
        return error
    if kind := record(error):
        return DatabaseUnavailable(kind)
    if during:
        logger.error("%s failed: %s", during, type(error).__name__, exc_info=error)
    return internal()


def record(error: BaseException | None) -> Kind | None:
    """Classify the error of an operation that just failed, and count an outage."""
    kind = classify(error)
    if kind is not None:
        outages.record(kind)
        _discard_if_read_only(kind)
    return kind


def _discard_if_read_only(kind: Kind) -> None:
    """Close a connection that would stay read-only: the next may reach another server or mount."""
    if kind is not Kind.READ_ONLY or connection.in_atomic_block or connection.connection is None:
        return
    if connection.vendor == "postgresql":
        connection.connection.close()  # or the pool would take it back
    connection.close()


class Outages:
    """Whether this process's database is away, with one line in the log when that begins and ends.

    Attributes:
        errors: how many operations failed since the process began.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.errors = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._kinds: dict[Kind, int] = {}
        self._began = 0.0
        self._last_error = 0.0
        self._probe_lock = threading.Lock()
        self._probed_at = -PROBE_EVERY_S
        self._probed: Kind | None = None

    @property
    def open(self) -> bool:
        return bool(self._kinds)

    def record(self, kind: Kind) -> None:
        """An operation failed in this way."""
        now = self._clock()
        with self._lock:
            self.errors += 1
            begins = not self._kinds
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
            self._last_error = now
            if begins:
                self._began = now
        if begins:
            logger.warning("The database is away: %s", kind)

    def end_if_over(self) -> None:
        """Call it after an operation that succeeded: ends the outage once writing works too."""
        if not self.open or self._clock() - self._last_error < QUIET_S:
            return
        if kind := self.probe():
            self.record(kind)
            return
        with self._lock:
            kinds, self._kinds = self._kinds, {}
        if kinds:
            lasted = self._clock() - self._began
            counts = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
            logger.warning("The database is back after %.1f s (failed: %s)", lasted, counts)

    def probe(self) -> Kind | None:
        """In what way the database takes no writes, or None; tried at most once a second.

        Raises:
            django.db.Error: it fails in a way that is none of these.
        """
        with self._probe_lock:
            if time.monotonic() - self._probed_at >= PROBE_EVERY_S:
                self._probed = _probe()
                if self._probed:
                    _discard_if_read_only(self._probed)
                self._probed_at = time.monotonic()
            return self._probed


def _probe() -> Kind | None:
    try:
        if connection.vendor == "postgresql":
            return _probe_postgresql()
        return _probe_sqlite()
    except (DatabaseError, InterfaceError) as error:
        if kind := classify(error):
            return kind
        raise


def _probe_postgresql() -> Kind | None:
    """A standby and a server that was made read-only say so; the rest fails by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_read_only')")
        [value] = cursor.fetchone()
    return Kind.READ_ONLY if value == "on" else None


def _probe_sqlite() -> Kind | None:
    """Nothing but a write says whether the file, its folder and its disk take one."""
    patience_ms = round(connection.settings_dict["OPTIONS"].get("timeout", 5) * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout = {min(patience_ms, PROBE_BUSY_MS)}")
        try:
            with transaction.atomic():
                cursor.execute("UPDATE django_migrations SET name = name WHERE id = 1")
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience_ms}")
    return None


outages = Outages()
