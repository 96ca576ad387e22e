"""Vectors for texts: the same for the same words, nearer the more words two texts share."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

from emulator import wire
from emulator.calls import texts_of
from emulator.scenario import Reply
from emulator.wire import Refusal

USUAL_SIZE = 3072
_WORD = re.compile(r"\w+")


def reply(action: str, body: dict[str, Any]) -> Reply:
    """The answer to embedContent or batchEmbedContents.

    Raises:
        Refusal: nothing to embed, or a size that cannot be had.
    """
    if action == "embedContent":
        answer: dict[str, Any] = {"embedding": _embedding(body)}
    else:
        asked = body.get("requests")
        if not isinstance(asked, list) or not asked:
            raise Refusal(400, "* BatchEmbedContentsRequest.requests: requests is not specified\n")
        answer = {"embeddings": [_embedding(one) for one in asked]}
    return Reply(body=wire.pretty(answer) + b"\n")


def _embedding(request: Any) -> dict[str, Any]:
    content = request.get("content") if isinstance(request, dict) else None
    if not isinstance(content, dict) or not content.get("parts"):
        raise Refusal(400, "* EmbedContentRequest.content: contents is not specified\n")
    config = request.get("embedContentConfig") or {}
    size = request.get("outputDimensionality") or config.get("outputDimensionality") or USUAL_SIZE
    if not isinstance(size, int) or not 1 <= size <= USUAL_SIZE:
        raise Refusal(400, f"output_dimensionality must be between 1 and {USUAL_SIZE}.")
    return {"values": vector(texts_of(content), size)}


def vector(text: str, size: int) -> list[float]:
    """A vector of length one: each word adds to a few places that its digest names."""
    values = [0.0] * size
    for word in _WORD.findall(text.lower()) or [text]:
        digest = hashlib.sha256(word.encode()).digest()
        for at in range(0, 32, 4):
            place = int.from_bytes(digest[at : at + 3], "big") % size
            values[place] += 1.0 if digest[at + 3] % 2 else -1.0
    length = math.sqrt(sum(value * value for value in values))
    if not length:
        return [1.0, *values[1:]]
    return [round(value / length, 8) for value in values]
