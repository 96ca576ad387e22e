"""Who answers what, and how many model calls that costs."""

from __future__ import annotations

import asyncio
import json

from agents.core.context import Limits
from gemini.errors import GeminiError
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import (
    USAGE,
    ask,
    asks,
    call,
    events_of,
    of_type,
    said,
    thought,
    types,
    words,
)

WRITE = call("text", "id1", "signed", task="A poem", reason="Long")
DRAW = call("media", "id2", task="A fox", reason="Picture", output="text")
FLASH = "gemini-3.8-flash"


def spoken(words, model=FLASH, **tag):
    """What a model said, as it is kept."""
    return {"role": "model", "parts": [{"text": words}], "model": model, **tag}


async def test_direct_answer_costs_one_model_call():
    model = ScriptedModel(said("Hello", " Alice"))
    answer = ask(model)
    events = await events_of(answer)
    assert words(events) == "Hello Alice"
    assert len(model.requests) == len(answer.record.calls) == model.closed == 1
    assert answer.record.outcome == "success"
    assert answer.contents() == [spoken("Hello Alice")]


async def test_history_comes_before_the_prompt_and_goes_as_it_is():
    first = (
        {"role": "user", "parts": [{"text": "One?"}]},
        {
            "role": "model",
            "parts": [{"text": "", "thoughtSignature": "c2ln"}],
            "model": FLASH,
            "key": "key1",
        },
    )
    model = ScriptedModel(said("Two."))
    await events_of(ask(model, "Two?", history=[first]))
    assert model.requests[0].contents == (*first, {"role": "user", "parts": [{"text": "Two?"}]})


async def test_one_delegation_costs_two_calls_and_the_agents_words_are_the_answer():
    model = ScriptedModel(asks(WRITE), said("Waves", " roll"))
    answer = ask(model, "A poem, please")
    events = await events_of(answer)
    assert len(model.requests) == 2
    assert words(events, "text") == "Waves roll"
    assert words(events) == ""
    [result] = of_type(events, "TOOL_CALL_RESULT")
    assert result["content"] == "Waves roll"
    assert answer.contents() == [
        {"role": "model", "parts": [WRITE], "model": FLASH, "key": "key1"},
        {
            "role": "user",
            "parts": [
                {
                    "functionResponse": {
                        "id": "id1",
                        "name": "ask_text_agent",
                        "response": {"output": "Waves roll"},
                    }
                }
            ],
        },
        spoken("Waves roll"),
        {
            "role": "user",
            "parts": [{"text": "A poem, please"}, {"text": "A poem"}],
            "agent": "text",
        },
        spoken("Waves roll", agent="text"),
    ]


async def test_delegation_names_agent_task_and_reason():
    events = await events_of(ask(ScriptedModel(asks(WRITE), said("Waves"))))
    [start] = of_type(events, "TOOL_CALL_START")
    [args] = of_type(events, "TOOL_CALL_ARGS")
    [begun] = of_type(events, "SUBAGENT_STARTED")
    assert start["toolCallName"] == "ask_text_agent"
    assert json.loads(args["delta"]) == {"task": "A poem", "reason": "Long"}
    assert begun["parentToolCallId"] == start["toolCallId"]
    assert begun["name"] == "text"


async def test_agent_is_given_the_prompt_the_task_and_the_words_of_the_history():
    history = (
        {"role": "user", "parts": [{"text": "Before?"}]},
        {
            "role": "model",
            "parts": [
                {"text": "A secret thought", "thought": True, "thoughtSignature": "c2ln"},
                {"text": "Yes.", "thoughtSignature": "c2ln"},
                {"functionCall": {"name": "ask_text_agent", "args": {}}},
            ],
        },
    )
    model = ScriptedModel(asks(WRITE), said("Waves"))
    await events_of(ask(model, "A poem, please", history=[history]))
    assert model.requests[1].contents == (
        {"role": "user", "parts": [{"text": "Before?"}]},
        {"role": "model", "parts": [{"text": "Yes."}]},
        {"role": "user", "parts": [{"text": "A poem, please"}, {"text": "A poem"}]},
    )
    assert not model.requests[1].functions


async def test_two_delegations_interleave_and_are_joined_with_four_calls():
    middle, last = asyncio.Event(), asyncio.Event()
    model = ScriptedModel(
        asks(WRITE, DRAW),
        [chunk(text("t1")), middle, *said("t2")],
        [chunk(text("m1")), last, *said("m2")],
        said("Both done."),
    )
    gates = {"m1": middle, "t2": last}
    answer = ask(model, "Poem and picture")
    events = await events_of(answer, lambda e: e.get("delta") in gates and gates[e["delta"]].set())
    deltas = [event["delta"] for event in of_type(events, "TEXT_MESSAGE_CONTENT")]
    assert len(model.requests) == 4
    assert sorted(deltas[:2]) == ["m1", "t1"]
    assert words(events, "text") == "t1t2"
    assert words(events, "media") == "m1m2"
    assert words(events) == "Both done."
    assert types(events)[-6:-2] == [
        "TOOL_CALL_RESULT",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
    ]


async def test_join_is_given_every_result_under_the_id_of_its_call():
    model = ScriptedModel(asks(WRITE, DRAW), said("Waves"), said("A fox"), said("Both."))
    await events_of(ask(model, "Poem and picture"))
    calls, results = model.requests[3].contents[-2:]
    assert calls == {"role": "model", "parts": [WRITE, DRAW], "model": FLASH, "key": "key1"}
    answers = [part["functionResponse"] for part in results["parts"]]
    assert [(one["id"], one["name"], one["response"]) for one in answers] == [
        ("id1", "ask_text_agent", {"output": "Waves"}),
        ("id2", "ask_media_agent", {"output": "A fox"}),
    ]


