"""Gemini speaks in headerless PCM; a browser wants a file."""

from __future__ import annotations

import io
import re
import wave

_PCM = re.compile(r"^audio/(?:L16|pcm)\b", re.IGNORECASE)
_RATE = re.compile(r"rate=(\d{4,6})", re.IGNORECASE)
DEFAULT_RATE_HZ = 24_000


def is_pcm(mime_type: str) -> bool:
    """Whether this is 16-bit mono PCM, such as ``audio/L16;codec=pcm;rate=24000``."""
    return bool(_PCM.match(mime_type))


class Recorder:
    """Collects the pieces of one spoken answer."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._rate_hz = DEFAULT_RATE_HZ

    def add(self, mime_type: str, data: bytes) -> None:
        # Kept from an earlier piece where one does not say it: at a wrong rate a voice is too deep
        # or too high.
        if rate := _RATE.search(mime_type):
            self._rate_hz = int(rate[1])
        self._pieces.append(data)

    def __bool__(self) -> bool:
        """Whether there was any sound."""
        return bool(self._pieces)

    def wav(self) -> bytes | None:
        """The whole answer as a WAV file; None if nothing was said."""
        if not self._pieces:
            return None
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(self._rate_hz)
            writer.writeframes(b"".join(self._pieces))
        return file.getvalue()
