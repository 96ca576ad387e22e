"""What a model can do, by its API id. One that the catalogue does not know is tried."""

from __future__ import annotations

from collections.abc import Iterable

from gemini import catalogue, model_info
from gemini.errors import ERRORS

ALL_KINDS = frozenset({"text", "image", "audio", "video", "document"})
_READ = {"chat": ALL_KINDS, "image": frozenset({"text", "image"}), "speech": frozenset({"text"})}
_BUDGETS = {"minimal": 0, "low": 1_024, "medium": 8_192, "high": 24_576}
PRO_LEAST = 128  # 2.5 Pro cannot be kept from thinking
# What may answer where a dearer or busier model is out of quota or overloaded.
_LIGHTER = {
    "gemini-4-neon": "gemini-4-hydrogen",
    "gemini-4-carbon": "gemini-4-hydrogen",
    "gemini-4-argon": "gemini-4-hydrogen",
    "gemini-4-hydrogen": "gemini-3-flash",
    "gemini-3-pro": "gemini-3-flash",
    "gemini-3-flash": "gemini-3-flash-lite",
}
_DEFAULT_HELPS = frozenset({"model_gone", "model_forbidden", "billing_required"})
_LIGHTER_HELPS = frozenset(code for code, spec in ERRORS.items() if spec.lighter_helps)


def readable_kinds(api_id: str) -> frozenset[str]:
    """The kinds of files a model takes: ``image``, ``audio``, ``video``, ``document``, ``text``."""
    return _READ[catalogue.describe(api_id).kind]


def instruction_mode(api_id: str) -> str:
    """How a model takes instructions: as ``system``, as ``words`` of the user, or as ``nothing``.

    What speaks would read them aloud, and the first models that drew refused a system instruction.
    Source: Google's "Developer instruction is not enabled for ...", as quoted on 2026-05-13 by
    https://github.com/TheKentuckian/robot_comic/issues/122 (speech) and on 2025-04-22 by
    https://github.com/QuantumNous/new-api/issues/989 (pictures of Gemini 2.0).
    """
    if catalogue.describe(api_id).kind == "speech":
        return "nothing"
    return "words" if "image-generation" in api_id else "system"


def supported_tools(api_id: str, wanted: Iterable[str]) -> tuple[str, ...]:
    """Those of the wanted tools of Google's that the model has."""
    has = catalogue.describe(api_id).tools
    return tuple(tool for tool in wanted if tool in has)


def thinking_config(api_id: str, level: str) -> dict[str, object]:
    """The ``thinkingConfig`` for a level, or the next one that the model takes; empty for ``auto``,
    and for a model whose levels are not known.

    Gemini 3 and later take levels, 2.5 takes budgets in tokens, and none takes both.
    """
    if level not in model_info.THINKING:
        return {}
    taken = catalogue.thinking_level(catalogue.describe(api_id), level)
    if not taken:
        return {}
    if "2.5" in api_id:
        least = PRO_LEAST if "pro" in api_id else 0
        return {"thinkingBudget": max(_BUDGETS[taken], least)}
    return {"thinkingLevel": taken}


def fallback_model(api_id: str, code: str) -> str:
    """A model that may answer where this one failed with ``code``; empty if none is likely to."""
    model = catalogue.describe(api_id)
    if model.kind != "chat":
        return ""  # nobody chooses what draws or speaks
    if code in _DEFAULT_HELPS:
        return "" if model.name == catalogue.DEFAULT_MODEL else catalogue.DEFAULT_MODEL
    return _LIGHTER.get(model.name, "") if code in _LIGHTER_HELPS else ""
