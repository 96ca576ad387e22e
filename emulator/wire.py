"""JSON, frames and errors as Google writes them.

Source: the recordings. A stream is ``data: {json}`` frames parted by CRLF CRLF, with no comments,
no event names and no ``[DONE]``; an error is ``{"error": {code, message, status, details?}}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

SSE = "text/event-stream"
JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=UTF-8"
GOOGLE_TYPE = "type.googleapis.com/google.rpc."
# Of each status Google's name and the usual message.
DEFAULTS = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: (
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential.",
    ),
    403: ("PERMISSION_DENIED", "The caller does not have permission"),
    404: ("NOT_FOUND", "Requested entity was not found."),
    429: ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    500: (
        "INTERNAL",
        "An internal error has occurred. Please retry or report in "
        "https://developers.generativeai.google/guide/troubleshooting",
    ),
    503: (
        "UNAVAILABLE",
        "This model is currently experiencing high demand. Spikes in demand are usually "
        "temporary. Please try again later.",
    ),
    504: ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}
_RATE_LIMITS = "https://ai.google.dev/gemini-api/docs/rate-limits"
_FREE_TIER = "generativelanguage.googleapis.com/generate_content_free_tier_"


def pretty(value: Any) -> bytes:
    """JSON as whole answers hold it: indented, with a line end."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def compact(value: Any) -> bytes:
    """JSON as frames hold it: a space after the colon, none after the comma."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ": ")).encode()


def sse_frame(payload: bytes) -> bytes:
    """One frame of a stream."""
    return b"data: " + payload + b"\r\n\r\n"


def merged(frames: Iterable[bytes]) -> bytes:
    """The unary answer that is the same as these frames of a stream."""
    whole: dict[str, Any] = {}
    candidate: dict[str, Any] = {}
    parts: list[dict[str, Any]] = []
    for frame in frames:
        body = json.loads(frame)
        for piece in body.pop("candidates", []):
            for part in piece.pop("content", {}).get("parts", []):
                _append(parts, part)
            candidate |= piece
        whole |= body
    parts = [part for part in parts if part.get("text") != "" or "thoughtSignature" in part]
    if parts:
        candidate = {"content": {"parts": parts, "role": "model"}} | candidate
    return pretty(({"candidates": [candidate]} if candidate else {}) | whole)


def _append(parts: list[dict[str, Any]], part: dict[str, Any]) -> None:
    """Neighbouring texts of one kind become one part; an empty last text lends its signature."""
    last = parts[-1] if parts else {}
    if "text" in part and "text" in last and part.get("thought") == last.get("thought"):
        parts[-1] = last | part | {"text": last["text"] + part["text"]}
    else:
        parts.append(part)


class Refusal(Exception):
    """An error Google would answer with; ``body`` is the whole envelope.

    Args:
        status: the HTTP status.
        message: Google's sentence; the usual one of the status if empty.
        details: typed objects beside the sentence, such as ``ErrorInfo``.
        name: the name of the status where it is not the usual one.
    """

    def __init__(
        self,
        status: int,
        message: str = "",
        details: list[dict[str, Any]] | None = None,
        *,
        name: str = "",
    ) -> None:
        usual_name, usual_message = DEFAULTS.get(status, ("UNKNOWN", "Unknown error."))
        super().__init__(message or usual_message)
        self.status = status
        error = {"code": status, "message": str(self), "status": name or usual_name}
        if details:
            error["details"] = details
        self.body = pretty({"error": error})


def error_info(reason: str, **metadata: str) -> dict[str, Any]:
    """The detail of an error that names its reason."""
    info = {"reason": reason, "domain": "googleapis.com", "metadata": metadata}
    return {"@type": f"{GOOGLE_TYPE}ErrorInfo"} | info


def quota_error(
    model: str, retry_s: float, *, limit: int = 20, per: str = "Minute", billing: bool = True
) -> Refusal:
    """Google's 429 with Help, QuotaFailure and RetryInfo.

    Args:
        model: the id of the model whose quota is spent.
        retry_s: seconds after which to try again.
        limit: how many requests there may be `per` "Minute" or "Day".
        billing: False for a key without billing, whose model has no free tier: then the limit is
            0, of requests and of tokens, and no ``quotaValue`` says so.
    """
    quotas = {"requests": f"GenerateRequestsPer{per}PerProjectPerModel"}
    if not billing:
        limit = 0
        quotas = {
            "requests": "GenerateRequestsPerDayPerProjectPerModel",
            "input_token_count": "GenerateContentInputTokensPerModelPerMinute",
        }
    exceeded = "".join(
        f"\n* Quota exceeded for metric: {_FREE_TIER}{metric}, limit: {limit}, model: {model}"
        for metric in quotas
    )
    violations = [
        {
            "quotaMetric": _FREE_TIER + metric,
            "quotaId": f"{quota}-FreeTier",
            "quotaDimensions": {"model": model, "location": "global"},
            **({"quotaValue": str(limit)} if billing else {}),
        }
        for metric, quota in quotas.items()
    ]
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more "
        f"information on this error, head to: {_RATE_LIMITS}. To monitor your current usage, head "
        f"to: https://ai.dev/rate-limit. {exceeded}\nPlease retry in {retry_s:.9f}s."
    )
    link = {"description": "Learn more about Gemini API quotas", "url": _RATE_LIMITS}
    return Refusal(
        429,
        message,
        [
            {"@type": f"{GOOGLE_TYPE}Help", "links": [link]},
            {"@type": f"{GOOGLE_TYPE}QuotaFailure", "violations": violations},
            {"@type": f"{GOOGLE_TYPE}RetryInfo", "retryDelay": f"{retry_s:g}s"},
        ],
    )
