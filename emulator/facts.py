"""What can be known about a file without a model: sizes, pages, seconds, the first words."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from emulator import png

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
        width, height = image_size(data) or (0, 0)
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


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF, JPEG or WebP; None for anything else."""
    if data.startswith(png.SIGNATURE):
        return png.size(data)
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return width, height
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_size(data)
    return _jpeg_size(data) if data.startswith(b"\xff\xd8") else None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        return None
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        sides = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        return next(sides), next(sides)
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None


def _wav_seconds(data: bytes) -> float:
    """How long a WAV plays, from its header; 0 for other kinds of sound."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return 0.0
    at, per_second = 12, 0
    while at + 8 <= len(data):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"fmt ":
            per_second = int.from_bytes(data[at + 16 : at + 20], "little")
        elif kind == b"data":
            length = min(length, len(data) - at - 8)  # a stream's header may promise more
            return length / per_second if per_second else 0.0
        at += 8 + length + length % 2
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
