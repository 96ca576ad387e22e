"""JSON and frames as Google writes them.

Source: the recordings. A stream is ``data: {json}`` frames parted by CRLF CRLF, with no comments,
no event names and no ``[DONE]``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

SSE = "text/event-stream"
JSON = "application/json; charset=UTF-8"
HTML = "text/html; charset=UTF-8"


def pretty(value: Any) -> bytes:
    """JSON as whole answers hold it: indented, with a line end."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def compact(value: Any) -> bytes:
    """JSON as frames hold it: a space after the colon, none after the comma."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ": ")).encode()


def sse_frame(payload: bytes) -> bytes:
    """One frame of a stream."""
    return b"data: " + payload + b"\r\n\r\n"


def merge(frames: Iterable[bytes]) -> dict[str, Any]:
    """The unary answer that is the same as these frames of a stream.

    Raises:
        ValueError: a frame is no JSON.
    """
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
    return ({"candidates": [candidate]} if candidate else {}) | whole


def _append(parts: list[dict[str, Any]], part: dict[str, Any]) -> None:
    """Neighbouring texts of one kind become one part; an empty last text lends its signature."""
    last = parts[-1] if parts else {}
    if "text" in part and "text" in last and part.get("thought") == last.get("thought"):
        parts[-1] = last | part | {"text": last["text"] + part["text"]}
    else:
        parts.append(part)
