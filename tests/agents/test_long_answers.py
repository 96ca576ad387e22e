"""A long answer: what of it is in memory while it is made, and that its readers miss nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from agents.runs import buffer
from agents.runs import writer as writing
from agents.runs.replay import LiveEvents
from agents.runs.task import RunIds
from agents.runs.writer import Writer
from tests.agents.conftest import database_away, in_this_process, until
from tests.agents.test_run_task import Answering
from tests.agui_rules import assert_valid_stream
from tests.core.team import said

pytestmark = in_this_process

PIECES = [f"{number:05} {'x' * 1000}\n" for number in range(3000)]  # 3 MB
BUFFER = 100_000
PENDING = 200_000


@pytest.fixture
async def writer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Writer]:
    monkeypatch.setattr(buffer, "BUFFER_CHARS", BUFFER)
    monkeypatch.setattr(writing, "HIGH_WATER_CHARS", PENDING)
    monkeypatch.setattr(writing, "FLUSH_CHARS", PENDING)
    monkeypatch.setattr(writing, "COLLECT_S", 0.01)
    writer = Writer()
    task = asyncio.create_task(writer.run())
    yield writer
    task.cancel()
    await asyncio.wait({task})


async def test_the_buffer_is_bounded_and_every_reader_gets_all_of_it(ids: RunIds, writer: Writer):
    answering = Answering(ids, writer, *said(*PIECES), total_s=60)
    most, latecomers = 0, []
    async with asyncio.timeout(60):
        while not answering.run.ended:
            most = max(most, answering.run.buffer.chars)
            if len(latecomers) < 5 and answering.run.buffer.last_seq > 500 * len(latecomers):
                latecomers.append(asyncio.create_task(numbers(answering, len(latecomers))))
            await asyncio.sleep(0.005)
    events = await answering.end()
    _, log, text = await answering.stored()

    assert text == "".join(PIECES)
    assert log == events
    assert_valid_stream(events)
    assert most < BUFFER + 2 * PENDING
    for after, latecomer in enumerate(latecomers):
        assert await latecomer == list(range(after + 1, len(events) + 1))


async def numbers(answering: Answering, after: int) -> list[int]:
    return [seq async for rows in LiveEvents(answering.run, after) for seq, _ in rows]


async def test_no_more_is_made_than_can_be_stored(ids: RunIds, writer: Writer):
    with database_away():
        answering = Answering(ids, writer, *said(*PIECES), total_s=60)
        await until(lambda: writer.is_full(ids.run_id))
        await asyncio.sleep(0.2)
        pending = writer._runs[ids.run_id].chars
        assert pending < PENDING + 10_000
    async with asyncio.timeout(60):
        await answering.run.wait()
        await answering.follower
    _, log, text = await answering.stored()
    assert text == "".join(PIECES)
    assert log == answering.events


async def test_a_run_that_waits_to_be_stored_can_be_stopped(ids: RunIds, writer: Writer):
    with database_away():
        answering = Answering(ids, writer, *said(*PIECES), total_s=60)
        await until(lambda: writer.is_full(ids.run_id))
        answering.run.stop("cancelled")
        await until(lambda: answering.answer.record.outcome)
    events = await answering.end()
    assert events[-1]["outcome"] == {"type": "cancelled"}
    run, _, _ = await answering.stored()
    assert run.outcome == "cancelled"


async def test_a_long_message_goes_on_in_another(ids: RunIds, writer: Writer, monkeypatch):
    monkeypatch.setattr("agents.core.agui.MESSAGE_CHARS", 10_000)
    answering = Answering(ids, writer, *said(*PIECES[:50]))
    events = await answering.end()
    _, _, text = await answering.stored()
    assert_valid_stream(events)
    starts = [event for event in events if event["type"] == "TEXT_MESSAGE_START"]
    assert len(starts) == 5
    assert text == "".join(PIECES[:50])
