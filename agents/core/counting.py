"""What a model call has used, read from Gemini's counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeGuard

from agents.core import prices
from agents.core.lenient import as_dicts
from agents.core.turn import CallRecord, Usage

MAX_COUNT = 10**9  # a greater one is no count of tokens, and two of them fit no column


def counted(metadata: dict[str, Any], before: Usage) -> Usage:
    """The usage of a call after another ``usageMetadata``.

    Each count in it is a running total of the call, and may be left out of a later chunk.
    """
    details = metadata.get("candidatesTokensDetails")
    counts = {name: count for name, count in metadata.items() if _is_count(count)}
    tool = counts.get("toolUsePromptTokenCount", 0)
    thought = counts.get("thoughtsTokenCount", before.thought)
    said = counts.get("candidatesTokenCount", before.output - before.thought)
    return Usage(
        input=max(before.input, counts.get("promptTokenCount", 0) + tool),
        output=said + thought,
        thought=thought,
        cached=counts.get("cachedContentTokenCount", before.cached),
        tool=max(before.tool, tool),
        image=before.image
        if not isinstance(details, list)
        else min(said, _tokens_of("IMAGE", details)),
    )


def spent(call: CallRecord, unit: str) -> Decimal:
    """What a call has used so far, in ``tokens`` or ``usd``."""
    return Decimal(call.usage.total) if unit == "tokens" else prices.price_of(call) or Decimal(0)


def _tokens_of(modality: str, details: object) -> int:
    known = (item for item in as_dicts(details) if item.get("modality") == modality)
    counts = (item.get("tokenCount") for item in known)
    return sum(count for count in counts if _is_count(count))


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= MAX_COUNT
