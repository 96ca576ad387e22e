"""Google's words on the wire: frames of a stream, error envelopes, and how they become bytes.

Source: the recordings. A stream is ``data: {json}`` frames parted by CRLF CRLF, with no comments,
no event names and no ``[DONE]``; an error is ``{"error": {code, message, status, details?}}``.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from json.encoder import encode_basestring
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

    def __init__(self, status: int, message: str, details: list[dict[str, Any]] | None = None):
        super().__init__(message)
        self.status = status
        self.body = error_body(status, message, details)


def error_body(
    status: int, message: str | None = None, details: list[dict[str, Any]] | None = None
) -> bytes:
    """The error envelope, pretty-printed as Google does."""
    error: dict[str, Any] = {
        "code": status,
        "message": message or MESSAGES.get(status, "Unknown error."),
        "status": STATUS_NAMES.get(status, "UNKNOWN"),
    }
    if details:
        error["details"] = details
    return pretty({"error": error}) + b"\n"


def quota_error(model: str, retry_s: float) -> Refusal:
    """Google's 429 with Help, QuotaFailure and RetryInfo."""
    limits = "https://ai.google.dev/gemini-api/docs/rate-limits"
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more "
        f"information on this error, head to: {limits}. To monitor your current usage, head to: "
        f"https://ai.dev/rate-limit. \n* Quota exceeded for metric: {metric}, limit: 20, "
        f"model: {model}\nPlease retry in {retry_s:.9f}s."
    )
    violation = {
        "quotaMetric": metric,
        "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
        "quotaDimensions": {"model": model, "location": "global"},
        "quotaValue": "20",
    }
    google = "type.googleapis.com/google.rpc."
    return Refusal(
        429,
        message,
        [
            {
                "@type": f"{google}Help",
                "links": [{"description": "Learn more about Gemini API quotas", "url": limits}],
            },
            {"@type": f"{google}QuotaFailure", "violations": [violation]},
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


def tokens(chars: int) -> int:
    """A plain estimate: four characters are a token."""
    return -(-chars // 4)


@dataclass
class FrameWriter:
    """Writes the frames of one answer; usage is a running total, as Google sends it.

    Text frames are built by formatting, not by serialising objects: a load test sends thousands.
    """

    model_version: str
    prompt_tokens: int
    thought_tokens: int = 0
    tool_tokens: int = 0  # what Google's own tools read
    modality: str = ""  # of what was made, when it was not text
    response_id: str = field(default_factory=lambda: secrets.token_urlsafe(17))
    text_chars: int = 0
    media_tokens: int = 0

    def text(self, text: str) -> bytes:
        """A frame that carries a piece of the answer's text and nothing else."""
        self.text_chars += len(text)
        part = f'{{"text": {encode_basestring(text)}}}'
        content = f'{{"content": {{"parts": [{part}],"role": "model"}},"index": 0}}'
        return self._frame(content)

    def thought(self, text: str) -> bytes:
        self.thought_tokens += tokens(len(text))
        return self.part({"text": text, "thought": True})

    def part(self, part: dict[str, Any], *, finish: str = "", **extra: Any) -> bytes:
        """A frame with one part of any kind, with the finish reason if it is the last."""
        if "functionCall" in part:
            self.text_chars += len(str(part["functionCall"].get("args", ""))) + 24
        elif "inlineData" in part:
            self.media_tokens = 1290
        elif not part.get("thought"):
            self.text_chars += len(part.get("text", ""))
        return self.candidate({"content": {"parts": [part], "role": "model"}}, finish, **extra)

    def candidate(self, candidate: dict[str, Any], finish: str = "", **extra: Any) -> bytes:
        """A frame with the candidate given, which may have no content at all."""
        body = dict(candidate)
        if finish:
            body["finishReason"] = finish
        body |= {"index": 0} | extra
        return self._frame(compact(body).decode())

    def blocked(self, reason: str) -> bytes:
        """The only frame of a prompt that was refused: feedback, and no candidates."""
        feedback = {"blockReason": reason, "safetyRatings": ratings("HIGH")}
        body = {"promptFeedback": feedback, "usageMetadata": json.loads(self.usage())}
        return compact(body | {"modelVersion": self.model_version, "responseId": self.response_id})

    def _frame(self, candidate: str) -> bytes:
        return (
            f'{{"candidates": [{candidate}],"usageMetadata": {self.usage()},'
            f'"modelVersion": "{self.model_version}","responseId": "{self.response_id}"}}'
        ).encode()

    def usage(self) -> str:
        made = tokens(self.text_chars) + self.media_tokens
        total = self.prompt_tokens + made + self.thought_tokens + self.tool_tokens
        head = f'{{"promptTokenCount": {self.prompt_tokens},'
        if made:
            head += f'"candidatesTokenCount": {made},'
        tail = f'"totalTokenCount": {total},"promptTokensDetails": '
        tail += f'[{{"modality": "TEXT","tokenCount": {self.prompt_tokens}}}]'
        if self.media_tokens:
            detail = f'{{"modality": "{self.modality}","tokenCount": {self.media_tokens}}}'
            tail += f',"candidatesTokensDetails": [{detail}]'
        if self.tool_tokens:
            tail += f',"toolUsePromptTokenCount": {self.tool_tokens}'
        if self.thought_tokens:
            tail += f',"thoughtsTokenCount": {self.thought_tokens}'
        return head + tail + ',"serviceTier": "standard"}'


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
    if candidate:
        content = {"content": {"parts": list(_joined(parts)), "role": "model"}} if parts else {}
        whole = {"candidates": [content | candidate]} | whole
    return whole


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
