"""The team in front of a scripted model: how the core's tests ask it and what they see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from agents.core.engine import Answer, generate_streaming_response
from agents.core.keys import Allowance, Key
from agents.core.outputs import Media, Saved
from agents.core.testing import ScriptedModel, chunk, text
from tests.agui_rules import assert_valid_stream

Event = dict[str, Any]
Chunk = dict[str, Any]

KEY = "AIzaThisKeyIsSecret000000000000000000000"
USED_UP = "Today's 50 tokens of this key are used up. It can be used again tomorrow."
USAGE = {"promptTokenCount": 10, "candidatesTokenCount": 4, "totalTokenCount": 14}


class Shelf:
    """Keeps what agents made, as a server's storage would."""

    def __init__(self) -> None:
        self.kept: list[Media] = []

    async def save(self, media: Media) -> Saved:
        self.kept.append(media)
        id_ = f"artifact{len(self.kept)}"
        return Saved(id_, f"/api/files/{id_}/", media.mime_type, media.name)


class Allowed:
    """A budget that leaves these tokens, or dollars, before the first call; it spends nothing."""

    def __init__(self, tokens: int | None = None, usd: str | None = None) -> None:
        lefts = {"tokens": tokens, "usd": usd}
        self.lefts = {unit: Decimal(left) for unit, left in lefts.items() if left is not None}
        self.asked: list[tuple[str, str, UUID | None]] = []

    async def allowances(self, key: Key, model: str, call_id: UUID | None) -> tuple[Allowance, ...]:
        self.asked.append((key.id, model, call_id))
        return tuple(Allowance(unit, left, USED_UP) for unit, left in self.lefts.items())


def said(*words: str, finish: str = "STOP", **extra: Any) -> list[Chunk]:
    """A reply that says these words, one chunk each."""
    *first, last = words
    ending = {"usageMetadata": USAGE} | extra
    return [*(chunk(text(word)) for word in first), chunk(text(last), finish=finish, **ending)]


def thought(words: str) -> dict[str, Any]:
    return {"text": words, "thought": True}


def call(name: str, call_id: str = "", signature: str = "", **args: Any) -> dict[str, Any]:
    """A part that calls a function of the coordinator: ``call("text", task="...")``."""
    body: dict[str, Any] = {"name": f"ask_{name}_agent", "args": args}
    if call_id:
        body["id"] = call_id
    return {"functionCall": body} | ({"thoughtSignature": signature} if signature else {})


def asks(*parts: dict[str, Any]) -> list[Chunk]:
    """A coordinator's reply that calls these functions."""
    return [chunk(*parts, finish="STOP", usageMetadata=USAGE)]


def ask(model: Any, prompt: str = "Hello", **turn: Any) -> Answer:
    """The team's answer, not begun."""
    ids = {"thread_id": "thread1", "run_id": "run1"}
    turn = {"api_key": Key("key1", "work", KEY), "save": Shelf().save, **ids, **turn}
    return generate_streaming_response(prompt=prompt, gemini=model, **turn)


async def events_of(
    answer: Answer, when: Callable[[Event], object] = lambda event: None
) -> list[Event]:
    """All events of an answer; ``when`` sees each as it comes. They keep every rule."""
    events: list[Event] = []
    async for event in answer:
        events.append(event)
        when(event)
    assert_valid_stream(events)
    return events


async def events_until_cancelled(
    answer: Answer, stop: Callable[[list[Event]], bool]
) -> list[Event]:
    """What a follower sees of a run that is stopped when ``stop`` says so, as the server does it.

    The run is a task; it is cancelled where it then stands, and the answer says how it ends.
    """
    events: list[Event] = []
    reached = asyncio.Event()

    async def run() -> None:
        async for event in answer:
            events.append(event)
            if stop(events):
                reached.set()

    task = asyncio.create_task(run())
    async with asyncio.timeout(5):
        await reached.wait()
        await rest()
        task.cancel()
        await asyncio.wait({task})
    assert task.cancelled(), "the run was to be stopped while it worked"
    assert_valid_stream(events, complete=False)
    events += answer.cancel()
    assert_valid_stream(events)
    return events


async def rest() -> None:
    """Let every task come to where it waits."""
    for _ in range(20):
        await asyncio.sleep(0)


def types(events: Iterable[Event]) -> list[str]:
    return [event["type"] for event in events]


def of_type(events: Iterable[Event], *kinds: str) -> list[Event]:
    return [event for event in events if event["type"] in kinds]


def words(events: Iterable[Event], subagent: str | None = None) -> str:
    """What was said, by the coordinator or by the subagent of that name."""
    events = list(events)
    names = {e["subagentRunId"]: e["name"] for e in of_type(events, "SUBAGENT_STARTED")}
    deltas = of_type(events, "TEXT_MESSAGE_CONTENT")
    return "".join(
        event["delta"] for event in deltas if names.get(event.get("subagentRunId", "")) == subagent
    )


def prompt_of(model: ScriptedModel, number: int) -> list[str]:
    """The texts of the last content that request ``number`` sent."""
    return [part["text"] for part in model.requests[number].contents[-1]["parts"]]
