"""What an agent yields while it works. How it looks on the wire is ``agui.py``'s business."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Content = dict[str, Any]
"""A Gemini content as JSON: ``{"role": "user" | "model", "parts": [...]}``, kept as sent."""


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
class Delegated:
    """The coordinator hands a task to another agent; ``call_id`` names this one delegation."""

    call_id: str
    agent: str
    description: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FromAgent:
    """An output of the agent that works on the delegation ``call_id``."""

    call_id: str
    output: TextDelta | ThoughtDelta | Media | Saved | Activity


@dataclass(frozen=True, slots=True)
class Returned:
    """The delegation is done; ``text`` is what the agent said."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The delegation failed; the run goes on."""

    call_id: str
    code: str
    message: str


Said = TextDelta | ThoughtDelta | Media | Saved | Activity
Output = Said | Delegated | FromAgent | Returned | Failed
