"""What runs can look like with tools: search, pages, code, and functions of an agent's own."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from agents.core.agent import Agent, Task, Tool
from tests.core.runs import PIXEL, Kind
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import (
    Event,
    as_inline,
    ask,
    asks,
    call,
    events_of,
    events_of_team,
    resting_on,
    said,
    support,
)

PARIS = {"web": {"uri": "https://example.org/paris", "title": "example.org"}}
FOXES = {"web": {"uri": "https://example.org/foxes", "title": "Foxes"}}
CODE = {"executableCode": {"language": "PYTHON", "code": "print(6 * 7)"}}
RAN = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n"}}
SHOWN = {"renderedContent": '<div class="chip">foxes in towns</div>'}


async def code() -> list[Event]:
    reply = [chunk(text("I compute.")), chunk(CODE), chunk(RAN), *said("It is 42.")]
    return await events_of(ask(ScriptedModel(reply), "compute 6 * 7", agent="text"))


async def code_with_a_plot() -> list[Event]:
    reply = [chunk(CODE), chunk(RAN, as_inline("image/png", PIXEL)), *said("The plot shows it.")]
    return await events_of(ask(ScriptedModel(reply), "plot 6 * 7", agent="text"))


async def code_that_failed() -> list[Event]:
    failed = {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "ZeroDivisionError"}}
    code = {"executableCode": {"language": "PYTHON", "code": "print(1 / 0)"}}
    reply = [chunk(code), chunk(failed), *said("That does not work.")]
    return await events_of(ask(ScriptedModel(reply), "compute 1 / 0", agent="text"))


async def sources() -> list[Event]:
    grounding = {
        "webSearchQueries": ["capital of France"],
        "groundingChunks": [PARIS],
        "groundingSupports": [
            {"segment": {"endIndex": 5, "text": "Paris"}, "groundingChunkIndices": [0]}
        ],
    }
    return await events_of(ask(ScriptedModel(resting_on(said("Paris", "."), grounding))))


async def sources_in_two_messages() -> list[Event]:
    """Code between two texts cuts the answer in two; Gemini counts over both."""
    before, after = "🦊 Foxes dig dens 🏡. ", "They have 42 teeth 🦷, as counted. 👍"
    whole = before + after
    grounding = {
        "webSearchQueries": ["fox dens", "fox teeth"],
        "searchEntryPoint": SHOWN,
        "groundingChunks": [FOXES, PARIS],
        "groundingSupports": [
            support(whole, "Foxes dig dens 🏡.", 0),
            support(whole, "42 teeth 🦷", 0, 1),
        ],
    }
    reply = [chunk(text("🦊 Foxes dig ")), chunk(text("dens 🏡. ")), chunk(CODE), chunk(RAN)]
    reply += resting_on(said("They have 42 ", "teeth 🦷, as counted. 👍"), grounding)
    return await events_of(ask(ScriptedModel(reply), "tell me of foxes", agent="text"))


async def sources_without_address() -> list[Event]:
    """A file that is no page of the web, and one whose owner noted an address."""
    noted = {"customMetadata": [{"key": "url", "stringValue": "https://example.com/paris"}]}
    grounding = {
        "groundingChunks": [
            {"retrievedContext": {"title": "notes.txt"}},
            {"retrievedContext": {"title": "paris.txt", **noted}},
        ],
        "groundingSupports": [support("Paris it is.", "Paris it is.", 0, 1)],
    }
    return await events_of(ask(ScriptedModel(resting_on(said("Paris it is."), grounding))))


async def places() -> list[Event]:
    place = {"uri": "https://maps.google.com/?cid=1", "title": "Café Zoë", "placeId": "places/1"}
    grounding = {
        "groundingChunks": [{"maps": place}],
        "groundingSupports": [support("Try Zoë.", "Zoë", 0)],
    }
    return await events_of(ask(ScriptedModel(resting_on(said("Try Zoë."), grounding))))


async def pages() -> list[Event]:
    """A page that was read, and one that could not be."""
    read = {"https://example.org/a": "SUCCESS", "https://example.org/b": "ERROR"}
    reply = resting_on(said("The first page ", "is about foxes."), {}, read)
    prompt = "compare https://example.org/a and https://example.org/b"
    return await events_of(ask(ScriptedModel(reply), prompt, agent="text"))


async def image_and_search_in_parallel() -> list[Event]:
    begun, told = asyncio.Event(), asyncio.Event()
    whole = "Foxes 🦊 live in towns."
    grounding = {
        "webSearchQueries": ["foxes in towns"],
        "searchEntryPoint": SHOWN,
        "groundingChunks": [FOXES],
        "groundingSupports": [support(whole, "live in towns.", 0)],
    }
    model = ScriptedModel(
        asks(
            call("text", task="Find out where foxes live", reason="A search"),
            call("media", task="Draw a fox", reason="A picture", output="image"),
        ),
        [chunk(text("Foxes 🦊 ")), begun, *resting_on(said("live in towns."), grounding)],
        [chunk(text("A fox:")), told, *asks(as_inline("image/png", PIXEL))],
        said("Facts and a picture."),
    )
    gates = {"A fox:": begun, "live in towns.": told}
    answer = ask(model, "Where do foxes live? Draw one, too.")
    return await events_of(
        answer, lambda e: gates[e["delta"]].set() if e.get("delta") in gates else None
    )


async def delegation_in_pieces() -> list[Event]:
    """A call whose arguments come piece by piece, as Vertex sends them."""
    name = {"name": "ask_text_agent", "willContinue": True}
    task = {"jsonPath": "$.task", "stringValue": "Sea ", "willContinue": True}
    more = {"jsonPath": "$.task", "stringValue": "poem"}
    why = {"jsonPath": "$.reason", "stringValue": "Long"}
    pieces = [name, *({"partialArgs": [one], "willContinue": True} for one in (task, more, why))]
    parts = [{"functionCall": piece} for piece in (*pieces, {})]
    model = ScriptedModel([*map(chunk, parts), *asks()], said("The sea is wide."))
    return await events_of(ask(model, "Write a poem about the sea"))


async def _look_up(city: str) -> str:
    if city == "Atlantis":
        raise LookupError(city)
    return f"21 °C in {city}"


class WeatherAgent(Agent):
    """An agent with a tool of its own, for what no stream of the usual team shows."""

    name = "weather"
    label = "Weather agent"
    description = "Knows the weather."
    tools: ClassVar[tuple[str | Tool, ...]] = (
        Tool("look_up", "The weather in a city.", {"type": "object"}, _look_up),
    )

    async def run(self, task: Task) -> None:
        await task.answer(system="You know the weather.", thoughts=True)


def looks_up(city: str, **more: Any) -> dict[str, Any]:
    return {"functionCall": {"name": "look_up", "args": {"city": city}, **more}}


async def own_tool() -> list[Event]:
    model = ScriptedModel(
        asks(call("weather", task="Weather in Paris and Atlantis", reason="It knows")),
        [chunk(text("I look. ")), *asks(looks_up("Paris"), looks_up("Atlantis"))],
        said("21 °C in Paris."),
    )
    events, _ = await events_of_team([WeatherAgent()], model, "How warm is it in Paris?")
    return events


WITH_TOOLS: list[Kind] = [
    *(code, code_with_a_plot, code_that_failed, sources, sources_in_two_messages, places),
    *(sources_without_address, pages, image_and_search_in_parallel, delegation_in_pieces, own_tool),
]
