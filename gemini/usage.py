"""What a model call has used, read from Gemini's counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

from gemini.loose_json import as_dicts

MAX_COUNT = 10**9  # a greater one is no count of tokens, and two of them fit no column


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one model call as Gemini counted them.

    ``input`` includes ``cached`` and ``tool`` (what Gemini's own tools read); ``output`` includes
    ``thought`` and ``image`` (tokens that are pictures). ``audio`` is the part of ``input`` that
    was sound, ``cached_audio`` that of ``cached``: some models have a price for it.
    """

    input: int = 0
    output: int = 0
    thought: int = 0
    cached: int = 0
    tool: int = 0
    image: int = 0
    audio: int = 0
    cached_audio: int = 0

    @property
    def total(self) -> int:
        return self.input + self.output


def read_usage(metadata: object, before: Usage) -> Usage:
    """The usage of a call after another ``usageMetadata``; Gemini's last word on a count holds."""
    # A count is a running total of the call: added up it would be many times too much. It may also
    # go down, when what was held for a tool or a thought is given back, so the greatest is wrong as
    # well. One that a later chunk leaves out, or that is no number, stays: to start again from zero
    # would make the ledger forget what was already paid for.
    given = metadata if isinstance(metadata, dict) else {}
    counts = {name: count for name, count in given.items() if _is_count(count)}
    # Gemini's count of the prompt is without what tools read, that of the answer without thoughts;
    # both are paid for, as input and as output. ``before`` has the sums, hence the subtractions.
    tool = counts.get("toolUsePromptTokenCount", before.tool)
    prompt = counts.get("promptTokenCount", before.input - before.tool)
    thought = counts.get("thoughtsTokenCount", before.thought)
    text = counts.get("candidatesTokenCount", before.output - before.thought)
    # Held to what is possible, here and below: the library that knows the prices raises where a
    # part exceeds its whole, and the call could not be written into the ledger.
    cached = min(counts.get("cachedContentTokenCount", before.cached), prompt + tool)
    audio = min(prompt, _tokens_of("AUDIO", given.get("promptTokensDetails"), before.audio))
    cached_before = _tokens_of("AUDIO", given.get("cacheTokensDetails"), before.cached_audio)
    return Usage(
        input=prompt + tool,
        output=text + thought,
        thought=thought,
        cached=cached,
        tool=tool,
        image=min(text, _tokens_of("IMAGE", given.get("candidatesTokensDetails"), before.image)),
        audio=audio,
        # What is both cached and sound is at least what the two have in common.
        cached_audio=max(min(audio, cached, cached_before), audio + cached - prompt - tool),
    )


def _tokens_of(modality: str, details: object, before: int) -> int:
    """The tokens of one modality in a list of details; without a list, as many as before."""
    if not isinstance(details, list):
        return before
    known = (item for item in as_dicts(details) if item.get("modality") == modality)
    counts = (item.get("tokenCount") for item in known)
    return sum(count for count in counts if _is_count(count))


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value <= MAX_COUNT
