"""Group commit: what is handed in is stored, together, in order, and only by who may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from agents.runs.task import RunIds
from agents.runs.writer import Writer
from common.database import in_database
from common.outages import outages
from conversations.models import Event, Run
from tests.agents.conftest import OpenRun, database_away, in_this_process, row, until

pytestmark = in_this_process


def stored(run_id: UUID) -> list[int]:
    return list(Event.objects.filter(run_id=run_id).order_by("seq").values_list("seq", flat=True))


class Book:
    """What a writer reports."""

    def __init__(self) -> None:
        self.flushes: list[list[UUID]] = []
        self.lost: list[UUID] = []
        self.writer = Writer(on_written=self.flushes.append)

    def register(self, ids: RunIds) -> None:
        self.writer.register(ids.run_id, ids.fence, lambda: self.lost.append(ids.run_id))


@pytest.fixture
async def book() -> AsyncIterator[Book]:
    book = Book()
    task = asyncio.create_task(book.writer.run())
    yield book
    task.cancel()
    await asyncio.wait({task})


async def test_the_rows_of_all_runs_are_written_together(open_run: OpenRun, book: Book):
    runs = [await in_database(open_run) for _ in range(3)]
    for ids in runs:
        book.register(ids)
        for seq in (1, 2, 3):
            book.writer.add(ids.run_id, row(seq))
    await until(lambda: book.flushes)
    assert [set(flush) for flush in book.flushes] == [{ids.run_id for ids in runs}]
    for ids in runs:
        assert await in_database(stored, ids.run_id) == [1, 2, 3]
        run = await in_database(Run.objects.get, pk=ids.run_id)
        assert run.last_seq == 3
    assert book.lost == []


async def test_nothing_is_dropped_while_the_database_is_away(ids: RunIds, book: Book):
    book.register(ids)
    with database_away():
        errors = outages.errors
        book.writer.add(ids.run_id, row(1))
        await until(lambda: outages.errors > errors + 1)
        book.writer.add(ids.run_id, row(2))
        assert book.flushes == []
    await until(lambda: book.flushes)
    assert await in_database(stored, ids.run_id) == [1, 2]
    assert book.lost == []


async def test_who_lost_the_fence_writes_nothing_and_is_told(open_run: OpenRun, book: Book):
    mine, lost = [await in_database(open_run) for _ in range(2)]
    await in_database(Run.objects.filter(pk=lost.run_id).update, fence=7)
    for ids in (mine, lost):
        book.register(ids)
        book.writer.add(ids.run_id, row(1))
    await until(lambda: book.flushes)
    assert book.lost == [lost.run_id]
    assert await in_database(stored, mine.run_id) == [1]
    assert await in_database(stored, lost.run_id) == []


async def test_who_leaves_takes_along_what_is_not_written(ids: RunIds):
    writer = Writer()  # nobody flushes by itself
    writer.register(ids.run_id, ids.fence, lambda: None)
    writer.add(ids.run_id, row(1))
    await writer.flush()
    writer.add(ids.run_id, row(2))
    assert await writer.release(ids.run_id) == [row(2)]
    await writer.flush()
    assert await in_database(stored, ids.run_id) == [1]


async def test_a_run_that_is_discarded_is_no_trouble(ids: RunIds, book: Book):
    book.register(ids)
    book.writer.add(ids.run_id, row(1))
    book.writer.discard(ids.run_id)
    await book.writer.flush()
    assert await in_database(stored, ids.run_id) == []
    book.writer.discard(ids.run_id)


async def test_rows_that_cannot_be_written_hold_up_no_other_run(
    open_run: OpenRun, book: Book, caplog
):
    good, bad = [await in_database(open_run) for _ in range(2)]
    for ids in (bad, good):
        book.register(ids)
    book.writer.add(bad.run_id, (1, "RAW", "half a pair: \ud800"))
    book.writer.add(good.run_id, row(1))
    await until(lambda: book.flushes)
    assert await in_database(stored, good.run_id) == [1]
    assert book.lost == [bad.run_id]
    book.writer.add(good.run_id, row(2))
    await until(lambda: len(book.flushes) == 2)
    assert "half a pair" not in caplog.text
