"""An agent that is added to the team answers like the others, with tools of its own."""

from __future__ import annotations

import asyncio
import json

import pytest

from agents.core import team
from agents.core.agent import RESULT_CHARS, Tool
from agents.core.context import Limits
from agents.core.errors import RunError
from gemini.types import FileRef
from tests.core.exchanges import FLASH, answered, model, user
from tests.core.runs_with_tools import WeatherAgent, looks_up
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import asks, call, events_of_team, of_type, prompt_of, said, words

TEAM = [*team.TEAM, WeatherAgent()]
ASKS = call("weather", task="Paris?", reason="It knows")
WARM = {"functionResponse": {"name": "look_up", "response": {"output": "21 °C in Paris"}}}
REFUSED = "The tool failed. Check its arguments, or do without it."


def with_tool(run, name="look_up"):
    class WithTool(WeatherAgent):
        tools = (Tool(name, "Looks up.", {"type": "object"}, run), "search")

    return WithTool()


def tools_used(events):
    told = of_type(events, "ACTIVITY_SNAPSHOT")
    return [one["content"] for one in told if one["activityType"] == "tool"]


def test_every_agent_of_the_team_says_what_it_is():
    for agent in TEAM:
        assert agent.name == agent.name.lower()
        assert agent.name.isalpha()
        assert agent.label
        assert agent.description.endswith(".")
        assert isinstance(agent.outputs, tuple)
    assert team.NAMES == ("text", "media")


async def test_it_is_among_the_functions_and_answers_through_delegation():
    scripted = ScriptedModel(asks(ASKS), said("It is warm."))
    events, record = await events_of_team(TEAM, scripted, "How is Paris?")
    assert [function.name for function in scripted.requests[0].functions] == [
        *("ask_text_agent", "ask_media_agent", "ask_weather_agent"),
    ]
    assert scripted.requests[0].functions[2].description == "Knows the weather."
    assert words(events, "weather") == "It is warm."
    assert [(line.agent, line.outcome) for line in record.calls] == [
        ("coordinator", "ok"),
        ("weather", "ok"),
    ]
    assert record.contents == [
        model(ASKS, by=FLASH),
        answered(weather="It is warm."),
        model("It is warm.", by=FLASH),
    ]
    assert record.made == [
        user("How is Paris?", "Paris?", agent="weather"),
        model("It is warm.", by=FLASH, agent="weather"),
    ]


async def test_it_answers_when_it_is_chosen():
    scripted = ScriptedModel(said("It is warm."))
    events, _ = await events_of_team(TEAM, scripted, "Paris?", agent="weather")
    assert words(events, "weather") == "It is warm."
    assert prompt_of(scripted, 0) == ["Paris?"]
    assert scripted.requests[0].system == "You know the weather."


async def test_files_that_it_takes_go_to_it():
    class Ears(WeatherAgent):
        takes = frozenset({"audio"})

    song = FileRef(id="song", mimeType="audio/mpeg", name="song.mp3", size=4)
    scripted = ScriptedModel(said("Rain."))
    events, _ = await events_of_team([Ears()], scripted, "What is it?", attachments=(song,))
    assert words(events, "weather") == "Rain."


async def test_its_tools_are_used_and_their_results_go_back_with_what_it_said():
    calls = asks({**looks_up("Paris", id="id1"), "thoughtSignature": "c2ln"})
    scripted = ScriptedModel([chunk(text("I look. ")), *calls], said("21 °C."))
    events, record = await events_of_team(TEAM, scripted, "Paris?", agent="weather")
    first, second = scripted.requests
    assert [function.name for function in first.functions] == ["look_up"]
    assert [request.call_functions for request in scripted.requests] == [True, True]
    response = {"id": "id1", **WARM["functionResponse"]}
    said_first = model(
        "I look. ", {**looks_up("Paris", id="id1"), "thoughtSignature": "c2ln"}, by=FLASH
    )
    result = {"role": "user", "parts": [{"functionResponse": response}]}
    assert second.contents == (user("Paris?"), said_first, result)
    assert tools_used(events) == [
        {"name": "look_up", "arguments": {"city": "Paris"}, "result": "21 °C in Paris"}
    ]
    assert record.made == [
        {**content, "agent": "weather"}
        for content in (user("Paris?"), said_first, result, model("21 °C.", by=FLASH))
    ]


async def test_calls_that_come_together_are_answered_together_in_order():
    scripted = ScriptedModel(asks(looks_up("Paris"), looks_up("Rome")), said("Warm."))
    await events_of_team(TEAM, scripted, "Both?", agent="weather")
    results = scripted.requests[1].contents[-1]
    assert [part["functionResponse"]["response"] for part in results["parts"]] == [
        {"output": "21 °C in Paris"},
        {"output": "21 °C in Rome"},
    ]


async def test_googles_tools_go_with_those_of_an_agents_own_as_the_user_wants():
    async def run(city):
        return city

    for wanted, sent in (((), ()), (("search", "code"), ("search",))):
        scripted = ScriptedModel(said("Well."))
        await events_of_team([with_tool(run)], scripted, "Hi", agent="weather", tools=wanted)
        assert scripted.requests[0].tools == sent


