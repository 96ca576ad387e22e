"""A run stopped anywhere ends as a whole stream, keeps its words, and lets Gemini go."""

from __future__ import annotations

import asyncio

import pytest

from agents.core.errors import RunError
from gemini.errors import GeminiError
from gemini.outputs import Saved
from tests.agui_rules import assert_valid_stream
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import (
    USAGE,
    ask,
    asks,
    call,
    events_of,
    events_until_cancelled,
    of_type,
    rest,
    said,
    thought,
    types,
    words,
)

FOREVER = asyncio.Event
PICTURE = {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}
BOTH = asks(call("text", task="Write"), call("media", task="Draw"))


def a_long_run() -> ScriptedModel:
    """Thoughts, words, two agents at once with a picture, and a joined answer."""
    return ScriptedModel(
        [chunk(thought("Hm.")), chunk(text("I ask.")), *BOTH],
        [chunk(thought("Well.")), *said("One", " two")],
        [chunk(text("See:")), *asks(PICTURE)],
        [chunk(thought("So.")), *said("That ", "is all.")],
    )


def last_is(kind: str, delta: str = ""):
    return lambda events: (events[-1]["type"], events[-1].get("delta", "")) == (kind, delta)


async def test_stopped_before_it_said_anything():
    model = ScriptedModel([FOREVER()])
    answer = ask(model)
    events = await events_until_cancelled(answer, last_is("RUN_STARTED"))
    assert types(events) == ["RUN_STARTED", "CUSTOM", "RUN_FINISHED"]
    assert events[-1]["outcome"] == {"type": "cancelled"}
    assert answer.contents() == []
    assert model.closed == 1


async def test_stopped_while_it_thinks():
    model = ScriptedModel([chunk(thought("Hm.")), FOREVER()])
    answer = ask(model)
    events = await events_until_cancelled(answer, last_is("REASONING_MESSAGE_CONTENT", "Hm."))
    assert types(events)[-4:-2] == ["REASONING_MESSAGE_END", "REASONING_END"]
    assert answer.contents() == []


async def test_stopped_in_mid_word_keeps_the_words_and_the_tokens():
    model = ScriptedModel([chunk(text("Half an"), usageMetadata=USAGE), FOREVER()])
    answer = ask(model)
    events = await events_until_cancelled(answer, last_is("TEXT_MESSAGE_CONTENT", "Half an"))
    assert answer.record.outcome == "cancelled"
    assert answer.contents() == [{"role": "model", "parts": [{"text": "Half an"}]}]
    assert events[-1]["usage"][0]["totalTokens"] == 14
    assert [one.outcome for one in answer.record.calls] == ["cancelled"]
    assert model.closed == 1


async def test_stopped_in_a_delegation_keeps_plain_words_and_no_calls():
    model = ScriptedModel(
        [chunk(text("I ask.")), *asks(call("text", "id1", "signed", task="Write"))],
        [chunk(text("Once upon")), FOREVER()],
    )
    answer = ask(model)
    events = await events_until_cancelled(answer, last_is("TEXT_MESSAGE_CONTENT", "Once upon"))
    [error] = of_type(events, "SUBAGENT_ERROR")
    assert error["code"] == "interrupted"
    assert answer.contents() == [{"role": "model", "parts": [{"text": "I ask.\n\nOnce upon"}]}]
    assert model.closed == 2


async def test_stopped_while_two_work_closes_both_and_keeps_their_words_apart():
    turn = asyncio.Event()
    model = ScriptedModel(
        BOTH,
        [chunk(text("Foxes ")), turn, chunk(text("run.")), FOREVER()],
        [chunk(text("Owls ")), turn, chunk(text("fly.")), FOREVER()],
    )
    answer = ask(model)

    def both_began(events):
        if len(of_type(events, "TEXT_MESSAGE_CONTENT")) == 2:
            turn.set()
        return len(of_type(events, "TEXT_MESSAGE_CONTENT")) == 4

    events = await events_until_cancelled(answer, both_began)
    assert len(of_type(events, "SUBAGENT_ERROR")) == 2
    [content] = answer.contents()
    assert set(content["parts"][0]["text"].split("\n\n")) == {"Foxes run.", "Owls fly."}
    assert model.closed == 3


