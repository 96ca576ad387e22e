"""Google's errors become ours here: refused requests, quotas, early ends, and failed connections.

A refusal is told by the rules of ``error_rules``, a 429 by what it says of quotas, anything else
by its status. Google's text is read and never passed on: it can hold the user's key.

Source for quotas: https://ai.google.dev/gemini-api/docs/rate-limits, read on 2026-11-28, and
recorded bodies of 2025-26: a quota of zero is left out of its violation, as protobuf does, and
told in words.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx2
from google.genai import errors

from gemini.error_rules import BLOCKS, FINISHES, RULES
from gemini.errors import GeminiError
from gemini.loose_json import as_dicts
from gemini.sse import BadSSE

logger = logging.getLogger(__name__)

FINISH_STOP = "STOP"
FINISH_MAX_TOKENS = "MAX_TOKENS"
FINISH_CONTINUATION = "CONTINUATION"

_STATUS_NAMES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_BY_STATUS = {
    401: "invalid_key",
    402: "billing",
    403: "key_blocked",
    404: "model_gone",
    408: "timeout",
    413: "too_large",
    499: "upstream_error",
    502: "overloaded",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
# What an error's words say of the file they are about.
_MIME = re.compile(r"\b(?:application|audio|image|text|video)/[a-z0-9.+-]+", re.IGNORECASE)
_KIND_WORDS = {
    "image": re.compile(r"\b(?:image|picture|photo)s?\b", re.IGNORECASE),
    "audio": re.compile(r"\b(?:audio|sound)\b", re.IGNORECASE),
    "video": re.compile(r"\bvideos?\b", re.IGNORECASE),
    "document": re.compile(r"\b(?:document|pdf|page)s?\b", re.IGNORECASE),
}
_FILE_ID = re.compile(r"\bfiles?[/ ]([a-z0-9-]{6,40})\b", re.IGNORECASE)


@contextmanager
def map_errors() -> Iterator[None]:
    """Whatever goes wrong inside is raised as a ``GeminiError``; the cause's own text ends here."""
    try:
        yield
    except GeminiError:
        raise
    except TimeoutError:
        # ``from None``, here and everywhere: the cause's text, and the variables of its frames, can
        # hold the key. A traceback that showed it would carry it into the log.
        raise GeminiError("timeout") from None
    except Exception as error:
        raise to_gemini_error(error) from None


def to_gemini_error(error: Exception) -> GeminiError:
    """Our error for one of the SDK or the network. The text of either stays here."""
    if isinstance(error, errors.APIError):
        return error_from_response(error.code, error.details)
    # Before HTTPError, of which both are kinds: it stands for whatever broke off after it had
    # begun.
    if isinstance(error, httpx2.TimeoutException):
        return GeminiError("timeout")
    if isinstance(error, httpx2.ConnectError):
        return GeminiError("unreachable")
    if isinstance(error, (httpx2.HTTPError, BadSSE, errors.UnknownApiResponseError)):
        return GeminiError("upstream_error")
    logger.error("Unexpected %s while calling Gemini", type(error).__name__)
    return GeminiError("upstream_error")


def error_from_response(status: int, body: Any) -> GeminiError:
    """Our error for an HTTP ``status`` and Google's error ``body`` (any JSON, or None).

    The rules come before the status: Google uses one status for many things (400 for a bad key, a
    damaged file and a wrong tool; 403 for a blocked key and a private video).
    """
    error = _error_of(body)
    details = _objects(error.get("details"))
    text = _text_of(error, details)
    reasons = {str(detail.get("reason")).upper() for detail in details if detail.get("reason")}
    # Google's texts change without notice, so a rule names the reasons of ``ErrorInfo`` as well,
    # where there are any, and what no rule knows falls back to the status.
    for rule in RULES:
        if rule.fits(status, reasons, text):
            return GeminiError(rule.code, rule.message, file_hints=[*_file_hints(text)])
    if status == 429:
        return _quota_error(details, text)
    if status in _BY_STATUS:
        return GeminiError(_BY_STATUS[status])
    return GeminiError("bad_request" if 400 <= status < 500 else "upstream_error")


