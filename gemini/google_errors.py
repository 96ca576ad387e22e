"""Google's errors become ours here. Its text is read, never passed on: it can hold the key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gemini.error_rules import RULES
from gemini.errors import GeminiError
from gemini.quota_errors import quota_error

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


def agent_error(status: int, body: Any) -> GeminiError:
    """Our error for an HTTP ``status`` and Google's error ``body`` (any JSON, or None)."""
    error = _error_of(body)
    details = _objects(error.get("details"))
    text = _text_of(error, details)
    reasons = {str(detail.get("reason")).upper() for detail in details if detail.get("reason")}
    for rule in RULES:
        if rule.fits(status, reasons, text):
            return GeminiError(rule.code, rule.message, about=[*_about(text)])
    if status == 429:
        return quota_error(details, text)
    if status in _BY_STATUS:
        return GeminiError(_BY_STATUS[status])
    return GeminiError("bad_request" if 400 <= status < 500 else "upstream_error")


def error_in_stream(frame: dict[str, Any]) -> GeminiError:
    """Our error for an error object that arrived inside a stream that began well."""
    error = _error_of(frame)
    code = error.get("code")
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code[:4])
    if not isinstance(code, int) or isinstance(code, bool) or not 100 <= code <= 599:
        code = _STATUS_NAMES.get(str(error.get("status")).upper(), 500)
    return agent_error(code, frame)


def _error_of(body: Any) -> dict[str, Any]:
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return {}
    error = body.get("error", body)  # of a body that is no JSON, the SDK makes a bare message
    return error if isinstance(error, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    value = [value] if isinstance(value, dict) else value
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text_of(error: dict[str, Any], details: list[dict[str, Any]]) -> str:
    """All that Google says about an error, for rules to look at; short, because they search."""
    said = [error.get("message"), *(detail.get("message") for detail in details)]
    texts = [text for text in said if isinstance(text, str)]
    return " ".join(" ".join(texts).split())[:4000]


def _about(text: str) -> Iterator[str]:
    """What the words say of the file: MIME types, kinds, ids at Google."""
    yield from (found.lower() for found in _MIME.findall(text))
    yield from (f"files/{found.lower()}" for found in _FILE_ID.findall(text))
    if re.search(r"\bprovided url", text, re.IGNORECASE):
        yield "address"
    yield from (kind for kind, words in _KIND_WORDS.items() if words.search(text))
