"""The log of runs: written for many runs at once, read in pages, pruned when it is a transcript.

Writing is the one place with SQL of its own. Every delta of every answer passes here, and for rows
this small the ORM costs several times what the database does.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from conversations.compaction import AguiEvent
from conversations.models import Event, Run
from conversations.usage.ledger import ModelCallRow, calls_write

Row = tuple[int, str, str]  # seq, type, the event as JSON text

EVENTS_PAGE_SIZE = 1000
EVENTS_PAGE_CHARS = 1024 * 1024
EVENTS_BATCH = 100
PRUNED_AT_ONCE = 500  # runs; in short transactions, because answers are being written meanwhile
# Four values each: 800 of the 999 that SQLite took in one statement before 3.32.
ROWS_PER_INSERT = 200
# By the ORM an event took 130 to 260 microseconds of CPU, by these statements 25 to 50.
SELECT_RUNS = """
    SELECT id, fence, last_seq FROM runs WHERE status = 'running' AND id IN {} ORDER BY id{}"""
INSERT_EVENTS = "INSERT INTO events (run_id, seq, type, data) VALUES "
EVENT_VALUES = "(%s, %s, %s, %s)"
UPDATE_LAST_SEQ = """
    UPDATE runs SET last_seq = (SELECT MAX(seq) FROM events WHERE run_id = runs.id)
    WHERE id IN """


@dataclass(frozen=True, slots=True)
class EventBatch:
    """The next rows of one run, by the holder of its fence."""

    run_id: UUID
    fence: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events with their seq, as JSON text; ``more``: there may be others after them."""

    events: list[tuple[int, str]]
    more: bool


def events_append(
    *, batches: Sequence[EventBatch], calls: Sequence[ModelCallRow] = ()
) -> set[UUID]:
    """Write the events of many runs at once; rows that are stored already are passed over.

    This is the group commit of a process: all its runs pay for one transaction and one sync to
    disk. It is safe to repeat and to race.

    Args:
        calls: rows of the ledger, written along with them whatever becomes of the runs.

    Returns:
        The runs whose rows were refused: ended, gone, under another fence, or with a gap.
    """
    with transaction.atomic():
        calls_write(calls)
        # Locked by id, in one statement. Two writers with the same runs (a process that was paused
        # and the one that took over) cannot deadlock, nor write between each other's rows.
        fences, last_seqs = _locked_runs([batch.run_id for batch in batches])
        fresh: list[tuple[UUID, Row]] = []
        refused: set[UUID] = set()
        # Under that lock the fence decides who may write and ``last_seq`` what is new. A commit
        # whose answer was lost is sent again and writes nothing twice.
        for batch in batches:
            ours = fences.get(batch.run_id) == batch.fence
            rows = _fresh_rows(last_seqs[batch.run_id], batch.rows) if ours else None
            # A refusal is for its run alone. The others in the batch are written, or one deleted
            # conversation would stop the answers of everybody on this process.
            if rows is None:
                refused.add(batch.run_id)
            elif rows:
                fresh += ((batch.run_id, row) for row in rows)
                last_seqs[batch.run_id] = rows[-1][0]
        _insert(fresh)
    return refused


def rows_append(run: Run, rows: Iterable[Row]) -> bool:
    """Write the rows that continue the log of a locked run. False if there would be a gap."""
    fresh = _fresh_rows(run.last_seq, rows)
    if fresh:
        _insert([(run.pk, row) for row in fresh])
        run.last_seq = fresh[-1][0]
    return fresh is not None


def _locked_runs(run_ids: Sequence[UUID]) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """The fences and last seqs of those that are running, locked until the transaction ends."""
    ids = {_stored_id(run_id): run_id for run_id in run_ids}
    if not ids:
        return {}, {}
    # NO KEY UPDATE, because rows of the ledger and of files refer to runs: their foreign keys take
    # a KEY SHARE lock, which a plain FOR UPDATE would hold up. SQLite needs no lock of rows: its
    # transactions begin IMMEDIATE, so there is one writer at a time.
    lock = " FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""
    with connection.cursor() as cursor:
        cursor.execute(SELECT_RUNS.format(_placeholders(ids), lock), list(ids))
        rows = [(ids[run_id], fence, last_seq) for run_id, fence, last_seq in cursor.fetchall()]
    return (
        {run_id: fence for run_id, fence, _ in rows},
        {run_id: last_seq for run_id, _, last_seq in rows},
    )


