"""What a model can do, by its API id. One that the catalogue does not know can do everything.

Source: https://ai.google.dev/gemini-api/docs/models and /thinking, as read on 2026-11-01.
"""

from __future__ import annotations

from collections.abc import Iterable

from agents.core import catalogue
from agents.core.catalogue import ModelInfo

ALL_KINDS = frozenset({"text", "image", "audio", "video", "document"})
_READ = {"chat": ALL_KINDS, "image": frozenset({"text", "image"}), "speech": frozenset({"text"})}
_BUDGETS = {"minimal": 0, "low": 1_024, "medium": 8_192, "high": 24_576}
PRO_LEAST = 128  # 2.5 Pro cannot be kept from thinking
DEFAULT_WINDOW = 1_048_576
# Dearest and busiest first: where one is out of quota or overloaded, the next may not be.
_LIGHTER = ("gemini-3-pro", "gemini-3-flash", "gemini-3-flash-lite")
_LIGHTER_HELPS = frozenset({"quota", "overloaded", "timeout"})


def _info(api_id: str) -> ModelInfo | None:
    return next((model for model in catalogue.all_models() if model.api_id == api_id), None)


def reads(api_id: str) -> frozenset[str]:
    """The kinds of files a model takes: ``image``, ``audio``, ``video``, ``document``, ``text``."""
    model = _info(api_id)
    return _READ[model.kind] if model else ALL_KINDS


def window_tokens(api_id: str) -> int:
    """How much a model reads at once."""
    model = _info(api_id)
    return model.window_tokens if model else DEFAULT_WINDOW


def tools(api_id: str, wanted: Iterable[str]) -> tuple[str, ...]:
    """Those of the wanted tools of Google's that the model has."""
    model = _info(api_id)
    return tuple(tool for tool in wanted if model is None or tool in model.tools)


def thinking(api_id: str, level: str) -> dict[str, object]:
    """The ``thinkingConfig`` for a level, or the next one that the model takes; empty for ``auto``.

    Gemini 3 takes levels, 2.5 takes budgets in tokens, and neither takes both.
    """
    if level not in _BUDGETS:
        return {}
    model = _info(api_id)
    taken = catalogue.level_for(model.name, level) if model else level
    if not taken:
        return {}
    if "2.5" in api_id:
        least = PRO_LEAST if "pro" in api_id else 0
        return {"thinkingBudget": max(_BUDGETS[taken], least)}
    return {"thinkingLevel": taken}


def instead_of(api_id: str, code: str) -> str:
    """A model that may answer where this one failed with ``code``; empty if none is likely to."""
    model = _info(api_id)
    if code == "model_gone":
        chosen = model is None or (model.kind == "chat" and model.name != catalogue.DEFAULT)
        return catalogue.DEFAULT if chosen else ""  # nobody chooses what draws or speaks
    if model is None or model.name not in _LIGHTER or code not in _LIGHTER_HELPS:
        return ""
    return next(iter(_LIGHTER[_LIGHTER.index(model.name) + 1 :]), "")
