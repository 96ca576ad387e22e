"""The models people choose from, and what they are called at the API.

A name people choose stays stable; the API's id behind it changes when Google moves on.
``gemini-3-flash`` is such a name: it is not an id the API knows.

Source: https://ai.google.dev/gemini-api/docs/models, and a recorded models list of 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

DEFAULT = "gemini-3-flash"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One entry; ``kind`` is what it answers with: ``chat``, ``image`` or ``speech``."""

    name: str
    api_id: str
    label: str
    description: str
    kind: str
    source: str
    checked_on: str


_DOCS = "https://ai.google.dev/gemini-api/docs/models"

CATALOGUE: tuple[ModelInfo, ...] = (
    ModelInfo(
        "gemini-3-flash",
        "gemini-3.8-flash",
        "Gemini 3 Flash",
        "Fast and capable; right for most questions.",
        "chat",
        _DOCS,
        "2026-11-01",
    ),
    ModelInfo(
        "gemini-3-pro",
        "gemini-3.1-pro-preview",
        "Gemini 3 Pro",
        "Slower and dearer; for hard problems and long work.",
        "chat",
        _DOCS,
        "2026-11-01",
    ),
    ModelInfo(
        "gemini-3-flash-lite",
        "gemini-3.5-flash-lite",
        "Gemini 3 Flash-Lite",
        "The cheapest; for short and simple questions.",
        "chat",
        _DOCS,
        "2026-11-01",
    ),
    ModelInfo(
        "gemini-3-image",
        "gemini-3.1-flash-image",
        "Gemini 3 Flash Image",
        "Makes and edits pictures.",
        "image",
        _DOCS,
        "2026-11-01",
    ),
    ModelInfo(
        "gemini-3-speech",
        "gemini-3.1-flash-tts-preview",
        "Gemini 3 Flash TTS",
        "Reads text aloud.",
        "speech",
        _DOCS,
        "2026-11-01",
    ),
)

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
