"""The frozen work order of one run, and what the run leaves behind."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from agents.core.errors import AgentError
from agents.core.outputs import Content

AGENT_CHOICES = ("auto", "text", "media", "direct")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use; times in seconds.

    Raises from the run: ``limit_reached`` past ``model_calls`` or ``rounds``, ``timeout`` past
    a time.
    """

    model_calls: int = 20
    rounds: int = 3
    total_s: float = 600.0
    first_byte_s: float = 60.0
    idle_s: float = 60.0
    retry_wait_s: float = 10.0
    answer_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Turn:
    """Everything an answer is made from. Nothing in it changes while the answer is made."""

    thread_id: str
    run_id: str
    prompt: str
    model: str
    api_key: str = field(repr=False)
    agent: str = "auto"
    history: tuple[Content, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one model call as Gemini counted them; ``output`` includes ``thought``."""

    input: int = 0
    output: int = 0
    thought: int = 0
    cached: int = 0


@dataclass(frozen=True, slots=True)
class CallRecord:
    """The ledger's line for one model call; ``outcome`` is ``ok``, ``cancelled`` or a code."""

    agent: str
    model: str
    usage: Usage
    duration_ms: int
    outcome: str


@dataclass(slots=True)
class Record:
    """What a run leaves behind: its ledger, and what the next turn must send back to Gemini."""

    limits: Limits
    calls: list[CallRecord] = field(default_factory=list)
    contents: list[Content] = field(default_factory=list)
    truncated: str = ""
    started: float = field(default_factory=time.monotonic)
    _begun: int = 0

    def begin_call(self) -> None:
        """Count a model call before it is made.

        Raises:
            AgentError: ``limit_reached``.
        """
        if self._begun >= self.limits.model_calls:
            raise AgentError("limit_reached")
        self._begun += 1

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
