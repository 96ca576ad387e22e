"""Google's errors become ours here. Its text is read, never passed on: it can contain the key.

Source: https://ai.google.dev/gemini-api/docs/troubleshooting, and recorded error bodies of
2025-26; daily quotas: https://ai.google.dev/gemini-api/docs/rate-limits.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agents.core.errors import AgentError

_BY_STATUS = {
    401: "invalid_key",
    403: "key_blocked",
    404: "model_gone",
    408: "timeout",
    413: "too_long",
    429: "quota",
    502: "overloaded",
    503: "overloaded",
    504: "timeout",
}
# Words of 2025-26: the status is that of a blocked key, and no detail tells the two apart.
_FILE_GONE = re.compile(r"access the file \S+ or it may not exist", re.IGNORECASE)
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s?", re.ASCII)
try:
    _PACIFIC: tzinfo = ZoneInfo("America/Los_Angeles")
except ZoneInfoNotFoundError:  # a machine without time zones: an hour off in summer
    _PACIFIC = timezone(timedelta(hours=-8))
_DAILY = "This key's quota at Google is used up for today. Choose another key under Keys."


def agent_error(status: int, body: Any) -> AgentError:
    """Our error for an HTTP ``status`` and Google's error ``body`` (any JSON, or None)."""
    error = _error_of(body)
    details = _objects(error.get("details"))
    if status == 400:
        return AgentError(_bad_request(error, details))
    if status == 429:
        return _quota(details)
    if status in (403, 404) and _FILE_GONE.search(str(error.get("message", ""))):
        return AgentError("file_gone")
    if status in _BY_STATUS:
        return AgentError(_BY_STATUS[status])
    return AgentError("bad_request" if 400 <= status < 500 else "upstream_error")


def error_in_stream(frame: dict[str, Any]) -> AgentError:
    """Our error for an error object that arrived inside a stream that began well."""
    code = _error_of(frame).get("code")
    return agent_error(code if isinstance(code, int) else 500, frame)


def _error_of(body: Any) -> dict[str, Any]:
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _bad_request(error: dict[str, Any], details: list[dict[str, Any]]) -> str:
    if any(detail.get("reason") == "API_KEY_INVALID" for detail in details):
        return "invalid_key"
    text = str(error.get("message", "")).lower()
    if "api key" in text:
        return "invalid_key"
    if "token count" in text or "too long" in text:
        return "too_long"
    if error.get("status") == "FAILED_PRECONDITION":
        return "key_blocked"  # billing or region: the key cannot be used from here
    return "bad_request"


def _quota(details: list[dict[str, Any]]) -> AgentError:
    """Per-day quotas come with a RetryInfo of seconds that is no use; the day's end is."""
    violations = [v for detail in details for v in _objects(detail.get("violations"))]
    if any("PerDay" in str(violation.get("quotaId", "")) for violation in violations):
        return AgentError("quota", _DAILY, retry_after_s=_until_midnight(datetime.now(UTC)))
    delays = [_seconds(detail["retryDelay"]) for detail in details if "retryDelay" in detail]
    return AgentError("quota", retry_after_s=next((d for d in delays if d is not None), None))


def _until_midnight(now: datetime) -> float:
    """Seconds until Google's day ends, which is that of its Pacific coast."""
    here = now.astimezone(_PACIFIC)
    midnight = datetime.combine(here.date() + timedelta(days=1), time(), _PACIFIC)
    return (midnight.astimezone(UTC) - now).total_seconds()


def _seconds(duration: Any) -> float | None:
    """Protobuf's JSON form of a duration, such as ``"7s"`` or ``"7.5s"``."""
    match = _DURATION.fullmatch(str(duration))
    return float(match[1]) if match else None
