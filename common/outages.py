"""Whether this process's database is away: the answer to who asks, and one line in the log for all.

Each caller makes an answer of an error with ``app_error``; what counts as an outage is decided in
``common.database_errors``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, connection, transaction

from common.database_errors import DatabaseUnavailable, Kind, classify
from common.errors import AppError, internal

logger = logging.getLogger(__name__)

PROBE_EVERY_S = 1.0
PROBE_BUSY_MS = 2000
QUIET_S = 2.0  # without an error, before an outage counts as over: one that flickers is one


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
    # After a fail-over the old server may live on as a standby, and the pool hands its connections
    # out for good: each is healthy, and none can write.
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
            # Decided under the lock, logged outside: of many threads that fail at once one writes
            # the line.
            begins = not self._kinds
            self._kinds[kind] = self._kinds.get(kind, 0) + 1
            self._last_error = now
            if begins:
                self._began = now
        if begins:
            logger.warning("The database is away: %s", kind)

    def end_if_over(self) -> None:
        """Call it after an operation that succeeded: ends the outage once writing works too."""
        # A read that works proves nothing while the database is read-only, so the probe decides.
        # Not at once, or a database that flickers gets two lines each time.
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
        # A load balancer, and every operation that succeeds during an outage, ask. One of them
        # tries, and the others take its answer: a database that comes back is not met by a storm.
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
                # A row that is always there, set to what it is: a write without an effect.
                cursor.execute("UPDATE django_migrations SET name = name WHERE id = 1")
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience_ms}")
    return None


outages = Outages()
