"""A run goes on with the next key when Google turns one away, and never once something was said."""

from __future__ import annotations

import pytest

from agents.core.errors import RunError
from gemini.errors import GeminiError
from gemini.failover import Keys
from gemini.keys import Key
from gemini.redaction import REMOVED, Redactor, StreamRedactor
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import (
    KEY,
    USED_UP,
    Allowed,
    Event,
    ask,
    asks,
    call,
    events_of,
    of_type,
    said,
    words,
)

SPARE = "AIzaAnotherKeyThatIsSecret00000000000000"
THIRD = "AQ.AThirdKeyThatIsSecret000000000000000000"
SPARES = (Key("key2", "private", SPARE), Key("key3", "team", THIRD))


def switches(events: list[Event]) -> list[dict[str, str]]:
    snapshots = of_type(events, "ACTIVITY_SNAPSHOT")
    return [event["content"] for event in snapshots if event["activityType"] == "key"]


@pytest.mark.parametrize("code", ["quota", "invalid_key", "key_blocked"])
async def test_the_next_key_is_used_when_google_turns_one_away(code):
    model = ScriptedModel([GeminiError(code)], said("Hello"))
    answer = ask(model, spare_keys=SPARES)
    events = await events_of(answer)
    assert answer.record.outcome == "success"
    assert switches(events) == [{"from": "work", "to": "private", "reason": code}]
    assert [request.api_key for request in model.requests] == [KEY, SPARE]
    assert [(line.key_id, line.outcome) for line in answer.record.calls] == [
        ("key1", code),
        ("key2", "ok"),
    ]
    assert events[-2]["value"]["key"] == {"id": "key2", "name": "private"}


async def test_the_keys_are_taken_in_their_order_until_one_works():
    model = ScriptedModel([GeminiError("quota")], [GeminiError("invalid_key")], said("Hello"))
    events = await events_of(ask(model, spare_keys=SPARES))
    assert [change["to"] for change in switches(events)] == ["private", "team"]
    assert [change["reason"] for change in switches(events)] == ["quota", "invalid_key"]


async def test_the_last_key_s_refusal_ends_the_run():
    answer = ask(ScriptedModel(*[[GeminiError("quota")]] * 3), spare_keys=SPARES)
    events = await events_of(answer)
    assert (answer.record.outcome, events[-1]["code"]) == ("error", "quota")
    assert len(answer.record.calls) == 3


async def test_without_spare_keys_nothing_changes():
    answer = ask(ScriptedModel([GeminiError("quota")], said("Hello")))
    events = await events_of(answer)
    assert (events[-1]["code"], switches(events)) == ("quota", [])


@pytest.mark.parametrize("code", ["overloaded", "blocked", "too_long", "timeout", "model_gone"])
async def test_what_is_not_the_key_s_fault_keeps_the_key(code, monkeypatch):
    monkeypatch.setattr("agents.core.call.BACKOFF_S", 0.0)
    model = ScriptedModel([GeminiError(code)], [RunError(code)])
    await events_of(ask(model, spare_keys=SPARES))
    assert {request.api_key for request in model.requests} == {KEY}


@pytest.mark.parametrize("delivered", [text("Hel"), {"text": "Hm", "thought": True}])
async def test_after_the_first_word_no_key_is_changed(delivered):
    model = ScriptedModel([chunk(delivered), GeminiError("quota")], said("Hello"))
    events = await events_of(ask(model, spare_keys=SPARES))
    assert (events[-1]["code"], switches(events)) == ("quota", [])
    assert len(model.requests) == 1


async def test_after_a_delegation_no_key_is_changed():
    model = ScriptedModel(
        asks(call("text", task="Write", reason="Long")), [GeminiError("quota")], said("Sorry.")
    )
    events = await events_of(ask(model, spare_keys=SPARES))
    assert switches(events) == []
    assert {request.api_key for request in model.requests} == {KEY}


async def test_an_agent_that_was_named_goes_on_with_the_next_key_too():
    model = ScriptedModel([GeminiError("quota")], said("Once upon a time"))
    events = await events_of(ask(model, "a story", agent="text", spare_keys=SPARES))
    assert len(switches(events)) == 1
    assert words(events, "text") == "Once upon a time"


async def test_the_new_key_stays_for_the_rest_of_the_run():
    model = ScriptedModel(
        [GeminiError("quota")], asks(call("text", task="Write", reason="Long")), said("Once")
    )
    answer = ask(model, spare_keys=SPARES)
    await events_of(answer)
    assert [line.key_id for line in answer.record.calls] == ["key1", "key2", "key2"]


async def test_a_spare_key_whose_budget_is_used_up_is_passed_over():
    class Poor(Allowed):
        async def allowances(self, key, model, call_id):
            return await super().allowances(key, model, call_id) if key.id == "key2" else ()

    model = ScriptedModel([GeminiError("quota")], said("Hello"))
    events = await events_of(ask(model, spare_keys=SPARES, budget=Poor(0)))
    assert [change["to"] for change in switches(events)] == ["private", "team"]
    assert [request.api_key for request in model.requests] == [KEY, THIRD]


async def test_the_first_key_s_own_budget_is_no_reason_to_spend_from_another():
    events = await events_of(
        ask(ScriptedModel(said("Hello")), spare_keys=SPARES, budget=Allowed(0))
    )
    assert (events[-1]["code"], events[-1]["message"]) == ("budget", USED_UP)
    assert switches(events) == []


@pytest.mark.parametrize("secret", [KEY, SPARE, THIRD])
async def test_no_key_of_the_run_comes_out_of_it_used_or_not(secret):
    model = ScriptedModel([chunk(text(f"It is {secret[:20]}")), *said(f"{secret[20:]}, right?")])
    events = await events_of(ask(model, spare_keys=SPARES))
    assert words(events) == f"It is {REMOVED}, right?"


@pytest.mark.parametrize("cut", range(len(SPARE) + 1))
def test_a_guard_of_several_keys_finds_each_wherever_it_is_cut(cut):
    guard = StreamRedactor(Redactor(KEY, SPARE))
    pieces = [f"AIzaA {SPARE[:cut]}", f"{SPARE[cut:]} AIz", f"{KEY[:cut]}", f"{KEY[cut:]} A"]
    shown = "".join([*map(guard.feed, pieces), guard.close()])
    assert shown == f"AIzaA {REMOVED} AIz{REMOVED} A"


def test_keys_show_their_names_alone():
    keys = Keys(Key("key1", "work", KEY), *SPARES)
    assert repr(keys) == "Keys(work, private, team)"
    assert SPARE not in repr(SPARES)