def error_from_frame(frame: dict[str, Any]) -> GeminiError:
    """Our error for an error object that arrived inside a stream that began well."""
    error = _error_of(frame)
    code = error.get("code")
    # In a stream the code is not HTTP's any more but a field like any other, which may be a text or
    # be missing. The name of the status is the second best, and a fault of Gemini's what is left.
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code[:4])
    if not isinstance(code, int) or isinstance(code, bool) or not 100 <= code <= 599:
        code = _STATUS_NAMES.get(str(error.get("status")).upper(), 500)
    return error_from_response(code, frame)


def _error_of(body: Any) -> dict[str, Any]:
    # Refusals of a stream come as an array of one; unread, a used-up quota would tell nobody to
    # wait.
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return {}
    error = body.get("error", body)  # of a body that is no JSON, the SDK makes a bare message
    return error if isinstance(error, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return as_dicts([value] if isinstance(value, dict) else value)


def _text_of(error: dict[str, Any], details: list[dict[str, Any]]) -> str:
    """All of Google's messages about an error, for the rules; short, because they search."""
    messages = [error.get("message"), *(detail.get("message") for detail in details)]
    texts = [text for text in messages if isinstance(text, str)]
    return " ".join(" ".join(texts).split())[:4000]


def _file_hints(text: str) -> Iterator[str]:
    """What the words say of the file: MIME types, kinds, ids at Google."""
    yield from (match.lower() for match in _MIME.findall(text))
    yield from (f"files/{match.lower()}" for match in _FILE_ID.findall(text))
    if re.search(r"\bprovided url", text, re.IGNORECASE):
        yield "address"
    yield from (kind for kind, words in _KIND_WORDS.items() if words.search(text))


_ZERO_LIMIT = re.compile(r"\blimit:\s*0(?:\.0+)?(?![\d.]*\d)", re.IGNORECASE)
_TOOL_METRIC = re.compile(r"search|grounding|maps|url_?context|code_?execution", re.IGNORECASE)
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
_QUOTA_FIELDS = {
    "quota_limit": "quotaId",
    "quota_metric": "quotaMetric",
    "quota_limit_value": "quotaValue",
}
_DAILY = "This key's quota at Google is used up for today. Choose another key under Keys."
_DAILY_OF_MODEL = (
    "This key's quota for this model is used up for today. Other models still answer: choose one, "
    "or another key under Keys."
)
_TOOLS_NEED_BILLING = "Google's tools need a key with billing. Switch them off, or set up billing."


def _quota_error(details: list[dict[str, Any]], text: str) -> GeminiError:
    """Our error for a 429 that is about quotas."""
    # How long to wait decides whether the call is made again, and what the user is shown, so three
    # cases are told apart. A quota of zero never comes back: it asks for billing, not for patience.
    # One per day comes with a ``RetryInfo`` of a few seconds that would only be refused again: it
    # ends with Google's day. For the others ``RetryInfo`` holds, or the same in words where an
    # older body has no such detail.
    violations = [v for detail in details for v in _violations(detail)]
    ids = [str(v["quotaId"]) for v in violations if "quotaId" in v]
    if _ZERO_LIMIT.search(text) or any(str(v.get("quotaValue")) == "0" for v in violations):
        metrics = [str(v.get("quotaMetric", "")) for v in violations]
        # Of the tools alone: the model would answer without them, so the key is fit for it. Repair
        # then makes the request once more without tools.
        tools_only = bool(metrics) and all(map(_TOOL_METRIC.search, metrics))
        if tools_only:
            return GeminiError("tools_refused", _TOOLS_NEED_BILLING)
        return GeminiError("billing_required")
    if any(map(_PER_DAY.search, ids)) or (not ids and re.search(r"per day|daily", text, re.I)):
        message = _DAILY_OF_MODEL if any("PerModel" in name for name in ids) else _DAILY
        return GeminiError("quota", message, retry_after_s=_until_midnight(datetime.now(UTC)))
    delays = [duration_s(detail["retryDelay"]) for detail in details if "retryDelay" in detail]
    # Zero is a delay that Google gave, so None is tested for, not truth.
    known = next((delay for delay in delays if delay is not None), None)
    return GeminiError("quota", retry_after_s=_seconds_in_words(text) if known is None else known)


def _violations(detail: dict[str, Any]) -> list[dict[str, Any]]:
    """The quotas that a detail names: those of a ``QuotaFailure``, or the one of an ``ErrorInfo``,
    whose metadata has other names for the same.

    Source: https://docs.cloud.google.com/service-infrastructure/docs/ErrorReason
    """
    metadata = detail.get("metadata")
    if not isinstance(metadata, dict) or "quota_limit" not in metadata:
        return _objects(detail.get("violations"))
    return [{ours: metadata[name] for name, ours in _QUOTA_FIELDS.items() if name in metadata}]


def _until_midnight(now: datetime) -> float:
    """Seconds until Google's day ends, which is that of its Pacific coast."""
    here = now.astimezone(_PACIFIC)
    midnight = datetime.combine(here.date() + timedelta(days=1), time(), _PACIFIC)
    return (midnight.astimezone(UTC) - now).total_seconds()


def duration_s(duration: Any) -> float | None:
    """Protobuf's JSON form of a duration, such as ``"7s"`` or ``"7.5s"``."""
    match = _DURATION.fullmatch(str(duration))
    return float(match[1]) if match else None


def _seconds_in_words(text: str) -> float | None:
    """The same as a sentence: ``Please retry in 1h2m3.5s``."""
    match = _IN_WORDS.search(text)
    if match is None or not any(match.groups()):
        return None
    hours, minutes, rest, unit = match.groups()
    last = float(rest or 0) / (1000 if unit and unit.lower() == "ms" else 1)
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + last


# What a message says where the reason says nothing, or is not known here.
_REASON_WORDS = (
    (re.compile(r"recit|copyright|published", re.IGNORECASE), "RECITATION"),
    (re.compile(r"prohibited|policy|violat", re.IGNORECASE), "PROHIBITED_CONTENT"),
    (re.compile(r"safety|harm|unsafe", re.IGNORECASE), "SAFETY"),
    (re.compile(r"language", re.IGNORECASE), "LANGUAGE"),
    (re.compile(r"personal(?:ly)? |\bspii\b|\bpii\b", re.IGNORECASE), "SPII"),
    (re.compile(r"thought.?signature", re.IGNORECASE), "MISSING_THOUGHT_SIGNATURE"),
)
_VAGUE = frozenset(
    {"OTHER", "FINISH_REASON_UNSPECIFIED"}
    | {"BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED"}
)
_UNSAFE_CHARS = re.compile(r"[^A-Z0-9_]+")
REASON_CHARS = 40


def finish_error(reason: str, message: str = "") -> GeminiError:
    """Why an answer is not whole; ``message`` is Google's, and read only."""
    known = FINISHES.get(reason)
    # A reason that is new, or says nothing, often comes with a sentence that names an old one.
    if known is None or reason in _VAGUE:
        known = FINISHES.get(_reason_in_words(message), known)
    if known is None:
        name = _safe_reason(reason)
        sentence = f"Gemini stopped for a reason that is new to this server: {name}."
        known = ("stopped", f"{sentence} Ask again, or put the question differently.")
    return GeminiError(*known)


def block_error(reason: str, message: str = "") -> GeminiError:
    """Why a prompt was not answered at all; ``message`` is Google's, and read only."""
    known = BLOCKS.get(reason)
    if known is None or reason in _VAGUE:
        known = BLOCKS.get(_reason_in_words(message), known)
    if known is None:
        name = _safe_reason(reason)
        sentence = f"Google does not answer this question: {name}, a reason new to this"
        known = ("blocked", f"{sentence} server. Put it differently.")
    return GeminiError(*known)


def _reason_in_words(message: str) -> str:
    return next((reason for words, reason in _REASON_WORDS if words.search(message)), "")


def _safe_reason(reason: str) -> str:
    """A reason's name as it can be shown, whatever stood in its place."""
    return _UNSAFE_CHARS.sub("_", reason.upper()).strip("_")[:REASON_CHARS] or "no reason given"
