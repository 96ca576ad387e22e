"""One answer while it is made: how it ends, whoever ends it, and what is stored of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest

from agents.runs.replay import LiveEvents, Resync
from agents.runs.task import RunIds, RunTask
from agents.runs.writer import Writer
from common.database import in_database
from common.outages import outages
from conversations.models import Event as StoredEvent
from conversations.models import Message, ModelCall, Run
from conversations.run_end import runs_close_stale
from gemini.errors import GeminiError
from gemini.keys import Key
from tests.agents.conftest import (
    Event,
    database_away,
    database_busy,
    in_this_process,
    until,
)
from tests.agui_rules import assert_valid_stream
from tests.core.scripted import ScriptedModel
from tests.core.team import KEY, ask, said

pytestmark = in_this_process


@pytest.fixture
async def writer() -> AsyncIterator[Writer]:
    writer = Writer()
    task = asyncio.create_task(writer.run())
    yield writer
    task.cancel()
    await asyncio.wait({task})


class Answering:
    """A run in this process, and a follower who keeps what it is told."""

    def __init__(self, ids: RunIds, writer: Writer, *reply: Any, total_s: float = 10) -> None:
        self.model = ScriptedModel(list(reply))
        self.ids = ids
        key = Key(str(uuid4()), "work", KEY)
        run = {"thread_id": str(ids.thread_id), "run_id": str(ids.run_id)}
        self.answer = ask(self.model, api_key=key, **run)
        self.run = RunTask(ids, self.answer, total_s=total_s)
        self.events: list[Event] = []
        self.done: list[RunTask] = []
        self.run.start(writer, self.done.append)
        self.follower = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        with suppress(Resync):  # of a run that was lost
            async for rows in LiveEvents(self.run, 0):
                for seq, data in rows:
                    assert seq == len(self.events) + 1
                    self.events.append(json.loads(data))

    def has_said(self, words: str) -> bool:
        return words in str(self.events)

    async def end(self) -> list[Event]:
        async with asyncio.timeout(10):
            await self.run.wait()
            await self.follower
        return self.events

    async def stored(self) -> tuple[Run, list[Event], str]:
        """The row, its log, and the text of its messages."""

        def look() -> tuple[Run, list[Event], str]:
            run = Run.objects.get(pk=self.ids.run_id)
            log = StoredEvent.objects.filter(run=run).order_by("seq").values_list("seq", "data")
            numbers = [seq for seq, _ in log]
            assert numbers == list(range(1, len(numbers) + 1))
            spoken = Message.objects.filter(run=run, role=Message.Role.ASSISTANT)
            text = "".join(spoken.values_list("text", flat=True))
            return run, [json.loads(data) for _, data in log], text

        return await in_database(look)


async def test_all_that_is_told_is_stored(ids: RunIds, writer: Writer):
    answering = Answering(ids, writer, *said("One, ", "two"))
    events = await answering.end()
    run, log, text = await answering.stored()
    assert_valid_stream(events)
    assert log == events
    assert (run.status, run.outcome, run.last_seq) == ("finished", "success", len(events))
    assert text == "One, two"
    assert run.contents[0]["parts"][0]["text"].startswith("One, ")
    assert run.lease_until is None
    assert answering.done == [answering.run]
    calls = await in_database(lambda: list(ModelCall.objects.filter(run=run)))
    assert [(call.agent, call.outcome) for call in calls] == [("coordinator", "ok")]


async def test_the_end_is_stored_before_it_is_told(ids: RunIds, writer: Writer):
    answering = Answering(ids, writer, *said("Hello"))
    with database_busy():
        await until(lambda: answering.answer.record.outcome)
        assert answering.has_said("Hello")
        assert not answering.has_said("RUN_FINISHED")
        assert not answering.run.ended
    async for rows in LiveEvents(answering.run, 0):
        if "RUN_FINISHED" in rows[-1][1]:
            run, log, _ = await answering.stored()
            assert run.status == "finished"
            assert log[-1]["type"] == "RUN_FINISHED"
    await answering.end()


async def test_a_run_that_is_stopped_keeps_what_was_said(ids: RunIds, writer: Writer):
    first, second = said("One, ", "two")
    answering = Answering(ids, writer, first, asyncio.Event(), second)
    await until(lambda: answering.has_said("One"))
    answering.run.stop("cancelled")
    answering.run.stop("interrupted")
    events = await answering.end()
    run, log, text = await answering.stored()
    assert_valid_stream(log)
    assert events == log
    assert events[-1]["outcome"] == {"type": "cancelled"}
    assert (run.status, run.outcome, text) == ("finished", "cancelled", "One, ")
    assert answering.model.closed == 1


async def test_a_cancellation_that_nobody_asked_for_ends_the_run_at_once(
    ids: RunIds, writer: Writer
):
    first, second = said("One, ", "two")
    given_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    answering = Answering(ids, writer, first, GivenUp(given_up), second)
    await until(lambda: answering.has_said("One"))
    given_up.cancel()
    events = await answering.end()
    run, log, text = await answering.stored()
    assert events == log
    assert (run.status, run.error_code, text) == ("failed", "internal", "One, ")


class GivenUp(asyncio.Event):
    """Waits for a future that a library may cancel."""

    def __init__(self, future: asyncio.Future[None]) -> None:
        super().__init__()
        self._future = future

    async def wait(self) -> Any:
        await self._future


async def test_a_server_that_stops_interrupts(ids: RunIds, writer: Writer):
    first, second = said("One, ", "two")
    answering = Answering(ids, writer, first, asyncio.Event(), second)
    await until(lambda: answering.has_said("One"))
    answering.run.stop("interrupted")
    events = await answering.end()
    run, _, text = await answering.stored()
    assert_valid_stream(events)
    assert (run.status, run.error_code, text) == ("failed", "interrupted", "One, ")


async def test_a_run_ends_at_its_deadline(ids: RunIds, writer: Writer):
    first, second = said("One, ", "two")
    answering = Answering(ids, writer, first, asyncio.Event(), second, total_s=0.2)
    events = await answering.end()
    run, _, text = await answering.stored()
    assert_valid_stream(events)
    assert events[-1]["code"] == run.error_code == "timeout"
    assert text == "One, "


async def test_an_error_of_the_model_ends_the_run_in_our_words(ids: RunIds, writer: Writer):
    answering = Answering(ids, writer, said("One")[0] | {}, GeminiError("overloaded"))
    events = await answering.end()
    run, _, _ = await answering.stored()
    assert_valid_stream(events)
    assert events[-1]["code"] == run.error_code == "overloaded"
    assert events[-1]["message"] == run.error_message


async def test_a_run_that_somebody_else_ended_says_no_more(ids: RunIds, writer: Writer):
    first, second = said("One, ", "two")
    gate = asyncio.Event()
    answering = Answering(ids, writer, first, gate, second)
    await until(lambda: answering.has_said("One"))
    await writer.flush()

    def end_elsewhere() -> None:
        Run.objects.filter(pk=ids.run_id).update(lease_until="2020-01-01T00:00:00Z")
        assert runs_close_stale() == [ids.run_id]

    await in_database(end_elsewhere)
    before = await answering.stored()
    gate.set()
    events = await answering.end()
    run, log, text = await answering.stored()
    assert answering.run.lost
    assert "RUN_FINISHED" not in str(events)
    assert (run.error_code, text) == ("interrupted", "One, ")
    assert log == before[1]
    assert_valid_stream(log)
    assert answering.done == [answering.run]


async def test_a_stop_while_the_end_is_being_stored_comes_too_late(ids: RunIds, writer: Writer):
    answering = Answering(ids, writer, *said("Hello"))
    with database_busy():
        await until(lambda: answering.answer.record.outcome)
        await until(lambda: answering.has_said("TEXT_MESSAGE_END"))
        answering.run.stop("cancelled")
        answering.run.on_lease_lost()
    events = await answering.end()
    run, log, _ = await answering.stored()
    assert (run.status, run.outcome) == ("finished", "success")
    assert events == log
    assert events[-1]["type"] == "RUN_FINISHED"


async def test_a_database_that_is_away_is_waited_for(ids: RunIds, writer: Writer):
    with database_away():
        errors = outages.errors
        answering = Answering(ids, writer, *said("One, ", "two"))
        await until(lambda: answering.answer.record.outcome and outages.errors > errors + 1)
        assert not answering.run.ended
    events = await answering.end()
    _, log, text = await answering.stored()
    assert log == events
    assert text == "One, two"
    assert events[-1]["type"] == "RUN_FINISHED"


async def test_a_late_follower_hears_all_of_it_once(ids: RunIds, writer: Writer):
    gate = asyncio.Event()
    first, second = said("One, ", "two")
    answering = Answering(ids, writer, first, gate, second)
    await until(lambda: answering.has_said("One"))

    async def numbers(after: int) -> list[int]:
        return [seq async for rows in LiveEvents(answering.run, after) for seq, _ in rows]

    late = [asyncio.create_task(numbers(after)) for after in (0, 2, 3)]
    gate.set()
    count = len(await answering.end())
    assert [await task for task in late] == [
        list(range(after + 1, count + 1)) for after in (0, 2, 3)
    ]


async def test_a_run_that_is_stopped_before_its_first_step_ends(ids: RunIds, writer: Writer):
    answering = Answering(ids, writer, said("never"))
    answering.run.stop("cancelled")
    events = await answering.end()
    assert_valid_stream(events)
    assert events[-1]["outcome"] == {"type": "cancelled"}
    run, log, _ = await answering.stored()
    assert (run.status, run.outcome, log) == ("finished", "cancelled", events)
    assert len(answering.done) == 1
