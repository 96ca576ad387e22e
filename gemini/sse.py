"""Reads Gemini's answer stream off its bytes. No I/O here.

The stream is server-sent events with one JSON object per ``data:`` line and no ``[DONE]``. When
Gemini fails in the middle of a stream it writes the error as bare, pretty-printed JSON after the
last event, without ``data:``.

Source: recorded traffic, 2025-11 to 2026-07.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


class BadSSE(ValueError):
    """Bytes that are no event. Carries no content: it may hold the model's words."""


class SSEDecoder:
    """Feed it bytes as they come, split anywhere; it returns the events that they complete.

    Texts in an event are as Gemini escaped them: half an emoji may stand at the end of one, and
    the other half at the beginning of the next.
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._bare: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The events that ``data`` completes.

        Raises:
            BadSSE: a ``data:`` line that holds no JSON object.
        """
        # Cut at the last line end, and at bytes: half a character at the end of a piece stays in
        # ``_rest``. ``splitlines`` of text would also cut at U+2028 and U+0085, which JSON may hold
        # as they are.
        ends, newline, rest = data.rpartition(b"\n")
        if not newline:  # a picture is one line of megabytes: joined once, not with each piece
            self._rest.append(data)
            return
        lines = b"".join([*self._rest, ends]).split(b"\n")
        self._rest = [rest]
        for line in lines:
            if (event := self._line(line)) is not None:
                yield event

    def close(self) -> Iterator[dict[str, Any]]:
        """What stood behind the last event: one cut off from its line end, or a bare error.

        Raises:
            BadSSE: something stood there that is no JSON object.
        """
        rest, self._rest = b"".join(self._rest), []
        if (event := self._line(rest)) is not None:
            yield event
        if self._bare:
            bare, self._bare = b"\n".join(self._bare), []
            yield _load(bare)

    def _line(self, line: bytes) -> dict[str, Any] | None:
        line = line.rstrip(b"\r")
        if line.startswith(b"data:"):
            return _load(line[5:])
        # A bare error has no ``data:`` and many lines, so it is complete only when the stream is.
        if line and not line.startswith((b":", b"event:", b"id:", b"retry:")):
            self._bare.append(line)
        return None


def _load(text: bytes) -> dict[str, Any]:
    try:
        event = json.loads(text)
    # RecursionError: brackets without end, from upstream or from a proxy that is none of ours.
    except (ValueError, RecursionError):
        raise BadSSE from None
    if isinstance(event, list) and len(event) == 1:  # as refusals of a stream come, too
        event = event[0]
    if not isinstance(event, dict):
        raise BadSSE
    return event
