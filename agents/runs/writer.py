"""Writes the events of all runs of this process, and the ledger, a moment after they happened.

Group commit: one transaction for whatever came up since the last one. The moment is short enough
that a crash loses less than a quarter of a second of text.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from common.database import in_database
from common.outages import classify
from conversations.log import EventBatch, Row, events_append
from conversations.usage.ledger import ModelCallRow

logger = logging.getLogger(__name__)

FLUSH_S = 0.09
RETRY_S = 0.5


PENDING_CHARS = 4 * 1024 * 1024  # of one run; then whoever makes its rows has to wait
FLUSH_CHARS = 4 * 1024 * 1024  # in one transaction, of all runs


@dataclass(slots=True)
class _Pending:
    fence: int
    on_lost: Callable[[], None]
    on_stored: Callable[[int], None]
    rows: list[Row] = field(default_factory=list)
    chars: int = 0
    room: asyncio.Event = field(default_factory=asyncio.Event)

    def next_rows(self, most_chars: int) -> list[Row]:
        """The first rows, at least one, of about so many characters."""
        chars = 0
        for count, row in enumerate(self.rows, start=1):
            chars += len(row[2])
            if chars >= most_chars:
                return self.rows[:count]
        return self.rows.copy()

    def stored(self, rows: list[Row]) -> None:
        """These, which came first, are durable."""
        del self.rows[: len(rows)]
        self.chars -= sum(len(row[2]) for row in rows)
        if self.chars < PENDING_CHARS:
            self.room.set()


class Writer:
    """Collects rows and flushes them; ``on_lost`` is called for a run whose rows are refused.

    Args:
        on_written: called with the runs of each flush, once their rows are durable.
    """

    def __init__(self, on_written: Callable[[list[UUID]], None] = lambda _: None) -> None:
        self._on_written = on_written
        self._runs: dict[UUID, _Pending] = {}
        self._calls: dict[UUID, ModelCallRow] = {}
        self._dirty = asyncio.Event()
        self._writing = asyncio.Lock()

    def register(
        self,
        run_id: UUID,
        fence: int,
        on_lost: Callable[[], None],
        on_stored: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Announce a run before its first row; ``on_stored`` is called with the last seq stored."""
        self._runs[run_id] = _Pending(fence, on_lost, on_stored)

    def add(self, run_id: UUID, row: Row) -> None:
        """Have ``row`` written within the next moment."""
        run = self._runs[run_id]
        run.rows.append(row)
        run.chars += len(row[2])
        self._dirty.set()

    def is_behind(self, run_id: UUID) -> bool:
        """Whether so much of the run is pending that no more should be made: see ``room``."""
        run = self._runs.get(run_id)
        return run is not None and run.chars >= PENDING_CHARS

    async def room(self, run_id: UUID) -> None:
        """Wait until less of the run is pending, or it is not written here any more."""
        while self.is_behind(run_id):
            run = self._runs[run_id]
            run.room.clear()
            await run.room.wait()

    def note(self, call: ModelCallRow) -> None:
        """Have a row of the ledger written within the next moment, in place of an earlier one.

        It is written whether its run is still ours or not.
        """
        self._calls[call.call_id] = call
        self._dirty.set()

    async def release(self, run_id: UUID) -> list[Row]:
        """Forget a run; returns the rows that are not written yet, for whoever closes it.

        Who closes it writes its part of the ledger too: older rows must not come after that.
        """
        async with self._writing:
            self._drop_calls(run_id)
            return self._runs.pop(run_id).rows

    def forget(self, run_id: UUID) -> None:
        """Drop a run, whatever of it is still pending: it is closed, or somebody else's."""
        if run := self._runs.pop(run_id, None):
            run.room.set()

    async def run(self) -> None:
        """Flush for ever. A database that is away is waited for; nothing is dropped."""
        self._dirty.set()  # an attempt that failed may have left rows behind
        while True:
            await self._dirty.wait()
            await asyncio.sleep(FLUSH_S)
            self._dirty.clear()
            if not await self._flush_what_can_be():
                self._dirty.set()
                await asyncio.sleep(RETRY_S)

    async def _flush_what_can_be(self) -> bool:
        """Flush; a run whose rows no database takes is given up, and holds up no other.

        Returns:
            False: the database is away, and everything is still pending.
        """
        try:
            await self.flush()
        except Exception as fault:
            if classify(fault):
                return False
            logger.exception("Events cannot be written together; each run is tried alone")
            runs = {*self._runs, *(call.run_id for call in self._calls.values())}
            return all([await self._flush_alone(run_id) for run_id in runs])
        return True

    async def _flush_alone(self, run_id: UUID) -> bool:
        try:
            await self.flush(run_id)
        except Exception as fault:
            if classify(fault):
                return False
            logger.error("Events of run %s are given up: %s", run_id, type(fault).__name__)
            self._drop_calls(run_id)
            if run := self._runs.pop(run_id, None):
                run.room.set()
                run.on_lost()
        return True

    async def flush(self, only: UUID | None = None) -> None:
        """Write what is pending, of all runs or of one.

        Raises:
            django.db.Error: nothing was written; everything is still pending.
        """
        async with self._writing:
            taken = self._next_rows(only)
            batches = [EventBatch(id_, run.fence, rows) for id_, (run, rows) in taken.items()]
            calls = [call for call in self._calls.values() if only in (None, call.run_id)]
            if not batches and not calls:
                return
            refused = await asyncio.shield(in_database(events_append, batches=batches, calls=calls))
            for call in calls:
                if self._calls.get(call.call_id) is call:
                    del self._calls[call.call_id]
            for run_id, (run, rows) in taken.items():
                run.stored(rows)
                if run_id in refused:
                    run.on_lost()
                else:
                    run.on_stored(rows[-1][0])
                if run.rows:
                    self._dirty.set()
            if batches:
                self._on_written([batch.run_id for batch in batches])

    def _next_rows(self, only: UUID | None) -> dict[UUID, tuple[_Pending, list[Row]]]:
        """The rows of the next transaction: some of each run that has any."""
        runs = {
            run_id: run for run_id, run in self._runs.items() if run.rows and only in (None, run_id)
        }
        share = FLUSH_CHARS // max(1, len(runs))
        return {run_id: (run, run.next_rows(share)) for run_id, run in runs.items()}

    def _drop_calls(self, run_id: UUID) -> None:
        self._calls = {id_: call for id_, call in self._calls.items() if call.run_id != run_id}
