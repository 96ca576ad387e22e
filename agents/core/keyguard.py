"""Keeps keys out of what a model says, though it can know them: from an echo, from a prompt.

``FrameReader`` removes a key that stands whole in a frame, in whatever field. Streamed text can
also have it cut in two: so what might be the beginning of the key waits for what follows.
"""

from __future__ import annotations

REMOVED = "[removed key]"


class KeyGuard:
    """Removes the keys of a run from one streamed text."""

    def __init__(self, *keys: str) -> None:
        self._keys = keys
        self._held = ""

    def feed(self, text: str) -> str:
        """``text`` without the keys, and without an end that may turn out to begin one."""
        if self._held:
            text, self._held = self._held + text, ""
        for key in self._keys:
            text = text.replace(key, REMOVED)
        start = min(_beginning(key, text) for key in self._keys)
        self._held = text[start:]
        return text[:start]

    def end(self) -> str:
        """What was held back and is no key after all."""
        held, self._held = self._held, ""
        return held


def _beginning(key: str, text: str) -> int:
    """Where the end of ``text`` begins that may be the beginning of ``key``."""
    start = text.find(key[0], max(0, len(text) - len(key) + 1))
    while start >= 0:
        if key.startswith(text[start:]):
            return start
        start = text.find(key[0], start + 1)
    return len(text)
