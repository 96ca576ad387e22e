"""Google's words on the wire: error envelopes, frames merged to one answer, and their bytes.

Source: the recordings. A stream is ``data: {json}`` frames parted by CRLF CRLF, with no comments,
no event names and no ``[DONE]``; an error is ``{"error": {code, message, status, details?}}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

SSE = "text/event-stream"
JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=UTF-8"

STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
MESSAGES = {
    400: "Request contains an invalid argument.",
    401: (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential."
    ),
    403: "The caller does not have permission",
    404: "Requested entity was not found.",
    500: (
        "An internal error has occurred. Please retry or report in "
        "https://developers.generativeai.google/guide/troubleshooting"
    ),
    503: (
        "This model is currently experiencing high demand. Spikes in demand are usually temporary. "
        "Please try again later."
    ),
    504: "Deadline expired before operation could complete.",
}


class Refusal(Exception):
    """An error Google would answer with; ``body`` is the whole envelope."""

    def __init__(
        self,
        status: int,
        message: str,
        details: list[dict[str, Any]] | None = None,
        *,
        name: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(status, message, details, name=name)


def error_body(
    status: int,
    message: str | None = None,
    details: list[dict[str, Any]] | None = None,
    *,
    name: str = "",
) -> bytes:
    """The error envelope, pretty-printed as Google does; `name` is an unusual word for it."""
    error: dict[str, Any] = {
        "code": status,
        "message": message or MESSAGES.get(status, "Unknown error."),
        "status": name or STATUS_NAMES.get(status, "UNKNOWN"),
    }
    if details:
        error["details"] = details
    return pretty({"error": error}) + b"\n"


_RATE_LIMITS = "https://ai.google.dev/gemini-api/docs/rate-limits"
_METRIC = "generativelanguage.googleapis.com/generate_content_free_tier_"


def quota_error(model: str, retry_s: float, limit: int = 20, per: str = "Minute") -> Refusal:
    """Google's 429 with Help, QuotaFailure and RetryInfo; `per` is Minute or Day."""
    metric = f"{_METRIC}requests"
    violation = _violation(f"GenerateRequestsPer{per}PerProjectPerModel", metric, model)
    return _exhausted([f"{metric}, limit: {limit}, model: {model}"], retry_s, [
        violation | {"quotaValue": str(limit)}
    ])  # fmt: skip


def no_quota_error(model: str, retry_s: float = 18.0) -> Refusal:
    """Google's 429 for a model that has no free tier, to a key without billing: a limit of nought
    of requests and of tokens, no ``quotaValue``, and a delay that is no use. Source: public
    reports of 2026.
    """
    requests, tokens = f"{_METRIC}requests", f"{_METRIC}input_token_count"
    return _exhausted(
        [f"{metric}, limit: 0, model: {model}" for metric in (requests, tokens)],
        retry_s,
        [
            _violation("GenerateRequestsPerDayPerProjectPerModel", requests, model),
            _violation("GenerateContentInputTokensPerModelPerMinute", tokens, model),
        ],
    )


def _violation(quota: str, metric: str, model: str) -> dict[str, Any]:
    dimensions = {"model": model, "location": "global"}
    return {
        "quotaMetric": metric,
        "quotaId": f"{quota}-FreeTier",
        "quotaDimensions": dimensions,
    }


def _exhausted(exceeded: list[str], retry_s: float, violations: list[dict[str, Any]]) -> Refusal:
    lines = "".join(f"\n* Quota exceeded for metric: {line}" for line in exceeded)
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more "
        f"information on this error, head to: {_RATE_LIMITS}. To monitor your current usage, head "
        f"to: https://ai.dev/rate-limit. {lines}\nPlease retry in {retry_s:.9f}s."
    )
    google = "type.googleapis.com/google.rpc."
    link = {"description": "Learn more about Gemini API quotas", "url": _RATE_LIMITS}
    return Refusal(
        429,
        message,
        [
            {"@type": f"{google}Help", "links": [link]},
            {"@type": f"{google}QuotaFailure", "violations": violations},
            {"@type": f"{google}RetryInfo", "retryDelay": f"{retry_s:g}s"},
        ],
    )


def pretty(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


def compact(value: Any) -> bytes:
    """JSON with Google's spacing: a space after the colon, none after the comma."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ": ")).encode()


def sse_frame(payload: bytes) -> bytes:
    return b"data: " + payload + b"\r\n\r\n"


def ratings(hate_speech: str) -> list[dict[str, Any]]:
    categories = ("SEXUALLY_EXPLICIT", "HATE_SPEECH", "HARASSMENT", "DANGEROUS_CONTENT")
    return [
        {
            "category": f"HARM_CATEGORY_{category}",
            "probability": hate_speech if category == "HATE_SPEECH" else "NEGLIGIBLE",
        }
        for category in categories
    ]


def merge(frames: Iterable[bytes]) -> dict[str, Any]:
    """The unary answer that says the same as these frames of a stream."""
    whole: dict[str, Any] = {}
    candidate: dict[str, Any] = {}
    parts: list[dict[str, Any]] = []
    for frame in frames:
        body = json.loads(frame)
        for found in body.pop("candidates", []):
            parts += found.pop("content", {}).get("parts", [])
            candidate |= found
        whole |= body
    if parts:
        candidate = {"content": {"parts": list(_joined(parts)), "role": "model"}} | candidate
    return ({"candidates": [candidate]} if candidate else {}) | whole


def _joined(parts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Neighbouring texts of one kind become one part; an empty last text lends its signature."""
    held: dict[str, Any] | None = None
    for part in parts:
        is_text = "text" in part
        if held and is_text and held.get("thought") == part.get("thought"):
            held |= {key: value for key, value in part.items() if key != "text"}
            held["text"] += part["text"]
            continue
        if held and (held["text"] or "thoughtSignature" in held):
            yield held
        held = dict(part) if is_text else None
        if held is None:
            yield part
    if held and (held["text"] or "thoughtSignature" in held):
        yield held