async def test_stopped_while_it_joins():
    model = ScriptedModel(BOTH, said("Foxes."), said("Owls."), [chunk(text("Both")), FOREVER()])
    answer = ask(model)
    events = await events_until_cancelled(answer, last_is("TEXT_MESSAGE_CONTENT", "Both"))
    assert len(of_type(events, "SUBAGENT_FINISHED")) == 2
    assert words(events) == "Both"
    assert model.closed == 4


async def test_stopped_while_a_picture_is_stored():
    begun = asyncio.Event()

    async def save(media) -> Saved:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    model = ScriptedModel(asks(PICTURE))
    answer = ask(model, "a fox", agent="media", save=save)
    events = await events_until_cancelled(answer, last_is("SUBAGENT_STARTED"))
    assert begun.is_set()
    assert not of_type(events, "ACTIVITY_SNAPSHOT")
    assert model.closed == 1


async def test_stopped_while_it_waits_to_try_again():
    model = ScriptedModel([GeminiError("overloaded", retry_after_s=9)], said("never"))
    answer = ask(model)
    events = await events_until_cancelled(answer, last_is("RUN_STARTED"))
    assert len(model.requests) == 1
    assert events[-1]["outcome"] == {"type": "cancelled"}


async def test_stopped_runs_leave_no_task_behind():
    before = asyncio.all_tasks()
    model = ScriptedModel(BOTH, [chunk(text("a")), FOREVER()], [FOREVER()])
    await events_until_cancelled(ask(model), last_is("TEXT_MESSAGE_CONTENT", "a"))
    await rest()
    assert asyncio.all_tasks() == before


async def _whole_run() -> int:
    return len(await events_of(ask(a_long_run())))


async def stopped_after(answer, count: int) -> list:
    """The events of a run whose task is cancelled once it has published ``count`` of them."""
    events: list = []

    def publish(event) -> None:
        events.append(event)
        if len(events) == count:
            asyncio.get_running_loop().call_soon(task.cancel)

    task = asyncio.create_task(answer.run(publish))
    if count == 0:
        task.cancel()
    await asyncio.wait({task})
    return events if task.cancelled() else [*events, task.result()]


async def test_stopped_after_any_event_the_stream_can_be_ended_and_is_valid():
    for count in range(await _whole_run() + 1):
        model = a_long_run()
        answer = ask(model)
        events = await stopped_after(answer, count)
        assert model.closed == len(model.requests), "Gemini is let go at once, not some time later"
        events += answer.cancel()
        assert_valid_stream(events)
        assert len(of_type(events, "RUN_FINISHED")) == 1


@pytest.mark.parametrize("ending", ["cancel", "fail"])
async def test_a_run_that_ended_by_itself_does_not_end_twice(ending):
    answer = ask(ScriptedModel(said("Hi")))
    events = await events_of(answer)
    assert (answer.cancel() if ending == "cancel" else answer.fail(GeminiError("timeout"))) == []
    assert answer.record.outcome == "success"
    assert answer.record.error is None
    assert_valid_stream(events)


async def test_a_run_ended_by_the_server_says_why_and_keeps_the_words():
    answer = ask(ScriptedModel([chunk(text("Half")), FOREVER()]))
    events = await stopped_after(answer, 3)
    assert words(events) == "Half"
    events += answer.fail(RunError("interrupted"))
    assert_valid_stream(events)
    assert events[-1]["code"] == "interrupted"
    assert answer.record.outcome == "error"
    assert answer.contents() == [{"role": "model", "parts": [{"text": "Half"}]}]


async def test_an_answer_nobody_takes_asks_nobody():
    model = ScriptedModel(said("Hi"))
    answer = ask(model)
    assert types(answer.cancel()) == ["RUN_STARTED", "RUN_FINISHED"]
    assert model.requests == []
