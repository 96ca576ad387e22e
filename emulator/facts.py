"""What can be known about a file without a model: sizes, pages, seconds, the first words."""

from __future__ import annotations

import io
import re
import wave
from dataclasses import dataclass

from emulator import media

_PAGE = re.compile(rb"/Type\s*/Page(?![s\w])")
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/x-javascript")
FIRST_WORDS = 12
_UPLOADABLE = ("application", "audio", "font", "image", "message", "model", "text", "video")
_READABLE = (
    *("application/pdf", "application/json", "application/xml", "application/rtf"),
    *("application/x-javascript", "application/x-python", "application/x-ipynb+json"),
)
_PICTURES = ("png", "jpeg", "jpg", "webp", "heic", "heif", "gif", "bmp")


@dataclass(frozen=True)
class Facts:
    """What was read from a file; nought or empty where it does not apply or cannot be read."""

    kind: str  # a modality of Google's: TEXT, IMAGE, AUDIO, VIDEO or DOCUMENT
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    pages: int = 0
    words: int = 0
    chars: int = 0
    first_words: str = ""

    def told(self) -> str:
        """The facts in words: ``64 x 32 pixels``, ``3 pages``, ``2.5 seconds``."""
        if self.width:
            return f"{self.width} x {self.height} pixels"
        if self.pages:
            return f"{self.pages} page{'' if self.pages == 1 else 's'}"
        if self.seconds:
            return f"{self.seconds:.1f} seconds"
        if self.first_words:
            return f"{self.words:,} words, beginning: “{self.first_words}”"
        return ""


def kind_of(mime_type: str) -> str:
    """The modality that Google counts such a file under."""
    main = mime_type.partition("/")[0].lower()
    if main in ("image", "audio", "video"):
        return main.upper()
    return "DOCUMENT" if mime_type.lower() == "application/pdf" else "TEXT"


def can_be_uploaded(mime_type: str) -> bool:
    main, _, sub = mime_type.lower().partition("/")
    return main in _UPLOADABLE and bool(sub)


def can_be_read(mime_type: str) -> bool:
    """Whether a model takes such a file; what it can do with it is another matter."""
    main, _, sub = mime_type.lower().partition(";")[0].partition("/")
    if main == "image":
        return sub in _PICTURES
    return main in ("audio", "text", "video") or f"{main}/{sub}" in _READABLE


def read(mime_type: str, data: bytes) -> Facts:
    """The facts of a file; its type decides how it is read, its bytes whether it can be."""
    kind = kind_of(mime_type)
    if kind == "IMAGE":
        width, height = media.size(data) or (0, 0)
        return Facts(kind, width, height)
    if kind == "AUDIO":
        return Facts(kind, seconds=_wav_seconds(data))
    if kind == "VIDEO":
        return Facts(kind, seconds=_mp4_seconds(data))
    if kind == "DOCUMENT":
        return Facts(kind, pages=len(_PAGE.findall(data)))
    if not mime_type.startswith(_TEXT_TYPES):
        return Facts(kind)
    words = data.decode(errors="replace").split()
    first = " ".join(words[:FIRST_WORDS])
    return Facts(
        kind, words=len(words), chars=len(data.decode(errors="replace")), first_words=first
    )


def _wav_seconds(data: bytes) -> float:
    """How long a WAV plays; the header of a stream may promise more than came. 0 for others."""
    try:
        with wave.open(io.BytesIO(data)) as sound:
            frame_bytes: int = sound.getnchannels() * sound.getsampwidth()
            frames = min(sound.getnframes(), len(data) // frame_bytes)
            return float(frames / sound.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return 0.0


def _mp4_seconds(data: bytes) -> float:
    """How long an MP4 plays, from its movie header; 0 where none is found."""
    at = data.find(b"mvhd")
    if at < 0 or at + 24 > len(data):
        return 0.0
    wide = data[at + 4] == 1  # version 1 has times of eight bytes
    place = at + (24 if wide else 16)
    scale = int.from_bytes(data[place : place + 4], "big")
    length = int.from_bytes(data[place + 4 : place + (12 if wide else 8)], "big")
    return length / scale if scale else 0.0
