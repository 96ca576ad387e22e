"""The golden streams: what each kind of run looks like on the wire, event by event.

The page's tests read the same files. ``UPDATE_STREAMS=1`` writes them anew.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.core import prices
from agents.core.errors import AgentError
from agents.core.keys import Key
from agents.core.testing import ScriptedModel, chunk, text
from tests.agui_rules import assert_valid_stream
from tests.core.team import (
    USAGE,
    Allowed,
    Event,
    ask,
    asks,
    call,
    events_of,
    events_until_cancelled,
    said,
    thought,
)

STREAMS = Path(__file__).parent.parent / "streams"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)


@pytest.fixture(autouse=True)
def prices_of_no_year() -> Iterator[None]:
    """List prices change by themselves with the year; what goes on the wire here does not."""
    models = ("gemini-3.8-flash", "gemini-3.1-flash-tts-preview", "gemini-3.1-flash-image")
    prices.override({model: {"input": 1, "output": 5} for model in models})
    yield
    prices.override({})


def inline(mime_type: str, data: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": mime_type, "data": data}}


async def plain() -> list[Event]:
    return await events_of(ask(ScriptedModel(said("Hello", ", Alice", " 👋."))))


async def thinking() -> list[Event]:
    usage = USAGE | {"thoughtsTokenCount": 20, "cachedContentTokenCount": 6}
    reply = [chunk(thought("Let me ")), chunk(thought("see.")), *said("42", usageMetadata=usage)]
    return await events_of(ask(ScriptedModel(reply)))


async def delegation_text() -> list[Event]:
    model = ScriptedModel(
        [chunk(text("I ask our writer.\n")), *asks(call("text", task="Sea poem", reason="Long"))],
        [chunk(thought("Waves.")), *said("The sea ", "is wide.")],
    )
    return await events_of(ask(model, "Write a poem about the sea"))


async def delegation_parallel() -> list[Event]:
    drawn, told = asyncio.Event(), asyncio.Event()
    model = ScriptedModel(
        asks(
            call("text", task="Tell of a fox", reason="A story"),
            call("media", task="Draw a fox", reason="A picture", output="image"),
        ),
        [chunk(text("Once there ")), drawn, *said("was a fox.")],
        [chunk(text("Here it is.")), told, *asks(inline("image/png", PIXEL))],
        said("A story and a picture ", "of a fox."),
    )
    gates = {"Here it is.": drawn, "was a fox.": told}
    answer = ask(model, "A fox story with a picture")
    return await events_of(answer, lambda e: gates[e["delta"]].set() if _opens(e, gates) else None)


def _opens(event: Event, gates: dict[str, asyncio.Event]) -> bool:
    return event.get("delta") in gates


async def delegation_failed() -> list[Event]:
    model = ScriptedModel(
        asks(call("media", task="Draw it", reason="A picture")),
        [chunk(text("I begin")), AgentError("overloaded")],
        said("The picture could not be made just now."),
    )
    return await events_of(ask(model, "Draw it"))


async def image() -> list[Event]:
    reply = [chunk(text("A red dot:")), *asks(inline("image/png", PIXEL))]
    return await events_of(ask(ScriptedModel(reply), "@media a red dot"))


async def speech() -> list[Event]:
    pcm = base64.b64encode(bytes(480)).decode()
    mime_type = "audio/L16;codec=pcm;rate=24000"
    model = ScriptedModel(
        asks(call("media", task="Say hello", reason="Spoken words", output="speech")),
        [chunk(inline(mime_type, pcm)), *asks(inline(mime_type, pcm))],
    )
    return await events_of(ask(model, "Read this aloud"))


async def code() -> list[Event]:
    reply = [
        chunk(text("I compute.")),
        chunk({"executableCode": {"language": "PYTHON", "code": "print(6 * 7)"}}),
        chunk({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n"}}),
        *said("It is 42."),
    ]
    return await events_of(ask(ScriptedModel(reply), "@text compute 6 * 7"))


async def sources() -> list[Event]:
    metadata = {
        "webSearchQueries": ["capital of France"],
        "groundingChunks": [{"web": {"uri": "https://example.org/paris", "title": "example.org"}}],
        "groundingSupports": [
            {"segment": {"endIndex": 5, "text": "Paris"}, "groundingChunkIndices": [0]}
        ],
    }
    last = chunk(text("."), finish="STOP", usageMetadata=USAGE)
    last["candidates"][0]["groundingMetadata"] = metadata
    return await events_of(ask(ScriptedModel([chunk(text("Paris")), last])))


async def truncated() -> list[Event]:
    return await events_of(ask(ScriptedModel(said("And then", " he", finish="MAX_TOKENS"))))


async def blocked() -> list[Event]:
    usage = {"promptTokenCount": 10, "totalTokenCount": 10}
    reply = [{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage}]
    return await events_of(ask(ScriptedModel(reply)))


async def error_midstream() -> list[Event]:
    error = AgentError("quota", retry_after_s=7)
    reply = [chunk(text("It began"), usageMetadata=USAGE), chunk(text(" well")), error]
    return await events_of(ask(ScriptedModel(reply)))


async def cancelled() -> list[Event]:
    reply = [chunk(text("I was about"), usageMetadata=USAGE), asyncio.Event()]
    return await events_until_cancelled(ask(ScriptedModel(reply)), _says("I was about"))


async def cancelled_in_delegation() -> list[Event]:
    model = ScriptedModel(
        asks(call("text", task="Write", reason="Long")),
        [chunk(thought("Hm.")), chunk(text("Once upon"), usageMetadata=USAGE), asyncio.Event()],
    )
    return await events_until_cancelled(ask(model, "Write"), _says("Once upon"))


async def key_switched() -> list[Event]:
    spare = Key("key2", "private", "AIzaAnotherKeyThatIsSecret00000000000000")
    model = ScriptedModel([AgentError("quota", retry_after_s=7)], said("Hello, ", "Alice."))
    return await events_of(ask(model, spare_keys=(spare,)))


async def budget_used_up() -> list[Event]:
    usage = USAGE | {"candidatesTokenCount": 90}
    reply = [chunk(text("It was a ")), chunk(text("dark and"), usageMetadata=usage), *said(".")]
    return await events_of(ask(ScriptedModel(reply), budget=Allowed(50)))


def _says(delta: str) -> Callable[[list[Event]], bool]:
    return lambda events: events[-1].get("delta") == delta


KINDS: list[Callable[[], Awaitable[list[Event]]]] = [
    *(plain, thinking, delegation_text, delegation_parallel, delegation_failed, image, speech),
    *(code, sources, truncated, blocked, error_midstream, cancelled, cancelled_in_delegation),
    *(key_switched, budget_used_up),
]


def normalised(events: list[Event]) -> list[Event]:
    """The events with ids that are the same each time: m1, call1, sub1."""
    prefixes = {"messageId": "m", "toolCallId": "call", "subagentRunId": "sub"}
    names: dict[str, str] = {}
    counts = dict.fromkeys(prefixes, 0)
    for event in events:
        for field, prefix in prefixes.items():
            if (id_ := event.get(field)) and id_ not in names:
                counts[field] += 1
                names[id_] = f"{prefix}{counts[field]}"
    fields = (*prefixes, "parentToolCallId")
    return [
        {name: names[value] if name in fields else value for name, value in event.items()}
        for event in events
    ]


def _written(events: list[Event]) -> str:
    return json.dumps(events, ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_each_kind_of_run_looks_as_it_always_did(kind):
    file = STREAMS / f"{kind.__name__.replace('_', '-')}.json"
    events = normalised(await kind())
    if os.environ.get("UPDATE_STREAMS"):
        file.write_text(_written(events))
    assert json.loads(file.read_text()) == events


def test_there_is_no_stream_that_nothing_makes():
    kinds = {kind.__name__.replace("_", "-") for kind in KINDS}
    assert {file.stem for file in STREAMS.glob("*.json")} == kinds


@pytest.mark.parametrize("file", sorted(STREAMS.glob("*.json")), ids=lambda file: file.stem)
def test_every_golden_stream_keeps_the_rules_of_agui(file):
    assert_valid_stream(json.loads(file.read_text()))
