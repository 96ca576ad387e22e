"""A budget is looked at before every call and while it goes on; what was said is kept."""

from __future__ import annotations

import asyncio

import pytest

from agents.core.errors import RunError
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import (
    USAGE,
    USED_UP,
    Allowed,
    ask,
    asks,
    call,
    events_of,
    of_type,
    said,
    words,
)


async def test_nothing_is_asked_of_gemini_once_a_budget_is_used_up():
    model = ScriptedModel(said("Hello"))
    answer = ask(model, budget=Allowed(0))
    events = await events_of(answer)
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "budget")
    assert events[-1]["message"] == USED_UP
    assert (model.requests, answer.record.calls) == ([], [])


async def test_an_answer_within_the_budget_is_not_disturbed():
    events = await events_of(ask(ScriptedModel(said("Hello")), budget=Allowed(14)))
    assert events[-1]["type"] == "RUN_FINISHED"


@pytest.mark.parametrize("budget", [Allowed(tokens=50), Allowed(usd="0.0001")])
async def test_an_answer_is_stopped_where_it_passes_the_budget(budget):
    passed = USAGE | {"candidatesTokenCount": 90}
    model = ScriptedModel(
        [
            chunk(text("Within, "), usageMetadata=USAGE),
            chunk(text("beyond"), usageMetadata=passed),
            asyncio.Event(),
        ]
    )
    answer = ask(model, budget=budget)
    events = await events_of(answer)
    assert (events[-1]["code"], events[-1]["message"]) == ("budget", USED_UP)
    assert words(events) == "Within, beyond"
    assert answer.contents() == [{"role": "model", "parts": [{"text": "Within, beyond"}]}]
    assert (answer.record.calls[0].outcome, answer.record.calls[0].usage.total) == ("budget", 100)
    assert model.closed == 1


async def test_an_answer_that_is_whole_is_not_taken_away():
    passed = USAGE | {"candidatesTokenCount": 90}
    events = await events_of(
        ask(ScriptedModel(said("All", usageMetadata=passed)), budget=Allowed(50))
    )
    assert events[-1]["type"] == "RUN_FINISHED"


async def test_a_budget_is_looked_at_before_every_call():
    class Shrinking(Allowed):
        async def allowances(self, key, model, call_id):
            allowed = await super().allowances(key, model, call_id)
            self.lefts["tokens"] -= 14
            return allowed

    model = ScriptedModel(asks(call("text", task="Write", reason="Long")), said("Once"))
    events = await events_of(ask(model, budget=Shrinking(14)))
    assert events[-1]["code"] == "budget"
    assert len(model.requests) == 1
    assert [error["code"] for error in of_type(events, "SUBAGENT_ERROR")] == ["interrupted"]


async def test_what_others_spend_meanwhile_stops_a_call_on_its_way(monkeypatch):
    monkeypatch.setattr("agents.core.call.NOTE_S", -1.0)

    class Meanwhile(Allowed):
        async def allowances(self, key, model, call_id):
            if call_id is not None:
                raise RunError("budget", USED_UP)
            return await super().allowances(key, model, call_id)

    budget = Meanwhile(1000)
    model = ScriptedModel([chunk(text("Some")), asyncio.Event()])
    answer = ask(model, budget=budget)
    events = await events_of(answer)
    assert (events[-1]["code"], words(events)) == ("budget", "Some")
    assert [asked[2] for asked in budget.asked] == [None]


async def test_a_call_is_left_out_when_its_own_budget_is_looked_at(monkeypatch):
    monkeypatch.setattr("agents.core.call.NOTE_S", -1.0)
    budget = Allowed(1000)
    answer = ask(ScriptedModel([chunk(text("One ")), *said("two")]), budget=budget)
    await events_of(answer)
    (line,) = answer.record.calls
    assert budget.asked == [
        ("key1", "gemini-3.8-flash", None),
        ("key1", "gemini-3.8-flash", line.id),
    ]
