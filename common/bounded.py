"""Texts of unknown length, of which as much is kept as anybody can use again."""

from __future__ import annotations

ANSWER_MAX_CHARS = 2 * 1024 * 1024
"""Of one answer, for the next turn and for other agents; models write a tenth of that at most."""


class BoundedText:
    """The beginning of a text that comes in pieces.

    Args:
        limit: in characters; what comes after that is dropped.
    """

    def __init__(self, limit: int = ANSWER_MAX_CHARS) -> None:
        self._room = limit
        self._pieces: list[str] = []

    def append(self, piece: str) -> None:
        if self._room > 0:
            piece = piece[: self._room]
            self._room -= len(piece)
            self._pieces.append(piece)

    def clear(self) -> None:
        """Begin anew; the limit counts what was cleared, too."""
        self._pieces.clear()

    def __str__(self) -> str:
        return "".join(self._pieces)


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in a text: spaces, and characters without width."""
    return not any(sign.isprintable() and not sign.isspace() for sign in text)
