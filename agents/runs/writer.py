"""Writes the events of all runs of this process, and the ledger, a moment after they came about."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from common.database import in_database
from common.database_errors import classify
from conversations.log import EventBatch, Row, events_append
from conversations.usage.ledger import ModelCallRow

logger = logging.getLogger(__name__)

# Group commit: one transaction for whatever came up since the last one, of all runs. A commit costs
# a write to disk, and on SQLite the lock of the whole file, however little it holds: with one per
# delta twenty answers at once would wait for each other, and for every other request that writes.
# What it gives up is small. A process that dies loses less than a quarter of a second of text, and
# its readers hold events that are not in the log (``replay.Replay`` deals with these).
#
# Rows stay pending until their transaction has committed, and an attempt that failed is made again
# with the same rows: those that are stored by then are passed over (``events_append``). So a
# database that is away loses nothing, as long as memory lasts, and backpressure sees to that: of a
# run with ``HIGH_WATER_CHARS`` pending no more is made (``drain``).
#
# Seconds; with the commit an event is stored within about 100 ms. 50 ms instead were tried in the
# fault harness, and no less text was lost at a kill (docs/reliability.md).
COLLECT_S = 0.09
RETRY_S = 0.5
HIGH_WATER_CHARS = 4 * 1024 * 1024  # pending of one run
FLUSH_CHARS = 4 * 1024 * 1024  # in one transaction, of all runs


@dataclass(slots=True)
class _Pending:
    """The rows of one run that are not stored yet."""

    fence: int
    on_lease_lost: Callable[[], None]
    on_stored: Callable[[int], None]
    rows: list[Row] = field(default_factory=list)
    chars: int = 0
    drained: asyncio.Event = field(default_factory=asyncio.Event)

    def first_rows(self, max_chars: int) -> list[Row]:
        """The first rows, at least one, of about so many characters."""
        chars = 0
        # At least one, or a row larger than a run's share would never be written.
        for count, row in enumerate(self.rows, start=1):
            chars += len(row[2])
            if chars >= max_chars:
                return self.rows[:count]
        return self.rows.copy()

    def remove(self, rows: list[Row]) -> None:
        """These, which came first, are durable."""
        # By number, not by value: rows came behind them meanwhile, but nothing else takes any away.
        del self.rows[: len(rows)]
        self.chars -= sum(len(row[2]) for row in rows)
        if self.chars < HIGH_WATER_CHARS:
            self.drained.set()


class Writer:
    """Collects rows and flushes them together.

    Args:
        on_written: called with the runs of each flush, once their rows are durable.
    """

    def __init__(self, on_written: Callable[[list[UUID]], None] = lambda _: None) -> None:
        self._on_written = on_written
        self._runs: dict[UUID, _Pending] = {}
        self._calls: dict[UUID, ModelCallRow] = {}
        self._dirty = asyncio.Event()
        # Held while a transaction is under way. Who closes a run waits for it (``release``): rows
        # that are in flight would otherwise be missing before those of the end.
        self._writing = asyncio.Lock()

    def register(
        self,
        run_id: UUID,
        fence: int,
        on_lease_lost: Callable[[], None],
        on_stored: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Announce a run before its first row.

        Args:
            on_lease_lost: called when its rows are refused: the fence is not current any more.
            on_stored: called with the last seq that is stored.
        """
        self._runs[run_id] = _Pending(fence, on_lease_lost, on_stored)

    def add(self, run_id: UUID, row: Row) -> None:
        """Have ``row`` written within the next moment."""
        run = self._runs[run_id]
        run.rows.append(row)
        run.chars += len(row[2])
        self._dirty.set()

    def is_full(self, run_id: UUID) -> bool:
        """Whether so much of the run is pending that no more should be made: see ``drain``."""
        run = self._runs.get(run_id)
        return run is not None and run.chars >= HIGH_WATER_CHARS

    async def drain(self, run_id: UUID) -> None:
        """Backpressure: wait until less of the run is pending, or none of it is written here."""
        # It holds the agents up while the database takes events slower than they come: what is not
        # stored yet is in memory, and would be lost with the process. ``add`` never waits, so what
        # a run that is stopped has still to say gets in.
        while self.is_full(run_id):
            run = self._runs[run_id]
            run.drained.clear()
            await run.drained.wait()

    def record_call(self, call: ModelCallRow) -> None:
        """Have a row of the ledger written within the next moment, in place of an earlier one.

        It is written whether its run is still ours or not.
        """
        self._calls[call.call_id] = call
        self._dirty.set()

    async def release(self, run_id: UUID) -> list[Row]:
        """Give up a run; returns the rows that are not written yet, for whoever closes it.

        Who closes it writes its part of the ledger too: older rows must not come after that.
        """
        async with self._writing:
            self._drop_calls(run_id)
            # Nobody waits in ``drain`` any more: a run is closed once its agents have ended.
            return self._runs.pop(run_id).rows

    def discard(self, run_id: UUID) -> None:
        """Drop a run with whatever of it is pending: it is closed, or somebody else's."""
        if run := self._runs.pop(run_id, None):
            run.drained.set()

    async def run(self) -> None:
        """Flush for ever."""
        self._dirty.set()  # an attempt that failed may have left rows behind
        while True:
            await self._dirty.wait()
            await asyncio.sleep(COLLECT_S)
            # Before the flush: what comes up while it is under way sets it again, and is not
            # forgotten.
            self._dirty.clear()
            if not await self.flush():
                # Set by hand: while nothing more is made, nothing else would start the next try.
                self._dirty.set()
                await asyncio.sleep(RETRY_S)

    async def flush(self) -> bool:
        """Write what is pending. A run whose rows no database takes is given up, and holds up no
        other.

        Returns:
            False: the database is away, and everything is still pending.
        """
        try:
            await self._write()
        except Exception as error:
            if classify(error):
                return False
            # One row that the database refuses fails the transaction of all. Without this one run
            # would keep those of everybody else from being stored, for ever.
            logger.exception("Events cannot be written together; each run is tried alone")
            runs = {*self._runs, *(call.run_id for call in self._calls.values())}
            return all([await self._write_alone(run_id) for run_id in runs])
        return True

    async def _write_alone(self, run_id: UUID) -> bool:
        try:
            await self._write(run_id)
        except Exception as error:
            if classify(error):
                return False
            logger.error("Events of run %s are given up: %s", run_id, type(error).__name__)
            self._drop_calls(run_id)
            if run := self._runs.pop(run_id, None):
                run.drained.set()
                run.on_lease_lost()
        return True

    async def _write(self, only: UUID | None = None) -> None:
        """One transaction, of all runs or of one. When it fails everything is still pending."""
        async with self._writing:
            taken = self._first_rows(only)
            batches = [EventBatch(id_, run.fence, rows) for id_, (run, rows) in taken.items()]
            calls = [call for call in self._calls.values() if only in (None, call.run_id)]
            if not batches and not calls:
                return
            # Shielded: whoever is cancelled here only stops waiting. The rows stay pending and are
            # sent once more; what this transaction has stored by then is passed over.
            refused = await asyncio.shield(in_database(events_append, batches=batches, calls=calls))
            for call in calls:
                # Not if it has changed since: a call is written when it begins and when it ends.
                if self._calls.get(call.call_id) is call:
                    del self._calls[call.call_id]
            for run_id, (run, rows) in taken.items():
                run.remove(rows)
                if run_id in refused:
                    run.on_lease_lost()
                else:
                    run.on_stored(rows[-1][0])
                if run.rows:
                    self._dirty.set()
            if batches:
                self._on_written([batch.run_id for batch in batches])

    def _first_rows(self, only: UUID | None) -> dict[UUID, tuple[_Pending, list[Row]]]:
        """The rows of the next transaction: some of each run that has any."""
        runs = {
            run_id: run for run_id, run in self._runs.items() if run.rows and only in (None, run_id)
        }
        # A share for each: a transaction stays short enough not to hold up everybody's locks, and
        # one run that has piled up megabytes does not keep the others waiting.
        share = FLUSH_CHARS // max(1, len(runs))
        return {run_id: (run, run.first_rows(share)) for run_id, run in runs.items()}

    def _drop_calls(self, run_id: UUID) -> None:
        self._calls = {id_: call for id_, call in self._calls.items() if call.run_id != run_id}
