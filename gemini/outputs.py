"""What a model's answer consists of, whichever agent asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from gemini.errors import GeminiError


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    text: str


@dataclass(frozen=True, slots=True)
class Media:
    """Bytes that an agent made; they become an Artifact before anybody hears of them."""

    data: bytes = field(repr=False)
    mime_type: str
    name: str
    id: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True, slots=True)
class Saved:
    """A Media that was stored: what the wire may know of it."""

    artifact_id: str
    url: str
    mime_type: str
    name: str


@dataclass(frozen=True, slots=True)
class Activity:
    """Structured progress that is not conversation: code that ran, sources that were read.

    An activity with the ``ref`` of an earlier one replaces it.
    """

    kind: str
    content: dict[str, Any]
    ref: str


@dataclass(frozen=True, slots=True)
class Support:
    """The words from ``start`` to ``end`` rest on these sources.

    Offsets count UTF-16 code units, as JavaScript does; ``sources`` are indices.
    """

    start: int
    end: int
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """What an answer was based on.

    Args:
        sources: ``{"title", "uri"}`` each. pages: ``{"uri", "ok"}``, read because they were named.
        text: the answer that ``supports`` point into.
        suggestions: Google's further searches, as HTML that has to be shown with the answer.
    """

    queries: tuple[str, ...] = ()
    sources: tuple[dict[str, str], ...] = ()
    supports: tuple[Support, ...] = ()
    pages: tuple[dict[str, Any], ...] = ()
    text: str = field(default="", repr=False)
    suggestions: Saved | None = None


ModelOutput = TextDelta | ThoughtDelta | Media | Activity | Sources
"""What a parser gives; media are saved, and sources completed, before they go on."""

Output = TextDelta | ThoughtDelta | Saved | Activity | Sources
"""What an agent emits."""


def join_texts(outputs: Iterator[ModelOutput]) -> Iterator[ModelOutput]:
    """Join neighbouring texts: what arrived together need not travel apart."""
    texts: list[str] = []
    try:
        for output in outputs:
            if type(output) is TextDelta:
                texts.append(output.text)
                continue
            if texts:
                yield TextDelta("".join(texts))
                texts.clear()
            yield output
    # What came before the fault, in the same piece, is no less true, and was paid for.
    except GeminiError:
        if texts:
            yield TextDelta("".join(texts))
        raise
    if texts:
        yield TextDelta("".join(texts))
