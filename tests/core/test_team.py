"""How the coordinator leads: what it is told of its team, and of what went wrong there."""

from __future__ import annotations

import asyncio

import pytest

from agents.core.agent import COORDINATOR
from agents.core.context import Limits
from agents.core.coordinator import SYSTEM
from agents.core.errors import RunError
from gemini import prices
from gemini.errors import GeminiError
from tests.core.exchanges import DRAW, FLASH, LITE, WRITE, answered, model, user
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import (
    USAGE,
    USED_UP,
    Allowed,
    Shelf,
    as_inline,
    ask,
    asks,
    call,
    events_of,
    of_type,
    said,
    types,
    words,
)

DESCRIBE = call("media", task="A fox", reason="It sees", output="text")
TOGETHER = asks(WRITE, DESCRIBE)


@pytest.fixture(autouse=True)
def prices_of_no_year():
    prices.override({FLASH: {"input": 1, "output": 5}})
    yield
    prices.override({})


def the_coordinators(scripted):
    """Its requests; those of the agents have no functions here."""
    return [request for request in scripted.requests if request.functions]


async def test_its_team_is_offered_in_every_round():
    scripted = ScriptedModel(
        TOGETHER, said("Waves"), said("A fox"), TOGETHER, said("More"), said("Again"), said("So.")
    )
    await events_of(ask(scripted, "Both, please"))
    rounds = the_coordinators(scripted)
    names = [[function.name for function in request.functions] for request in rounds]
    assert names == [["ask_text_agent", "ask_media_agent"]] * 3
    assert [request.call_functions for request in rounds] == [True, True, False]
    assert [request.system for request in rounds] == [SYSTEM] * 3
    assert "Never pretend to be a member of your team" in SYSTEM


async def test_its_functions_say_what_each_agent_wants_and_is_for():
    scripted = ScriptedModel(said("Hello"))
    await events_of(ask(scripted))
    writes, draws = scripted.requests[0].functions
    assert set(writes.parameters["properties"]) == {"task", "reason"}
    media = {"output", "aspect_ratio", "image_size", "speakers", "style"}
    assert set(draws.parameters["properties"]) == {"task", "reason", *media}
    assert writes.parameters["required"] == draws.parameters["required"] == ["task", "reason"]
    assert "searches the web" in writes.description


async def test_a_lighter_model_leads_and_the_agents_keep_the_users():
    scripted = ScriptedModel(TOGETHER, said("Waves"), said("A fox"), said("Both."))
    answer = ask(scripted, "Both", model="gemini-3-pro", coordinator_model="gemini-3-flash-lite")
    await events_of(answer)
    pro = "gemini-3.1-pro-preview"
    assert [request.model for request in scripted.requests] == [LITE, pro, pro, LITE]
    spoken = [content for content in answer.contents() if content["role"] == "model"]
    assert [(one["model"], one.get("agent")) for one in spoken] == [
        *((LITE, None), (LITE, None), (pro, "text"), (pro, "media")),
    ]


async def test_the_answer_of_one_agent_is_kept_as_said_by_the_model_that_led():
    """So the next turn finds the coordinator's part whole, and sends it exactly."""
    first = ScriptedModel(asks(WRITE), said("Waves"))
    lite = {"coordinator_model": "gemini-3-flash-lite"}
    answer = ask(first, "A poem", **lite)
    await events_of(answer)
    again = ScriptedModel(said("Thanks."))
    await events_of(ask(again, "Nice", history=[(user("A poem"), *answer.contents())], **lite))
    assert again.requests[0].contents == (
        user("A poem"),
        model(WRITE, by=LITE),
        answered(text="Waves"),
        model("Waves", by=LITE),
        user("Nice"),
    )


# what went wrong


@pytest.mark.parametrize(
    ("reply", "code", "limits"),
    [
        ([GeminiError("key_blocked")], "key_blocked", {}),
        (said("Once", finish="SAFETY"), "blocked", {}),
        ([{"promptFeedback": {"blockReason": "SAFETY"}}], "blocked", {}),
        ([chunk(text("Once"))], "truncated", {}),
        ([chunk(text("Once")), asyncio.Event()], "timeout", {"agent_s": 0.02}),
        ([GeminiError("quota", retry_after_s=99)], "quota", {}),
        (said("Once", finish="MALFORMED_FUNCTION_CALL"), "upstream_error", {}),
        (asks(as_inline("image/png", b"fox")), "storage_full", {}),
    ],
)
async def test_an_agent_that_fails_is_told_and_the_others_are_joined(reply, code, limits):
    scripted = ScriptedModel(TOGETHER, reply, said("A fox"), said("Only the fox."))
    answer = ask(scripted, "Both", shelf=Shelf(room=0), limits=Limits(**limits))
    events = await events_of(answer)
    [error], [whole] = of_type(events, "SUBAGENT_ERROR"), of_type(events, "SUBAGENT_FINISHED")
    assert error["code"] == code
    assert error["subagentRunId"] != whole["subagentRunId"]
    assert words(events) == "Only the fox."
    assert answer.record.outcome == "success"
    joined = the_coordinators(scripted)[-1].contents[-1]
    failed, done = [part["functionResponse"]["response"] for part in joined["parts"]]
    assert failed == {"error": f"The text agent failed: {code}. {error['message']}"}
    assert done == {"output": "A fox"}


