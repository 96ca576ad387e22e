"""What a model is: as the catalogue has it, as Google lists it for a key, as its id alone tells.

Source: https://ai.google.dev/api/models (v1beta), and recorded lists of 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

TOOLS = ("search", "code", "url", "maps")
TOOLS_ON = ("search", "code", "url")  # where nobody has chosen
THINKING = ("auto", "minimal", "low", "medium", "high", "xhigh")
WINDOW_TOKENS = 1_048_576
OUTPUT_TOKENS = 65_536


NAME_CHARS = 50
_API_ID = re.compile(r"gemini-[a-z0-9][a-z0-9.-]*", re.ASCII)
# Words in an id. Those of the last line answer, but not to a chat: with sound in real time, with
# vectors, with clicks and movements, or by another interface of Google's.
_SPEECH = frozenset({"tts"})
_IMAGE = frozenset({"image", "banana"})
_OTHER = frozenset(
    {"embedding", "live", "native", "robotics", "computer", "omni", "transcribe", "translate"}
    | {"customtools", "research", "agent", "veo", "imagen", "lyria", "music", "video", "aqa"}
)
_VERSION = re.compile(r"-(\d{3}|latest)$", re.ASCII)
_SHORT_WINDOW = {"image": 65_536, "speech": 8_192}


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


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One entry of ``models.list``; limits in tokens, None where Google does not say."""

    id: str
    label: str = ""
    description: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    thinks: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """For storing; ``from_json`` reads it."""
        return {
            "id": self.id,
            "label": self.label,
            "description": self.description,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "thinks": self.thinks,
        }

    @classmethod
    def from_json(cls, value: object) -> ListedModel | None:
        """An entry as it was stored, a bare id among them; None for anything else."""
        if isinstance(value, str):
            return cls(value)
        if not isinstance(value, Mapping) or not isinstance(value.get("id"), str):
            return None
        return cls(
            id=value["id"],
            label=_text_or_empty(value.get("label")),
            description=_text_or_empty(value.get("description")),
            input_tokens=_positive(value.get("input_tokens")),
            output_tokens=_positive(value.get("output_tokens")),
            thinks=value["thinks"] if isinstance(value.get("thinks"), bool) else None,
        )


def listed_from(rows: object) -> dict[str, ListedModel]:
    """The stored rows of a key's list, by API id; what is no row is left out."""
    models = [ListedModel.from_json(row) for row in rows] if isinstance(rows, list) else []
    return {model.id: model for model in models if model}


def kind_of_id(api_id: str) -> str:
    """What a model of Google's answers with, by its id: ``chat``, ``image``, ``speech``; or empty
    for one that is of no use here, or is no such id.
    """
    if len(api_id) > NAME_CHARS or not _API_ID.fullmatch(api_id):
        return ""
    words = frozenset(api_id.split("-"))
    if words & _SPEECH:
        return "speech"
    if words & _OTHER:
        return ""
    return "image" if words & _IMAGE else "chat"


def is_version_of_another(api_id: str, listed: Mapping[str, ListedModel]) -> bool:
    """Whether a list has the same model under its plain name, or it is a name that moves on."""
    version = _VERSION.search(api_id)
    return version is not None and (version[1] == "latest" or api_id[: version.start()] in listed)


def model_from_listing(api_id: str, kind: str, listed: ListedModel | None) -> ModelInfo:
    """A model that the catalogue does not know: what Google lists of it, else honest defaults."""
    given = listed or ListedModel(api_id)
    return ModelInfo(
        name=api_id,
        api_id=api_id,
        label=given.label or _label_of_id(api_id),
        description=given.description,
        kind=kind,
        state="preview" if "preview" in api_id.split("-") else "unknown",
        # Believed to have them: refused, the request is made once more without (``repair``); never
        # offered, nobody could use them on the day on which the model is published.
        tools=TOOLS if kind == "chat" else (),
        thinks=given.thinks if given.thinks is not None else kind == "chat",
        window_tokens=given.input_tokens or _SHORT_WINDOW.get(kind, WINDOW_TOKENS),
        output_tokens=given.output_tokens or OUTPUT_TOKENS,
        price_known=False,
        source="Google's list of models for a key",
    )


def _label_of_id(api_id: str) -> str:
    return " ".join(word.capitalize() for word in api_id.split("-"))


def _text_or_empty(value: object) -> str:
    return value if isinstance(value, str) else ""


def _positive(value: object) -> int | None:
    return value if type(value) is int and value > 0 else None
