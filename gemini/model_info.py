"""What a model is: the shapes that the catalogue is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

TOOLS = ("search", "code", "url", "maps")
TOOLS_ON = ("search", "code", "url")  # where nobody has chosen
THINKING = ("auto", "minimal", "low", "medium", "high", "xhigh")
WINDOW_TOKENS = 1_048_576
OUTPUT_TOKENS = 65_536


@dataclass(frozen=True, slots=True)
class Pictures:
    """What can be asked of a picture.

    Args:
        ratios: such as ``16:9``; what is not named is left to the model.
        sizes: each size, and how many output tokens a picture of it is paid as.
        references: how many pictures may come along to be edited or followed.
    """

    ratios: tuple[str, ...]
    sizes: Mapping[str, int]
    references: int


@dataclass(frozen=True, slots=True)
class Speech:
    """What can be asked of spoken words.

    Args:
        voices: each voice, and its character in a word.
        speakers: how many can talk in one recording.
        style: how to say it: ``metadata`` of each part (the words are read as they are), or
            ``prompt`` (as words before the text).
    """

    voices: Mapping[str, str]
    speakers: int
    style: str


@dataclass(frozen=True, slots=True)
class Shutdown:
    """When Google ends a model, by its own announcement, and what answers in its place.

    Args:
        on: the first day without it; None: announced without a day.
        replacement: a name or an id of the catalogue.
        read_on: the day on which ``source`` said so.
        note: where sources disagree.
    """

    on: date | None
    replacement: str
    source: str
    read_on: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model.

    Args:
        name: what people choose; it stays when ``api_id``, Google's own id, changes.
        kind: what it answers with: ``chat``, ``image`` or ``speech``.
        state: ``stable``, ``preview``, ``deprecated``, or ``unknown`` where only Google's list
            speaks of it.
        tools: Google's own tools that it can use.
        thinking: the levels it takes besides ``auto``; it refuses others. Empty: it has none, or
            they are not known.
        thinks: whether it can be asked for its thoughts.
        window_tokens: how much it takes in, history and all.
        needs_billing: whether keys without billing are refused; None: not known.
        current: on offer even where it is not known what a key lists.
        price_known: False where no source tells its price.
        note: where sources disagree.
    """

    name: str
    api_id: str
    label: str
    description: str
    kind: str = "chat"
    state: str = "stable"
    tools: tuple[str, ...] = TOOLS
    thinking: tuple[str, ...] = ()
    thinks: bool = True
    window_tokens: int = WINDOW_TOKENS
    output_tokens: int = OUTPUT_TOKENS
    needs_billing: bool | None = None
    current: bool = False
    price_known: bool = True
    pictures: Pictures | None = field(default=None)
    speech: Speech | None = field(default=None)
    since: str = ""
    source: str = ""
    checked_on: str = ""
    note: str = ""
