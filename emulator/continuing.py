"""Answers that are too long for one request: each part but the last ends with a token.

Source: ai.google.dev/gemini-api/docs/generate-content/long-decode. There only a request whose
``maxOutputTokens`` is beyond 65,536 is continued; others end with ``MAX_TOKENS``. Here the
directive alone decides.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any


def part(frames: Iterable[bytes], token: Any, count: int) -> Iterator[bytes]:
    """The part of an answer that a request with this ``token`` gets, of ``count`` + 1 parts.

    The same request without a token gets the same answer from its beginning, so a part is found
    by its number.
    """
    whole = list(frames)
    number = _number(token)
    size = max(1, len(whole) // (count + 1))
    if number >= count:
        yield from whole[size * number :]
        return
    chosen = whole[size * number : size * (number + 1)]
    yield from chosen[:-1]
    for last in chosen[-1:]:
        yield _continued(last, number + 1)


def _continued(frame: bytes, number: int) -> bytes:
    body = json.loads(frame)
    token = base64.b64encode(f"part {number}".encode()).decode()
    body["candidates"][0] |= {"finishReason": "CONTINUATION", "continuationToken": token}
    return json.dumps(body, ensure_ascii=False, separators=(",", ": ")).encode()


def _number(token: Any) -> int:
    try:
        return int(base64.b64decode(str(token or "")).removeprefix(b"part ") or 0)
    except ValueError:
        return 0
