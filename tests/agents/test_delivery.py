"""Flow control: as much as the reader acknowledges, and no more."""

from __future__ import annotations

import asyncio
import functools
import json
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from agents.runs.task import RunIds
from agents.transports.delivery import EventDelivery, SlowConsumer
from common.database import in_database
from common.errors import AppError
from conversations.models import Event, Run
from conversations.run_end import run_close
from tests.agents.conftest import in_this_process, row, until

pytestmark = in_this_process

COUNT = 100


@pytest.fixture
def ended_run(ids: RunIds) -> RunIds:
    rows = [row(seq, "CUSTOM", name="x" * 10) for seq in range(1, COUNT)]
    assert run_close(
        run_id=ids.run_id,
        fence=ids.fence,
        events=[row(1, "RUN_STARTED", threadId="t", runId="r"), *rows[1:], row(COUNT, "RUN_ERROR")],
        status=Run.Status.FAILED,
        outcome="error",
        usage=[],
        contents=[],
        calls=[],
    )
    return ids


class Reader:
    """The other end of a follower."""

    def __init__(self, ids: RunIds, user_id: int | None = None) -> None:
        self.frames: list[dict] = []
        self.delivery = EventDelivery(user_id or ids.owner_id, ids.run_id, self._take)

    async def _take(self, text: str) -> None:
        self.frames.append(json.loads(text))

    def has_come_to(self, seq: int) -> bool:
        return self.seqs[-1:] == [seq]

    @property
    def seqs(self) -> list[int]:
        return [frame["seq"] for frame in self.frames if frame["op"] == "event"]

    def start(self, after: int = 0) -> asyncio.Task[None]:
        return asyncio.create_task(self.delivery.run(after))


@pytest.fixture
async def reader(ended_run: RunIds) -> Reader:
    return Reader(ended_run)


async def settled(reader: Reader) -> int:
    """How many events came once no more come."""
    seen = -1
    while seen != len(reader.seqs) or not seen:
        seen = len(reader.seqs)
        await asyncio.sleep(0.05)
    return seen


async def test_a_reader_who_says_nothing_gets_a_window_full(reader: Reader, settings):
    settings.WINDOW_EVENTS = 20
    task = reader.start()
    assert await settled(reader) == 20
    reader.delivery.ack(5)
    assert await settled(reader) == 25
    reader.delivery.ack(4)
    assert await settled(reader) == 25
    reader.delivery.ack(25)
    assert await settled(reader) == 45
    task.cancel()
    await asyncio.wait({task})


async def test_the_window_is_counted_in_bytes_too(reader: Reader, settings):
    size = len(row(2, "CUSTOM", name="x" * 10)[2])
    settings.WINDOW_BYTES = size * 10
    task = reader.start()
    assert await settled(reader) in (9, 10)
    task.cancel()
    await asyncio.wait({task})


async def test_one_event_larger_than_the_window_still_passes(reader: Reader, settings):
    settings.WINDOW_BYTES = 1
    task = reader.start()
    for seq in range(1, COUNT + 1):
        await until(functools.partial(reader.has_come_to, seq))
        reader.delivery.ack(seq)
    await task
    assert reader.seqs == list(range(1, COUNT + 1))


async def test_a_reader_who_stays_silent_is_let_go(reader: Reader, settings, monkeypatch):
    settings.WINDOW_EVENTS = 20
    monkeypatch.setattr("agents.transports.delivery.SLOW_S", 0.1)
    with pytest.raises(SlowConsumer):
        await reader.delivery.run(0)
    assert reader.seqs == list(range(1, 21))


@pytest.mark.parametrize("after", [0, 1, 57, COUNT - 1, COUNT])
async def test_what_comes_after_is_sent_to_the_end(reader: Reader, after: int):
    await reader.delivery.run(after)
    assert reader.seqs == list(range(after + 1, COUNT + 1))


async def test_who_claims_to_be_ahead_is_told_to_start_over(reader: Reader, ended_run: RunIds):
    await reader.delivery.run(COUNT + 1)
    told = {"op": "resync", "runId": str(ended_run.run_id), "reason": "ahead"}
    assert reader.frames == [told]


async def test_a_log_that_was_pruned_is_no_silent_gap(reader: Reader, ended_run: RunIds):
    events = Event.objects.filter(run_id=ended_run.run_id, seq__lt=50)
    await in_database(events.delete)
    await reader.delivery.run(10)
    assert [frame["op"] for frame in reader.frames] == ["resync"]


async def test_a_foreign_run_is_not_there(ended_run: RunIds, bob: User):
    for run_id in (ended_run.run_id, uuid4()):
        theirs = RunIds(run_id, ended_run.thread_id, bob.pk, 1)
        with pytest.raises(AppError) as refused:
            await Reader(theirs).delivery.run(0)
        assert (refused.value.code, refused.value.status) == ("run_not_found", 404)
