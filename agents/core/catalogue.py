"""The models people choose from, and what they are called at the API.

A name people choose stays stable; the API's id behind it changes when Google moves on.
``gemini-3-flash`` is such a name: it is not an id the API knows.

Source: https://ai.google.dev/gemini-api/docs/models, and a recorded models list of 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

DEFAULT = "gemini-3-flash"
TOOLS = ("search", "code", "url")
THINKING = ("auto", "minimal", "low", "medium", "high")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One entry; ``kind`` is what it answers with: ``chat``, ``image`` or ``speech``.

    Args:
        tools: Google's own tools that it can use. thinking: the levels it takes besides ``auto``;
            it refuses others.
        window_tokens: how much it takes in, history and all.
    """

    name: str
    api_id: str
    label: str
    description: str
    kind: str
    source: str
    checked_on: str
    tools: tuple[str, ...]
    thinking: tuple[str, ...]
    window_tokens: int


_DOCS = "https://ai.google.dev/gemini-api/docs/models"
_WINDOW = 1_048_576

CATALOGUE: tuple[ModelInfo, ...] = (
    ModelInfo(
        "gemini-3-flash",
        "gemini-3.8-flash",
        "Gemini 3 Flash",
        "Fast and capable; right for most questions.",
        "chat",
        f"{_DOCS}/gemini-3.8-flash",
        "2026-11-25",
        TOOLS,
        ("low", "medium", "high"),  # it answers "minimal" with an error, unlike those before it
        _WINDOW,
    ),
    ModelInfo(
        "gemini-3-pro",
        "gemini-3.1-pro-preview",
        "Gemini 3 Pro",
        "Slower and dearer; for hard problems and long work.",
        "chat",
        f"{_DOCS}/gemini-3.1-pro-preview",
        "2026-11-25",
        TOOLS,
        ("low", "medium", "high"),
        _WINDOW,
    ),
    ModelInfo(
        "gemini-3-flash-lite",
        "gemini-3.5-flash-lite",
        "Gemini 3 Flash-Lite",
        "The cheapest; for short and simple questions.",
        "chat",
        f"{_DOCS}/gemini-3.5-flash-lite",
        "2026-11-25",
        TOOLS,
        ("minimal", "low", "medium", "high"),
        _WINDOW,
    ),
    ModelInfo(
        "gemini-3-image",
        "gemini-3.1-flash-image",
        "Gemini 3 Flash Image",
        "Makes and edits pictures.",
        "image",
        f"{_DOCS}/gemini-3.1-flash-image",
        "2026-11-25",
        (),
        (),
        65_536,
    ),
    ModelInfo(
        "gemini-3-speech",
        "gemini-3.1-flash-tts-preview",
        "Gemini 3 Flash TTS",
        "Reads text aloud.",
        "speech",
        f"{_DOCS}/gemini-3.1-flash-tts-preview",
        "2026-11-25",
        (),
        (),
        8_192,
    ),
)

RETIRED: Mapping[str, str] = {
    "gemini-2.*-image*": "gemini-3-image",
    "gemini-2.*-tts*": "gemini-3-speech",
    "gemini-1.0-*": "gemini-3-flash-lite",
    "gemini-1.5-pro*": "gemini-3-flash",
    "gemini-1.5-*": "gemini-3-flash-lite",
    "gemini-2.0-pro*": "gemini-3-flash",
    "gemini-2.0-*": "gemini-3-flash-lite",
    "gemini-2.5-pro*": "gemini-3-flash",
    "gemini-2.5-flash*": "gemini-3-flash-lite",
    "gemini-3-pro-image*": "gemini-3-image",
    "gemini-3.1-flash-*image*": "gemini-3-image",
    "gemini-3-pro-preview*": "gemini-3-pro",
    "gemini-3-flash-preview*": "gemini-3-flash",
    "gemini-3.1-flash-lite*": "gemini-3-flash-lite",
    "gemini-3.5-flash": "gemini-3-flash",
    "gemini-3.6-flash": "gemini-3-flash",
    "gemini-3.7-flash": "gemini-3-flash",
}
"""Names and ids that were on offer once, and what answers in their place; the first fit counts.

Where Google names a replacement, it is that one: 2.5 Pro became 3.8 Flash, and 2.5 Flash became
3.5 Flash-Lite. Source: https://ai.google.dev/gemini-api/docs/deprecations, 2026-11-10.
"""

_BY_NAME = {model.name: model for model in CATALOGUE}


def override(api_ids: Mapping[str, str]) -> None:
    """Replace the API ids behind names, from the server's settings.

    Raises:
        ValueError: a name that the catalogue does not have.
    """
    for name, api_id in api_ids.items():
        if name not in _BY_NAME:
            raise ValueError(f"There is no model named {name!r}; known: {', '.join(_BY_NAME)}.")
        _BY_NAME[name] = replace(_BY_NAME[name], api_id=api_id)


def chat_models() -> list[ModelInfo]:
    """The models a user can choose for conversation, the default one first."""
    return [_BY_NAME[model.name] for model in CATALOGUE if model.kind == "chat"]


def is_known(name: str) -> bool:
    """Whether users can choose ``name``."""
    model = _BY_NAME.get(name)
    return model is not None and model.kind == "chat"


def resolve(name: str) -> ModelInfo | None:
    """The model that ``name`` means: a name, an API id in use, or one that was retired."""
    by_id = {model.api_id: model for model in reversed(_BY_NAME.values())}
    return _BY_NAME.get(name) or by_id.get(name) or replaced(name)


def replaced(name: str) -> ModelInfo | None:
    """What answers in the place of a retired name or id; None for any other."""
    if name in _BY_NAME or any(name == model.api_id for model in _BY_NAME.values()):
        return None
    fits = (new for old, new in RETIRED.items() if fnmatchcase(name, old))
    return _BY_NAME.get(next(fits, ""))


def chosen(name: str) -> tuple[ModelInfo, str]:
    """The chat model for somebody who chose ``name`` once, and a sentence if it is another one."""
    model = resolve(name) if name else _BY_NAME[DEFAULT]
    if model is None or model.kind != "chat":
        default = _BY_NAME[DEFAULT]
        return default, f"The model you chose is not on offer here; {default.label} answers."
    if replaced(name):
        return (
            model,
            f"The model you chose, {name}, is not offered any more; {model.label} answers.",
        )
    return model, ""


def level_for(name: str, wanted: str) -> str:
    """The level of thinking to ask of a model: the wanted one, or the next one that it takes.

    Empty for ``auto``, and for a model that takes none: then nothing is to be said about it.
    """
    levels = _BY_NAME[name].thinking
    if wanted == "auto" or not levels:
        return ""
    more = THINKING[THINKING.index(wanted) :]
    return next((level for level in more if level in levels), levels[-1])


def exists(name: str) -> bool:
    """Whether the catalogue has a model of this name, of whatever kind."""
    return name in _BY_NAME


def all_models() -> list[ModelInfo]:
    """Every model of the catalogue, with the API ids of this server."""
    return list(_BY_NAME.values())


def api_id(name: str) -> str:
    """The API's id of a model in the catalogue."""
    return _BY_NAME[name].api_id


def api_id_of_kind(kind: str) -> str:
    """The API's id of the first model that answers with ``kind``."""
    return next(model.api_id for model in _BY_NAME.values() if model.kind == kind)
