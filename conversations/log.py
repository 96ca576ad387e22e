"""Writing the log of runs: many runs at once, each row once, no gap.

This is the one place with SQL of its own. Every delta of every answer passes here, and for rows
this small the ORM costs several times what the database does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from conversations.models import Event, Run

Row = tuple[int, str, str]  # seq, type, the event as JSON text

ROWS_PER_INSERT = 200
INSERT = "INSERT INTO events (run_id, seq, type, data) VALUES "
ROW = "(%s, %s, %s, %s)"
GROW = """
    UPDATE runs SET last_seq = (SELECT MAX(seq) FROM events WHERE run_id = runs.id)
    WHERE id IN """


@dataclass(frozen=True, slots=True)
class EventBatch:
    """The next rows of one run, by the holder of its fence."""

    run_id: UUID
    fence: int
    rows: Sequence[Row]


def events_append(*, batches: Sequence[EventBatch]) -> set[UUID]:
    """Write the events of many runs at once; rows that are stored already are passed over.

    Returns:
        The runs whose rows were refused: ended, gone, under another fence, or with a gap.
    """
    with transaction.atomic():
        wanted = [batch.run_id for batch in batches]
        running = Run.objects.filter(pk__in=wanted, status=Run.Status.RUNNING).order_by("pk")
        locked = running.select_for_update(no_key=True).values_list("pk", "fence", "last_seq")
        fences, last_seqs = {}, {}
        for run_id, fence, last_seq in locked:
            fences[run_id], last_seqs[run_id] = fence, last_seq
        fresh: list[tuple[UUID, Row]] = []
        refused: set[UUID] = set()
        for batch in batches:
            ours = fences.get(batch.run_id) == batch.fence
            rows = fresh_rows(last_seqs[batch.run_id], batch.rows) if ours else None
            if rows is None:
                refused.add(batch.run_id)
            elif rows:
                fresh += ((batch.run_id, row) for row in rows)
                last_seqs[batch.run_id] = rows[-1][0]
        _write(fresh)
    return refused


def fresh_rows(last_seq: int, rows: Iterable[Row]) -> list[Row] | None:
    """The rows that continue a log after ``last_seq``, or None if there would be a gap."""
    fresh = [row for row in rows if row[0] > last_seq]
    if [row[0] for row in fresh] != list(range(last_seq + 1, last_seq + 1 + len(fresh))):
        return None
    return fresh


def rows_append(run: Run, rows: Iterable[Row]) -> bool:
    """Write the rows that continue the log of a locked run. False if there would be a gap."""
    fresh = fresh_rows(run.last_seq, rows)
    if fresh:
        _write([(run.pk, row) for row in fresh])
        run.last_seq = fresh[-1][0]
    return fresh is not None


def _write(fresh: Sequence[tuple[UUID, Row]]) -> None:
    if not fresh:
        return
    id_of = Event._meta.get_field("run").get_db_prep_value
    ids = {run_id: id_of(run_id, connection) for run_id, _ in fresh}
    with connection.cursor() as cursor:
        for at in range(0, len(fresh), ROWS_PER_INSERT):
            part = fresh[at : at + ROWS_PER_INSERT]
            values = [value for run_id, row in part for value in (ids[run_id], *row)]
            cursor.execute(INSERT + ", ".join([ROW] * len(part)), values)
        cursor.execute(GROW + "(" + ", ".join(["%s"] * len(ids)) + ")", list(ids.values()))