def _stored_id(run_id: UUID) -> Any:
    """As this database stores it: SQLite has no type for a UUID."""
    return Event._meta.get_field("run").get_db_prep_value(run_id, connection)


def _placeholders(values: Collection[object]) -> str:
    return "(" + ", ".join(["%s"] * len(values)) + ")"


def _fresh_rows(last_seq: int, rows: Iterable[Row]) -> list[Row] | None:
    """The rows that continue a log after ``last_seq``, or None if there would be a gap."""
    # Never stored behind a gap: a reader would take the log's last row for all that there is. Rows
    # that are there already are no gap; they come again when the answer to a commit was lost.
    fresh = [row for row in rows if row[0] > last_seq]
    if [row[0] for row in fresh] != list(range(last_seq + 1, last_seq + 1 + len(fresh))):
        return None
    return fresh


def _insert(fresh: Sequence[tuple[UUID, Row]]) -> None:
    if not fresh:
        return
    ids = {run_id: _stored_id(run_id) for run_id, _ in fresh}
    with connection.cursor() as cursor:
        for at in range(0, len(fresh), ROWS_PER_INSERT):
            part = fresh[at : at + ROWS_PER_INSERT]
            values = [value for run_id, row in part for value in (ids[run_id], *row)]
            cursor.execute(INSERT_EVENTS + ", ".join([EVENT_VALUES] * len(part)), values)
        # One statement for all runs, and the truth: what is in the log, whatever was fresh.
        cursor.execute(UPDATE_LAST_SEQ + _placeholders(ids), list(ids.values()))


def events_after(
    *, run_id: UUID, after: int, limit: int = EVENTS_PAGE_SIZE, chars: int = EVENTS_PAGE_CHARS
) -> EventPage:
    """The next events, at most ``limit`` and about ``chars``; the caller came by ``run_for``."""
    rows = Event.objects.filter(run_id=run_id).order_by("seq").values_list("seq", "data")
    events: list[tuple[int, str]] = []
    # How large rows are is known once they are read, so a page grows by small batches and is over
    # its ``chars`` by one batch at most.
    while True:
        size = min(EVENTS_BATCH, limit - len(events))
        batch = list(rows.filter(seq__gt=after)[:size])
        events += batch
        chars -= sum(len(data) for _, data in batch)
        if len(batch) < size:
            return EventPage(events, more=False)
        if chars <= 0 or len(events) >= limit:
            return EventPage(events, more=True)
        after = batch[-1][0]


def log_of(run_id: UUID) -> Iterator[AguiEvent]:
    """The stored events of a run, in order; a page of them is in memory at a time."""
    after, more = 0, True
    while more:
        page = events_after(run_id=run_id, after=after)
        for _, data in page.events:
            yield json.loads(data)
        more = page.more
        after = page.events[-1][0] if page.events else after


def events_prune(*, older_than: timedelta, dry_run: bool = False) -> tuple[int, int]:
    """Delete the logs of runs that ended longer ago; returns how many runs and events.

    An ended run keeps its transcript: the same events with adjacent deltas joined. The log itself
    is needed by readers that continue in the middle of it, and by nobody some days later.
    """
    # Without a transcript the log is all that is left of an answer (too long to be folded), however
    # old it is.
    ended = Run.objects.filter(
        finished_at__lt=timezone.now() - older_than, transcript__isnull=False
    ).exclude(status=Run.Status.RUNNING)
    with_log = ended.filter(events__isnull=False).distinct().values_list("pk", flat=True)
    if dry_run:
        return with_log.count(), Event.objects.filter(run__in=ended).count()
    runs = events = 0
    while batch := list(with_log.order_by("pk")[:PRUNED_AT_ONCE]):
        runs += len(batch)
        events += Event.objects.filter(run__in=batch).delete()[0]
    return runs, events
