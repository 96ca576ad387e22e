"""What Google's 429 means: wait a moment, wait for tomorrow, or waiting does not help.

Source: https://ai.google.dev/gemini-api/docs/rate-limits, read on 2026-11-28, and recorded bodies
of 2025-26: a quota of zero is left out of its violation, as protobuf does, and told in words.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gemini.errors import GeminiError

_ZERO = re.compile(r"\blimit:\s*0(?:\.0+)?(?![\d.]*\d)", re.IGNORECASE)
_OF_TOOLS = re.compile(r"search|grounding|maps|url_?context|code_?execution", re.IGNORECASE)
_PER_DAY = re.compile(r"per_?day|daily|per day", re.IGNORECASE)
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s?", re.ASCII)
_IN_WORDS = re.compile(
    r"retry in (?:(\d{1,4})h)?(?:(\d{1,5})m(?!s))?(?:(\d{1,9}(?:\.\d{1,12})?)(ms|s))?",
    re.ASCII | re.IGNORECASE,
)
try:
    _PACIFIC: tzinfo = ZoneInfo("America/Los_Angeles")
except ZoneInfoNotFoundError:  # a machine without time zones: an hour off in summer
    _PACIFIC = timezone(timedelta(hours=-8))
_DAILY = "This key's quota at Google is used up for today. Choose another key under Keys."
_DAILY_OF_MODEL = (
    "This key's quota for this model is used up for today. Other models still answer: choose one, "
    "or another key under Keys."
)
_TOOL = "Google's tools need a key with billing. Switch them off, or set up billing."


def quota_error(details: list[dict[str, Any]], text: str) -> GeminiError:
    """Our error for a 429 that speaks of quotas.

    A quota of zero never comes back. One per day comes with seconds that are no use; the day's end
    is.
    """
    violations = [v for detail in details for v in _violations(detail)]
    ids = [str(v["quotaId"]) for v in violations if "quotaId" in v]
    if _ZERO.search(text) or any(str(v.get("quotaValue")) == "0" for v in violations):
        metrics = [str(v.get("quotaMetric", "")) for v in violations]
        of_tools = bool(metrics) and all(map(_OF_TOOLS.search, metrics))
        return GeminiError("tools_refused", _TOOL) if of_tools else GeminiError("billing_required")
    if any(map(_PER_DAY.search, ids)) or (not ids and re.search(r"per day|daily", text, re.I)):
        message = _DAILY_OF_MODEL if any("PerModel" in name for name in ids) else _DAILY
        return GeminiError("quota", message, retry_after_s=_until_midnight(datetime.now(UTC)))
    delays = [seconds(detail["retryDelay"]) for detail in details if "retryDelay" in detail]
    known = next((delay for delay in delays if delay is not None), None)
    return GeminiError("quota", retry_after_s=_in_words(text) if known is None else known)


def _violations(detail: dict[str, Any]) -> list[dict[str, Any]]:
    """The quotas that a detail names: those of a ``QuotaFailure``, or the one of an ``ErrorInfo``,
    whose metadata has other names for the same.

    Source: https://docs.cloud.google.com/service-infrastructure/docs/ErrorReason
    """
    about = detail.get("metadata")
    if not isinstance(about, dict) or "quota_limit" not in about:
        return _objects(detail.get("violations"))
    named = {"quota_limit": "quotaId", "quota_metric": "quotaMetric"}
    named["quota_limit_value"] = "quotaValue"
    return [{ours: about[name] for name, ours in named.items() if name in about}]


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _until_midnight(now: datetime) -> float:
    """Seconds until Google's day ends, which is that of its Pacific coast."""
    here = now.astimezone(_PACIFIC)
    midnight = datetime.combine(here.date() + timedelta(days=1), time(), _PACIFIC)
    return (midnight.astimezone(UTC) - now).total_seconds()


def seconds(duration: Any) -> float | None:
    """Protobuf's JSON form of a duration, such as ``"7s"`` or ``"7.5s"``."""
    match = _DURATION.fullmatch(str(duration))
    return float(match[1]) if match else None


def _in_words(text: str) -> float | None:
    """The same as a sentence: ``Please retry in 1h2m3.5s``."""
    match = _IN_WORDS.search(text)
    if match is None or not any(match.groups()):
        return None
    hours, minutes, rest, unit = match.groups()
    last = float(rest or 0) / (1000 if unit and unit.lower() == "ms" else 1)
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + last
