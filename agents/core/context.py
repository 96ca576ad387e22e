"""What a run works with, and the record of what it did.

RunRequest   what the user wants                      (agents.core.request)
RunContext   what the server brings to it             model, keys, files, history, limits
RunRecord    what comes of it                         calls, contents, outcome
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from agents.core.errors import RunError
from gemini.catalogue import ModelList
from gemini.errors import GeminiError
from gemini.failover import Keys
from gemini.files import Files, NoFiles
from gemini.instructions import Instructions
from gemini.keys import Key
from gemini.outputs import Media, Saved
from gemini.port import Model
from gemini.request import CallLimits
from gemini.types import Content, Exchange, FileRef
from gemini.usage import Usage

Save = Callable[[Media], Awaitable[Saved]]
"""Stores what an agent made and returns where it can be fetched; raises ``GeminiError``."""


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


@dataclass(slots=True)
class CallRecord:
    """The ledger's line for one model call, filled in while the call goes on.

    Args:
        model: the API's id.
        outcome: ``ok``, ``cancelled`` or an error code; empty until the call has ended.
        key: the one it was made with.
        first_ms: until the first text or media of the answer.
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


@dataclass(slots=True)
class RunRecord:
    """What a run leaves behind: its ledger, and what the next run must send back to Gemini.

    Attributes:
        contents: the coordinator's part of the conversation. made: that of the other agents.
        refused: the files that Google cannot use, by id, and why.
        truncated: why an answer that ended well is not whole; empty if it is.
        outcome: ``success``, ``cancelled`` or ``error``; empty while the run goes on.
        error: what ended the run, if something did.
    """

    calls: list[CallRecord] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    made: list[Content] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    truncated: str = ""
    outcome: str = ""
    error: GeminiError | None = None
    started: float = field(default_factory=time.monotonic)

    def usage(self) -> list[dict[str, object]]:
        """AG-UI ``TokenUsage`` entries, one per model."""
        totals: dict[str, list[int]] = {}
        for call in self.calls:
            sums = totals.setdefault(call.model, [0, 0, 0, 0])
            usage = call.usage
            for at, count in enumerate((usage.input, usage.output, usage.thought, usage.cached)):
                sums[at] += count
        return [_token_usage(model, *sums) for model, sums in totals.items() if any(sums)]


def _ignore(call: CallRecord) -> None:
    pass


async def _unsaved(media: Media) -> Saved:
    raise RunError("internal")


@dataclass(slots=True)
class RunContext:
    """What the server brings to one run.

    Args:
        client: the port to Gemini.
        keys: that may pay, in the order in which they may be used.
        models: the catalogue with what Google lists for the first key.
        coordinator_model: a lighter model for the coordinator; empty: the request's.
        instructions: the user's own, for every agent.
        attachments: the files of the message. history: earlier exchanges, oldest first.
        files: brings what agents are to read. save: stores what they make.
        on_call: is given each call as it begins, now and then while it goes on, and as it ends.
    """

    client: Model
    keys: Keys = field(default_factory=Keys)
    models: ModelList = field(default_factory=ModelList)
    coordinator_model: str = ""
    instructions: Instructions = field(default_factory=Instructions)
    attachments: tuple[FileRef, ...] = ()
    history: tuple[Exchange, ...] = ()
    files: Files = field(default_factory=NoFiles)
    save: Save = _unsaved
    limits: Limits = field(default_factory=Limits)
    on_call: Callable[[CallRecord], None] = _ignore
    record: RunRecord = field(default_factory=RunRecord)

    def begin_call(self, agent: str, model: str) -> CallRecord:
        """The ledger's line of a model call that is about to be made.

        Raises:
            GeminiError: ``limit_reached``.
        """
        if len(self.record.calls) >= self.limits.model_calls:
            raise RunError("limit_reached")
        call = CallRecord(agent, model, key=self.keys.in_use)
        self.record.calls.append(call)
        # Before it is sent: other runs count it at once, and a process that dies leaves it in the
        # ledger.
        self.on_call(call)
        return call


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