async def test_an_agent_that_failed_leaves_nothing_of_its_own_to_the_next_turn():
    scripted = ScriptedModel(TOGETHER, [GeminiError("blocked")], said("A fox"), said("Half."))
    answer = ask(scripted, "Both")
    await events_of(answer)
    assert {content.get("agent") for content in answer.contents()} == {None, "media"}


async def test_an_agents_time_is_its_own():
    """One that takes too long does not take the time of the one beside it."""
    scripted = ScriptedModel(
        TOGETHER, [chunk(text("Once")), asyncio.Event()], said("A fox"), said("Half.")
    )
    events = await events_of(ask(scripted, "Both", limits=Limits(agent_s=0.02)))
    assert words(events, "media") == "A fox"
    assert scripted.closed == 4


async def test_a_named_agent_that_takes_too_long_ends_the_run():
    scripted = ScriptedModel([chunk(text("Once")), asyncio.Event()])
    answer = ask(scripted, "Write", agent="text", limits=Limits(agent_s=0.02))
    events = await events_of(answer)
    assert (words(events, "text"), answer.record.error.code) == ("Once", "timeout")
    assert answer.contents() == [{"role": "model", "parts": [{"text": "Once"}]}]


async def test_advice_goes_with_the_failure_of_an_agent_and_of_the_run():
    late = GeminiError("quota", retry_after_s=37)
    scripted = ScriptedModel(asks(WRITE), [late], said("Later."))
    events = await events_of(ask(scripted, model="gemini-3-pro"))
    advice = {"retryAfter": 37, "tryModel": "gemini-3-flash"}
    assert of_type(events, "SUBAGENT_ERROR")[0]["metadata"] == advice
    events = await events_of(ask(ScriptedModel([late]), model="gemini-3-pro"))
    assert events[-1]["metadata"] == advice
    events = await events_of(ask(ScriptedModel([late]), model="gemini-3-flash-lite"))
    assert events[-1]["metadata"] == {"retryAfter": 37}


# the end of the means


async def test_a_model_that_always_asks_again_ends_at_the_limit_of_calls_and_its_cost_is_told():
    scripted = ScriptedModel(*[TOGETHER, said("a"), said("b")] * 9)
    answer = ask(scripted, "Go on", limits=Limits(model_calls=5, rounds=9))
    events = await events_of(answer)
    assert (events[-1]["code"], answer.record.outcome) == ("limit_reached", "error")
    assert len(scripted.requests) == 5
    line = {"model": FLASH, "totalTokens": 14, "price": "0.00003"}
    agents = [COORDINATOR, "text", "media", COORDINATOR, "text"]
    assert events[-2] == {
        "type": "CUSTOM",
        "name": "usage",
        "value": {
            "key": {"id": "key1", "name": "work"},
            "calls": [{"agent": agent, **line} for agent in agents],
        },
    }
    assert events[-1]["usage"][0]["totalTokens"] == 5 * USAGE["totalTokenCount"]


async def test_a_model_that_always_asks_again_ends_at_the_limit_of_rounds():
    scripted = ScriptedModel(*[TOGETHER, said("a"), said("b")] * 9)
    events = await events_of(ask(scripted, "Go on"))
    assert events[-1]["code"] == "limit_reached"
    assert [request.call_functions for request in the_coordinators(scripted)] == [True, True, False]


async def test_a_budget_that_ends_in_an_agent_ends_the_run():
    usage = USAGE | {"candidatesTokenCount": 90}
    scripted = ScriptedModel(
        TOGETHER, [chunk(text("It was"), usageMetadata=usage), *said(".")], said("A fox")
    )
    answer = ask(scripted, "Both", budget=Allowed(50))
    events = await events_of(answer)
    assert events[-1]["code"] == "budget"
    assert events[-1]["message"] == USED_UP
    assert "SUBAGENT_ERROR" in types(events)
    assert len(the_coordinators(scripted)) == 1


async def test_the_limit_of_rounds_of_an_agent_is_its_own_failure():
    """The run has calls left, so the coordinator goes on."""
    scripted = ScriptedModel(asks(WRITE), [RunError("limit_reached")], said("In short: waves."))
    answer = ask(scripted, "A poem")
    events = await events_of(answer)
    assert of_type(events, "SUBAGENT_ERROR")[0]["code"] == "limit_reached"
    assert (words(events), answer.record.outcome) == ("In short: waves.", "success")


async def test_a_picture_that_an_agent_made_is_told_to_the_join_by_name_alone():
    drawn = [chunk(text("Here:"), as_inline("image/png", b"fox"), finish="STOP")]
    scripted = ScriptedModel(asks(WRITE, DRAW), said("Waves"), drawn, said("Both."))
    await events_of(ask(scripted, "Both"))
    results = the_coordinators(scripted)[-1].contents[-1]
    assert results == answered(text="Waves", media="Here:\n[File: image, image/png]")