@pytest.mark.parametrize(
    ("part", "arguments"),
    [
        (looks_up("Atlantis"), {"city": "Atlantis"}),
        ({"functionCall": {"name": "look_up", "args": {"town": "secret"}}}, {"town": "secret"}),
        ({"functionCall": {"name": "look_up"}}, {}),
    ],
)
async def test_a_tool_that_fails_is_told_without_its_words(part, arguments, caplog):
    scripted = ScriptedModel(asks(part), said("I do not know."))
    events, _ = await events_of_team(TEAM, scripted, "Where?", agent="weather")
    assert tools_used(events) == [{"name": "look_up", "arguments": arguments, "error": REFUSED}]
    [answer] = scripted.requests[1].contents[-1]["parts"]
    assert answer["functionResponse"]["response"] == {"error": REFUSED}
    assert words(events, "weather") == "I do not know."
    assert "Atlantis" not in caplog.text
    assert "secret" not in caplog.text
    assert "The tool look_up failed: " in caplog.text


async def test_what_a_tool_raises_stays_with_the_server(caplog):
    async def run(city):
        raise RuntimeError("password=hunter2")

    scripted = ScriptedModel(asks(looks_up("Paris")), said("No."))
    events, record = await events_of_team([with_tool(run)], scripted, "Paris?", agent="weather")
    everywhere = json.dumps([events, record.made, record.contents]) + caplog.text
    assert "hunter2" not in everywhere + str(scripted.requests)
    assert "RuntimeError" in caplog.text


async def test_a_function_that_it_does_not_have_is_answered_with_an_error():
    stray = {"functionCall": {"name": "delete", "args": {}}}
    scripted = ScriptedModel(asks(stray), said("No."))
    events, _ = await events_of_team(TEAM, scripted, "Paris?", agent="weather")
    error = "There is no such function."
    assert tools_used(events) == [{"name": "delete", "arguments": {}, "error": error}]


async def test_a_long_result_is_cut():
    async def run(city):
        return city * 99_999

    scripted = ScriptedModel(asks(looks_up("x")), said("Long."))
    events, _ = await events_of_team([with_tool(run)], scripted, "x", agent="weather")
    assert len(tools_used(events)[0]["result"]) == RESULT_CHARS


async def test_a_tool_that_takes_too_long_is_the_agents_timeout():
    async def run(city):
        await asyncio.Event().wait()

    scripted = ScriptedModel(asks(ASKS), asks(looks_up("Paris")), said("Not today."))
    events, _ = await events_of_team(
        [with_tool(run)], scripted, "Paris?", limits=Limits(agent_s=0.02)
    )
    [error] = of_type(events, "SUBAGENT_ERROR")
    assert (error["code"], words(events)) == ("timeout", "Not today.")


async def test_a_model_that_only_uses_tools_reaches_the_agents_limit_and_the_run_goes_on():
    scripted = ScriptedModel(asks(ASKS), *[asks(looks_up("Paris"))] * 3, said("Never mind."))
    events, _ = await events_of_team(TEAM, scripted, "Paris?")
    [error] = of_type(events, "SUBAGENT_ERROR")
    assert (error["code"], words(events)) == ("limit_reached", "Never mind.")
    own = [request for request in scripted.requests if request.system == "You know the weather."]
    assert [request.call_functions for request in own] == [True, True, False]
    assert len(tools_used(events)) == 2


async def test_its_own_part_goes_back_to_its_model_and_words_to_another():
    scripted = ScriptedModel(asks(looks_up("Paris")), said("21 °C."))
    _, record = await events_of_team(TEAM, scripted, "Paris?", agent="weather")
    before = (user("Paris?"), *record.contents, *record.made)
    again = ScriptedModel(said("Yes."))
    await events_of_team(TEAM, again, "Sure?", agent="weather", history=(before,))
    assert again.requests[0].contents == (*record.made, user("Sure?"))
    other = ScriptedModel(said("Yes."))
    await events_of_team(TEAM, other, "Sure?", agent="text", history=(before,))
    assert other.requests[0].contents == (user("Paris?"), model("21 °C."), user("Sure?"))


async def test_an_agent_that_cannot_do_it_says_so_with_a_code():
    class Closed(WeatherAgent):
        async def run(self, task):
            raise RunError("no_video")

    scripted = ScriptedModel(asks(ASKS), said("No film."))
    events, _ = await events_of_team([Closed()], scripted, "A film?")
    assert of_type(events, "SUBAGENT_ERROR")[0]["code"] == "no_video"
    assert words(events) == "No film."


async def test_an_agent_that_was_cancelled_from_inside_leaves_no_answer_that_looks_whole():
    class Cancelled(WeatherAgent):
        async def run(self, task):
            raise asyncio.CancelledError  # as a library's future that it gave up

    scripted = ScriptedModel(asks(ASKS), said("Fine."))
    events, _ = await events_of_team([Cancelled()], scripted, "How warm is it in Paris?")
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "internal")
