"""The frozen work order of one run, and what the run leaves behind."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from agents.core.keys import Keys
from gemini.catalogue import ModelList
from gemini.errors import GeminiError
from gemini.files import Files, NoFiles
from gemini.instructions import Instructions
from gemini.keys import Key
from gemini.media_options import PictureOptions, SpeechOptions
from gemini.outputs import Content, Exchange, Media, Saved
from gemini.request import CallLimits
from gemini.usage import Usage

Save = Callable[[Media], Awaitable[Saved]]
"""Stores what an agent made and tells where it can be fetched; raises ``GeminiError``."""


@dataclass(frozen=True, slots=True)
class Limits(CallLimits):
    """What one run may use; times in seconds.

    Raises from the run: ``limit_reached`` past ``model_calls`` or ``rounds``, ``timeout`` past
    a time. ``agent_s`` ends one agent's work, not the run. ``history_tokens`` caps what is sent
    of earlier exchanges, where the model's window does not; 0 leaves it to the window.
    """

    model_calls: int = 20
    rounds: int = 3
    total_s: float = 600.0
    agent_s: float = 300.0
    history_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with the question; its bytes are fetched when a model is to read them.

    One whose ``place`` has an ``address`` lies elsewhere, and only Google fetches it; of a video
    the place may be a part, from ``startS`` to ``endS`` (seconds).
    """

    id: str
    mime_type: str
    name: str
    size_bytes: int
    place: Mapping[str, Any] = field(default_factory=dict)

    @property
    def part(self) -> dict[str, Any]:
        kept = {"id": self.id, "mimeType": self.mime_type, "name": self.name}
        return {"artifact": {**kept, "size": self.size_bytes, **self.place}}


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything an answer is made from. Nothing in it changes while the answer is made.

    Args:
        model: a name of the catalogue, or an API id that only the key's list has.
            coordinator_model: the same, for the coordinator where it is to work on another one.
        models: the catalogue with what Google lists for the first key.
        keys: in the order they may be used; most turns have one.
        agent: ``auto``, ``direct``, or the name of the agent that is to answer.
        output: what the media agent is to answer with; empty leaves it open.
        history: earlier exchanges, oldest first.
        tools: Google's tools that agents may use, by the catalogue's names.
        thinking: a level of the catalogue; ``auto`` leaves it to the model.
        voice: to speak with, where one voice speaks.
        picture, speech: how they are to be made, where the user chose it.
        instructions: the user's own, for every agent.
    """

    thread_id: str
    run_id: str
    prompt: str
    model: str
    keys: tuple[Key, ...]
    agent: str = "auto"
    output: str = ""
    coordinator_model: str = ""
    attachments: tuple[Attachment, ...] = ()
    history: tuple[Exchange, ...] = ()
    tools: tuple[str, ...] = ()
    thinking: str = "auto"
    voice: str = ""
    instructions: Instructions = field(default_factory=Instructions)
    picture: PictureOptions = field(default_factory=PictureOptions)
    speech: SpeechOptions = field(default_factory=SpeechOptions)
    limits: Limits = field(default_factory=Limits)
    models: ModelList = field(default_factory=ModelList)


@dataclass(slots=True)
class CallRecord:
    """The ledger's line for one model call, filled in while the call goes on.

    Args:
        model: the API's id.
        outcome: ``ok``, ``cancelled`` or a code; empty until the call has ended.
        key: the one it was made with.
        first_ms: until the first words or media of the answer.
        retry_after_s: how long Google asked to wait, if the call failed and it said so.
        message: why it failed, for the user.
    """

    agent: str
    model: str
    usage: Usage = field(default_factory=Usage)
    duration_ms: int = 0
    outcome: str = ""
    key: Key | None = None
    first_ms: int | None = None
    retry_after_s: float | None = None
    message: str = ""
    id: UUID = field(default_factory=uuid4)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def key_id(self) -> str:
        return self.key.id if self.key else ""


def _unheard(call: CallRecord) -> None:
    pass


async def _unsaved(media: Media) -> Saved:
    raise GeminiError("internal")


@dataclass(slots=True)
class Record:
    """What a run leaves behind: its ledger, and what the next turn must send back to Gemini.

    ``note`` is told of each call as it begins, now and then while it goes on, and as it ends.
    ``save`` keeps what agents make, ``files`` brings what they are to read. ``contents`` are the
    coordinator's part, ``made`` that of the other agents. ``refused`` are the files that Google
    cannot use, by id, and why.
    """

    limits: Limits
    keys: Keys = field(default_factory=Keys)
    calls: list[CallRecord] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    made: list[Content] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    truncated: str = ""
    started: float = field(default_factory=time.monotonic)
    note: Callable[[CallRecord], None] = _unheard
    save: Save = _unsaved
    files: Files = field(default_factory=NoFiles)

    def begin_call(self, agent: str, model: str) -> CallRecord:
        """The line of a model call that is about to be made.

        Raises:
            GeminiError: ``limit_reached``.
        """
        if len(self.calls) >= self.limits.model_calls:
            raise GeminiError("limit_reached")
        call = CallRecord(agent, model, key=self.keys.in_use)
        self.calls.append(call)
        self.note(call)
        return call

    def usage(self) -> list[dict[str, object]]:
        """AG-UI ``TokenUsage`` entries, one per model."""
        totals: dict[str, list[int]] = {}
        for call in self.calls:
            sums = totals.setdefault(call.model, [0, 0, 0, 0])
            usage = call.usage
            for at, count in enumerate((usage.input, usage.output, usage.thought, usage.cached)):
                sums[at] += count
        return [_token_usage(model, *sums) for model, sums in totals.items() if any(sums)]


def _token_usage(
    model: str, input_: int, output: int, thought: int, cached: int
) -> dict[str, object]:
    entry: dict[str, object] = {
        "provider": "google",
        "model": model,
        "inputTokens": input_,
        "outputTokens": output,
        "totalTokens": input_ + output,
    }
    if thought:
        entry["reasoningTokens"] = thought
    if cached:
        entry["cachedInputTokens"] = cached
    return entry