async def test_a_call_without_id_is_answered_without_id():
    model = ScriptedModel(asks(call("text", task="Write")), said("Words"))
    answer = ask(model)
    await events_of(answer)
    response = answer.contents()[1]["parts"][0]["functionResponse"]
    assert "id" not in response


async def test_a_failed_agent_is_a_subagent_error_and_the_coordinator_goes_on():
    model = ScriptedModel(
        asks(WRITE), [chunk(text("It beg")), GeminiError("blocked")], said("It was refused.")
    )
    answer = ask(model)
    events = await events_of(answer)
    [error] = of_type(events, "SUBAGENT_ERROR")
    assert error["code"] == "blocked"
    assert error["message"] == GeminiError("blocked").message
    assert words(events, "text") == "It beg"
    assert words(events) == "It was refused."
    assert answer.record.outcome == "success"
    result = model.requests[2].contents[-1]["parts"][0]["functionResponse"]["response"]
    assert set(result) == {"error"}


async def test_one_of_two_agents_fails_and_the_other_is_heard():
    model = ScriptedModel(asks(WRITE, DRAW), [GeminiError("blocked")], said("A fox"), said("Half."))
    events = await events_of(ask(model))
    assert len(of_type(events, "SUBAGENT_ERROR")) == len(of_type(events, "SUBAGENT_FINISHED")) == 1
    assert words(events, "media") == "A fox"
    assert words(events) == "Half."


async def test_words_before_a_delegation_are_the_coordinators():
    model = ScriptedModel(
        [chunk(thought("Long.")), chunk(text("I ask. ")), *asks(WRITE)], said("Waves")
    )
    events = await events_of(ask(model))
    assert words(events) == "I ask. "
    assert words(events, "text") == "Waves"


async def test_a_named_agent_that_fails_fails_the_run():
    answer = ask(ScriptedModel([GeminiError("key_blocked")]), "Write", agent="text")
    events = await events_of(answer)
    assert types(events)[-4:-2] == ["SUBAGENT_ERROR", "TOOL_CALL_RESULT"]
    assert events[-1]["code"] == "key_blocked"
    assert answer.record.error.code == "key_blocked"


async def test_an_unknown_function_is_answered_with_an_error_and_nobody_sees_it():
    stray = {"functionCall": {"name": "delete_everything", "args": {}, "id": "id9"}}
    model = ScriptedModel(asks(stray), said("Never mind."))
    events = await events_of(ask(model))
    assert words(events) == "Never mind."
    assert not of_type(events, "TOOL_CALL_START")
    answered = model.requests[1].contents[-1]["parts"][0]["functionResponse"]
    assert answered == {
        "id": "id9",
        "name": "delete_everything",
        "response": {"error": "There is no such function."},
    }


async def test_an_unknown_function_beside_a_known_one_is_joined():
    stray = {"functionCall": {"name": "delete_everything", "args": {}}}
    model = ScriptedModel(asks(stray, WRITE), said("Waves"), said("Done."))
    events = await events_of(ask(model))
    assert words(events) == "Done."
    responses = model.requests[2].contents[-1]["parts"]
    assert [one["functionResponse"]["name"] for one in responses] == [
        "delete_everything",
        "ask_text_agent",
    ]


async def test_last_round_forbids_calls():
    model = ScriptedModel(asks(WRITE, DRAW), said("a"), said("b"), said("Joined."))
    await events_of(ask(model, limits=Limits(rounds=2)))
    assert [one.call_functions for one in model.requests if one.functions] == [True, False]


async def test_a_model_that_never_stops_asking_reaches_the_limit_of_rounds():
    stray = asks({"functionCall": {"name": "more", "args": {}}})
    model = ScriptedModel(*[stray] * 9)
    answer = ask(model, limits=Limits(rounds=2))
    events = await events_of(answer)
    assert events[-1]["code"] == answer.record.error.code == "limit_reached"
    assert len(model.requests) == 2


async def test_a_run_makes_no_more_model_calls_than_it_may():
    model = ScriptedModel(asks(WRITE, DRAW), said("Waves"), said("A fox"), said("Joined."))
    answer = ask(model, limits=Limits(model_calls=2))
    events = await events_of(answer)
    assert len(model.requests) == len(answer.record.calls) == 2
    assert events[-1]["code"] == "limit_reached"
    assert "interrupted" in [event["code"] for event in of_type(events, "SUBAGENT_ERROR")]
    assert events[-1]["usage"][0]["inputTokens"] == 2 * USAGE["promptTokenCount"]


async def test_a_retry_counts_as_a_model_call():
    model = ScriptedModel([GeminiError("overloaded", retry_after_s=0)], said("Hi"))
    events = await events_of(ask(model, limits=Limits(model_calls=1)))
    assert events[-1]["code"] == "limit_reached"
    assert len(model.requests) == 1


async def test_a_fault_of_ours_is_internal_and_its_text_is_nowhere(caplog):
    class Broken(ScriptedModel):
        async def stream(self, request):
            raise RuntimeError(f"with {request.api_key}")
            yield []

    answer = ask(Broken())
    events = await events_of(answer)
    assert events[-1]["code"] == "internal"
    assert "AIza" not in caplog.text + json.dumps(events)
    assert "RuntimeError" in caplog.text


async def test_the_ledger_has_a_line_for_each_call():
    model = ScriptedModel(asks(WRITE), [GeminiError("blocked")], said("Sorry."))
    answer = ask(model)
    await events_of(answer)
    lines = [(call.agent, call.outcome, call.usage.input) for call in answer.record.calls]
    assert lines == [("coordinator", "ok", 10), ("text", "blocked", 0), ("coordinator", "ok", 10)]
