"""The team in front of a scripted model: how the core's tests ask it and what they see."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from agents.core.agent import Agent
from agents.core.agui import AguiStream
from agents.core.context import RunContext, RunRecord
from agents.core.coordinator import Coordinator
from agents.core.emitter import Emitter
from agents.core.engine import Answer, generate_streaming_response
from agents.core.errors import RunError
from agents.core.request import RunRequest
from gemini import catalogue
from gemini.addresses import as_part
from gemini.errors import GeminiError
from gemini.failover import Allowance, Budget, Keys
from gemini.keys import Key
from gemini.outputs import Media, Saved
from gemini.redaction import Redactor
from gemini.types import FileRef, Part
from tests.agui_rules import assert_valid_stream
from tests.core.scripted import ScriptedModel, chunk, text

Event = dict[str, Any]
Chunk = dict[str, Any]

KEY = "AIzaThisKeyIsSecret000000000000000000000"
USED_UP = "Today's 50 tokens of this key are used up. It can be used again tomorrow."
USAGE = {"promptTokenCount": 10, "candidatesTokenCount": 4, "totalTokenCount": 14}


class Shelf:
    """Keeps what agents made and users sent, as a server's storage would.

    Args:
        room: how many files it takes; the next one finds no place.

    Attributes:
        kept: all that was saved, in order.
        brought: the id of each file that went into a request, and of the key it went with.
        forgotten: the ids of keys whose files Google did not know any more.
    """

    def __init__(self, *uploads: Media, room: int = 100) -> None:
        self.kept: list[Media] = []
        self.brought: list[tuple[str, str]] = []
        self.forgotten: list[str] = []
        self._uploads = uploads
        self._room = room

    async def save(self, media: Media) -> Saved:
        if len(self.kept) >= self._room:
            raise RunError("storage_full")
        self.kept.append(media)
        return Saved(media.id, f"/api/files/{media.id}/", media.mime_type, media.name)

    async def data(self, artifact: dict[str, Any], key: Key, *, inline: bool) -> Any:
        if "address" in artifact:
            return as_part(artifact)
        self.brought.append((artifact["id"], key.id))
        files = {media.id: media for media in (*self._uploads, *self.kept)}
        media = files.get(artifact["id"])
        return as_inline(media.mime_type, media.data) if media else None

    async def forget(self, key: Key) -> None:
        self.forgotten.append(key.id)


def as_inline(mime_type: str, data: bytes) -> dict[str, Any]:
    """A part that holds these bytes."""
    return {"inlineData": {"mimeType": mime_type, "data": base64.b64encode(data).decode()}}


def attached(media: Media) -> FileRef:
    """An upload as contents name it."""
    known = {"id": media.id, "mimeType": media.mime_type, "name": media.name}
    return FileRef(**known, size=len(media.data))


def kept_as(media: Media) -> Part:
    """The part that stands for a file in what is kept."""
    return {"artifact": attached(media)}


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


def resting_on(
    reply: list[Chunk], grounding: Chunk | None = None, pages: Chunk | None = None
) -> list[Chunk]:
    """The same reply, with what it was based on: search results, pages by their status."""
    candidate = reply[-1]["candidates"][0]
    if grounding is not None:
        candidate["groundingMetadata"] = grounding
    if pages is not None:
        read = [
            {"retrievedUrl": uri, "urlRetrievalStatus": f"URL_RETRIEVAL_STATUS_{status}"}
            for uri, status in pages.items()
        ]
        candidate["urlContextMetadata"] = {"urlMetadata": read}
    return reply


def support(text: str, words: str, *sources: int) -> Chunk:
    """Gemini's note that these words of a text rest on these sources; it counts bytes."""
    before = text[: text.index(words)].encode()
    segment = {"startIndex": len(before), "endIndex": len(before + words.encode()), "text": words}
    return {"segment": segment, "groundingChunkIndices": list(sources)}


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


def ask(
    gemini: Any,
    prompt: str = "Hello",
    *,
    shelf: Shelf | None = None,
    api_key: str | Key | None = None,
    spare_keys: Sequence[Key] = (),
    budget: Budget | None = None,
    **options: Any,
) -> Answer:
    """The team's answer, not begun; ``options`` are fields of its request and its context."""
    request, context = _run(gemini, prompt, shelf or Shelf(), options)
    context.keys = Keys(*spare_keys, budget=budget)
    key = api_key or Key("key1", "work", KEY)
    return generate_streaming_response(api_key=key, request=request, context=context)


def _run(
    gemini: Any, prompt: str, shelf: Shelf, options: dict[str, Any]
) -> tuple[RunRequest, RunContext]:
    of_context = {field.name for field in fields(RunContext)}
    brought = {name: options.pop(name) for name in of_context & options.keys()}
    for name in ("attachments", "history"):
        brought[name] = tuple(brought.get(name, ()))
    ids = {"thread_id": "thread1", "run_id": "run1"}
    request = RunRequest(text=prompt, **{**ids, **options})
    return request, RunContext(client=gemini, **{"save": shelf.save, "files": shelf, **brought})


async def events_of_team(
    team: Sequence[Agent], gemini: Any, prompt: str = "Hello", **options: Any
) -> tuple[list[Event], RunRecord]:
    """The events of a team of one's own, and the record of its run."""
    request, context = _run(gemini, prompt, Shelf(), {"tools": (), **options})
    request = request.with_defaults(
        model=catalogue.DEFAULT_MODEL, tools=(), thinking="auto", voice=""
    )
    context.keys = Keys(Key("key1", "work", KEY))
    stream, events, record = AguiStream("thread1", "run1"), list[Event](), context.record
    emitter = Emitter(stream, Redactor(), events.append)
    emitter.send(stream.start())
    try:
        await Coordinator(team, request, context, emitter).run()
    except GeminiError as error:
        events += stream.fail(error, record.usage())
    else:
        events += stream.finish("success", record.usage(), record.truncated)
    assert_valid_stream(events)
    return events, record


async def events_of(
    answer: Answer, when: Callable[[Event], object] = lambda event: None
) -> list[Event]:
    """All events of an answer; ``when`` sees each as it comes. They keep every rule."""
    events: list[Event] = []

    def publish(event: Event) -> None:
        events.append(event)
        when(event)

    publish(await answer.run(publish))
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

    def publish(event: Event) -> None:
        events.append(event)
        if stop(events):
            reached.set()

    task = asyncio.create_task(answer.run(publish))
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
