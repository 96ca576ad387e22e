"""What runs can look like: answers of the coordinator, of its agents, and those that were stopped.

Each makes the events of one run; ``test_streams.py`` holds them against the golden streams.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable

from gemini.errors import GeminiError
from gemini.keys import Key
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import (
    USAGE,
    Allowed,
    Event,
    as_inline,
    ask,
    asks,
    call,
    events_of,
    events_until_cancelled,
    said,
    thought,
)

Kind = Callable[[], Awaitable[list[Event]]]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)


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
        [chunk(text("Here it is.")), told, *asks(as_inline("image/png", PIXEL))],
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
        [chunk(text("I begin")), GeminiError("overloaded")],
        said("The picture could not be made just now."),
    )
    return await events_of(ask(model, "Draw it"))


async def image() -> list[Event]:
    reply = [chunk(text("A red dot:")), *asks(as_inline("image/png", PIXEL))]
    return await events_of(ask(ScriptedModel(reply), "a red dot", agent="media"))


async def speech() -> list[Event]:
    pcm = bytes(480)
    mime_type = "audio/L16;codec=pcm;rate=24000"
    model = ScriptedModel(
        asks(call("media", task="Say hello", reason="Spoken words", output="speech")),
        [chunk(as_inline(mime_type, pcm)), *asks(as_inline(mime_type, pcm))],
    )
    return await events_of(ask(model, "Read this aloud"))


async def truncated() -> list[Event]:
    return await events_of(ask(ScriptedModel(said("And then", " he", finish="MAX_TOKENS"))))


async def blocked() -> list[Event]:
    usage = {"promptTokenCount": 10, "totalTokenCount": 10}
    reply = [{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage}]
    return await events_of(ask(ScriptedModel(reply)))


async def error_midstream() -> list[Event]:
    error = GeminiError("quota", retry_after_s=7)
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
    model = ScriptedModel([GeminiError("quota", retry_after_s=7)], said("Hello, ", "Alice."))
    return await events_of(ask(model, spare_keys=(spare,)))


async def budget_used_up() -> list[Event]:
    usage = USAGE | {"candidatesTokenCount": 90}
    reply = [chunk(text("It was a ")), chunk(text("dark and"), usageMetadata=usage), *said(".")]
    return await events_of(ask(ScriptedModel(reply), budget=Allowed(50)))


def _says(delta: str) -> Callable[[list[Event]], bool]:
    return lambda events: events[-1].get("delta") == delta


PLAIN: list[Kind] = [
    *(plain, thinking, delegation_text, delegation_parallel, delegation_failed, image, speech),
    *(truncated, blocked, error_midstream, cancelled, cancelled_in_delegation, key_switched),
    budget_used_up,
]
