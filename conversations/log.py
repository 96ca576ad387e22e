"""Writing the log of runs: many runs at once, each row once, no gap.

This is the one place with SQL of its own. Every delta of every answer passes here, and for rows
this small the ORM costs several times what the database does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from conversations.models import Event, Run
from conversations.usage.ledger import ModelCallRow, calls_write

Row = tuple[int, str, str]  # seq, type, the event as JSON text

ROWS_PER_INSERT = 200
LOOK = """
    SELECT id, fence, last_seq FROM runs WHERE status = 'running' AND id IN {} ORDER BY id{}"""
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


def events_append(
    *, batches: Sequence[EventBatch], calls: Sequence[ModelCallRow] = ()
) -> set[UUID]:
    """Write the events of many runs at once; rows that are stored already are passed over.

    Args:
        calls: rows of the ledger, written along with them whatever becomes of the runs.

    Returns:
        The runs whose rows were refused: ended, gone, under another fence, or with a gap.
    """
    with transaction.atomic():
        calls_write(calls)
        fences, last_seqs = _locked_runs([batch.run_id for batch in batches])
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


def _locked_runs(run_ids: Sequence[UUID]) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """The fences and last seqs of those that are running, locked until the transaction ends."""
    ids = {_stored_id(run_id): run_id for run_id in run_ids}
    if not ids:
        return {}, {}
    lock = " FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""
    with connection.cursor() as cursor:
        cursor.execute(LOOK.format(_places(ids), lock), list(ids))
        found = [(ids[run_id], fence, last_seq) for run_id, fence, last_seq in cursor.fetchall()]
    return (
        {run_id: fence for run_id, fence, _ in found},
        {run_id: last_seq for run_id, _, last_seq in found},
    )


def _stored_id(run_id: UUID) -> Any:
    """As this database keeps it: SQLite has no type for a UUID."""
    return Event._meta.get_field("run").get_db_prep_value(run_id, connection)


def _places(values: Collection[object]) -> str:
    return "(" + ", ".join(["%s"] * len(values)) + ")"


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
    ids = {run_id: _stored_id(run_id) for run_id, _ in fresh}
    with connection.cursor() as cursor:
        for at in range(0, len(fresh), ROWS_PER_INSERT):
            part = fresh[at : at + ROWS_PER_INSERT]
            values = [value for run_id, row in part for value in (ids[run_id], *row)]
            cursor.execute(INSERT + ", ".join([ROW] * len(part)), values)
        cursor.execute(GROW + _places(ids), list(ids.values()))
