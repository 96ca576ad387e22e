"""How a stream can end other than well: early, broken, to be continued, or for another reason.

Each function takes the frames of a whole answer and gives those that are sent.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

from emulator.frames import FrameWriter, ratings
from emulator.wire import compact

_MALFORMED = ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL")


def first(frames: Iterable[bytes], count: int) -> Iterator[bytes]:
    """The first frames, but never one that ends the answer; thoughts come free if any come."""
    for frame in frames:
        if count <= 0 or b'"finishReason"' in frame:
            return
        count -= b'"thought": true' not in frame
        yield frame


def with_bad_json(frames: Iterable[bytes], after: int) -> Iterator[bytes]:
    """The frames with one broken one among them."""
    rest = iter(frames)
    yield from first(rest, after)
    yield b'{"candidates": [{"content": {"parts": [{"text": "cut'
    yield from rest


def continued(frames: Iterable[bytes], token: Any, count: int) -> Iterator[bytes]:
    """One of the `count` + 1 pieces of an answer too long for one request.

    Each but the last ends with a token that asks for the next. The same request without a token
    gets the same answer from its beginning, so a piece is known by its number alone.

    Source: ai.google.dev/gemini-api/docs/generate-content/long-decode. There only a request whose
    ``maxOutputTokens`` is beyond 65,536 is continued. Here the directive alone decides.
    """
    whole = list(frames)
    try:
        number = int(base64.b64decode(str(token or "")).removeprefix(b"part ") or 0)
    except ValueError:
        number = 0
    size = max(1, len(whole) // (count + 1))
    if number >= min(count, len(whole) - 1):
        yield from whole[size * number :]
        return
    *pieces, last = whole[size * number : size * (number + 1)]
    yield from pieces
    body = json.loads(last)
    following = base64.b64encode(f"part {number + 1}".encode()).decode()
    body["candidates"][0] |= {"finishReason": "CONTINUATION", "continuationToken": following}
    yield compact(body)


def finished(
    frames: Iterable[bytes], writer: FrameWriter, reason: str, after: int | None
) -> Iterator[bytes]:
    """The first frames of the answer, then one that ends it for the reason given.

    `after` is how many come before; None is the usual: none where a call was malformed, else two.
    """
    usual = 0 if reason in _MALFORMED else 2
    yield from first(frames, usual if after is None else after)
    if reason == "MAX_TOKENS":
        yield writer.part({"text": "and then"}, finish=reason)
    elif reason == "SAFETY":
        blocked = [rating | {"blocked": True} for rating in ratings("HIGH")[1:2]]
        yield writer.candidate({"content": {}}, reason, safetyRatings=blocked)
    elif reason == "RECITATION":
        source = {"startIndex": 0, "endIndex": 40, "uri": "https://www.example.com/"}
        yield writer.candidate({}, reason, citationMetadata={"citationSources": [source]})
    elif reason in _MALFORMED:
        problem = "Malformed function call: print(default_api.ask_text_agent(task=["
        yield writer.candidate({}, reason, finishMessage=problem)
    else:
        yield writer.candidate({}, reason)
