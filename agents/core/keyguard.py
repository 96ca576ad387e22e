"""Keeps a key out of what a model says, though the model can know it: from an echo, from a prompt.

``FrameReader`` removes a key that stands whole in a frame, in whatever field. Streamed text can
also have it cut in two: so what might be the beginning of the key waits for what follows.
"""

from __future__ import annotations

REMOVED = "[removed key]"


class KeyGuard:
    """Removes one key from one streamed text."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._held = ""

    def feed(self, text: str) -> str:
        """``text`` without the key, and without an end that may turn out to be its beginning."""
        if self._held:
            text, self._held = self._held + text, ""
        text = text.replace(self._key, REMOVED)
        start = text.find(self._key[0], max(0, len(text) - len(self._key) + 1))
        while start >= 0:
            if self._key.startswith(text[start:]):
                self._held = text[start:]
                return text[:start]
            start = text.find(self._key[0], start + 1)
        return text

    def end(self) -> str:
        """What was held back and is no key after all."""
        held, self._held = self._held, ""
        return held
