"""Files that come with a request, and what can be known of them without a model."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pymediainfo import MediaInfo

from emulator import media, signatures
from emulator.errors import Refusal

UNKNOWN_SECONDS = 60.0
FIRST_WORDS = 12
_UPLOADABLE = ("application", "audio", "font", "image", "message", "model", "text", "video")
_READABLE = (
    *("application/pdf", "application/json", "application/xml", "application/rtf"),
    *("application/x-javascript", "application/x-python", "application/x-ipynb+json"),
)
_PICTURES = ("png", "jpeg", "jpg", "webp", "heic", "heif", "gif", "bmp")
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/x-javascript")
_PAGE = re.compile(rb"/Type\s*/Page(?![s\w])")
_YOUTUBE = re.compile(r"https://(?:(?:www\.|m\.|music\.)?youtube\.com|youtu\.be)/")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s", re.ASCII)


def modality_of(mime_type: str) -> str:
    """What Google counts such a file under: TEXT, IMAGE, AUDIO, VIDEO or DOCUMENT."""
    main = mime_type.partition("/")[0].lower()
    if main in ("image", "audio", "video"):
        return main.upper()
    return "DOCUMENT" if mime_type.lower() == "application/pdf" else "TEXT"


def can_be_uploaded(mime_type: str) -> bool:
    """Whether the Files API takes such a file."""
    main, _, sub = mime_type.lower().partition("/")
    return main in _UPLOADABLE and bool(sub)


def can_be_read(mime_type: str) -> bool:
    """Whether a model takes such a file; what it can do with it is another matter."""
    main, _, sub = mime_type.lower().partition(";")[0].partition("/")
    if main == "image":
        return sub in _PICTURES
    return main in ("audio", "text", "video") or f"{main}/{sub}" in _READABLE


@dataclass(frozen=True)
class Facts:
    """What was read from a file; nought or empty where it does not apply or cannot be read."""

    width: int = 0  # in pixels
    height: int = 0
    seconds: float = 0.0
    pages: int = 0
    text: str = ""

    def __str__(self) -> str:
        """In words: ``64 x 32 pixels``, ``3 pages``, ``2.5 seconds``."""
        if self.width:
            return f"{self.width} x {self.height} pixels"
        if self.pages:
            return f"{self.pages} page{'' if self.pages == 1 else 's'}"
        if self.seconds:
            return f"{self.seconds:.1f} seconds"
        if words := self.text.split():
            return f"{len(words):,} words, beginning: “{' '.join(words[:FIRST_WORDS])}”"
        return ""


def read_facts(mime_type: str, data: bytes) -> Facts:
    """The facts of a file; its type decides how it is read, its bytes whether it can be."""
    match modality_of(mime_type):
        case "IMAGE":
            return Facts(*media.size(data))
        case "AUDIO" | "VIDEO":
            return Facts(seconds=_seconds_played(data))
        case "DOCUMENT":
            return Facts(pages=len(_PAGE.findall(data)))
    is_text = mime_type.startswith(_TEXT_TYPES)
    return Facts(text=data.decode(errors="replace") if is_text else "")


def _seconds_played(data: bytes) -> float:
    """How long a film or a sound plays; 0 where that cannot be known."""
    general = MediaInfo.parse(io.BytesIO(data)).general_tracks
    return float(general[0].duration or 0) / 1000 if general else 0.0


@dataclass(frozen=True)
class Attachment:
    """A file that came with the request: its bytes, or the address it lies at."""

    mime_type: str
    data: bytes | None
    uri: str = ""
    name: str = ""
    start: float = 0.0  # of the part of a film that is asked for, in seconds
    end: float | None = None

    @property
    def modality(self) -> str:
        return modality_of(self.mime_type)

    @cached_property
    def facts(self) -> Facts:
        return read_facts(self.mime_type, self.data or b"")

    def __str__(self) -> str:
        """One line about the file, of what can be read without a model."""
        kind = f"`{self.mime_type or 'unknown type'}`"
        if self.data is not None:
            named = f" ({self.name})" if self.name else ""
            facts = str(self.facts)
            return f"{kind}{named}, {len(self.data):,} bytes" + (f", {facts}" if facts else "")
        if not self.uri:
            return f"{kind} that could not be decoded"
        part = ""
        if self.start or self.end is not None:
            end = "" if self.end is None else f" to {self.end:g}"
            part = f", from second {self.start:g}{end}"
        return f"{kind} at {self.uri}{part}, which was not fetched"

    @property
    def is_youtube(self) -> bool:
        return _YOUTUBE.match(self.uri) is not None

    @property
    def seconds(self) -> float:
        """Of sound and film, the part of it that is asked for; what is not known lasts a minute."""
        whole = self.facts.seconds or (UNKNOWN_SECONDS if self.is_youtube else 0.0)
        if self.is_youtube:
            whole = max(whole, self.end or self.start + UNKNOWN_SECONDS)
        return max(0.0, min(whole, self.end or whole) - self.start)


# What lies at an address that was uploaded to; None for any other address.
FindUpload = Callable[[str], Attachment | None]


def attachment_of(part: dict[str, Any], find_upload: FindUpload) -> Attachment | None:
    """The file in a part, or None; an address that was uploaded to brings its bytes along.

    Raises:
        Refusal: an upload is not there for whoever names it, or is not ready; or a duration is not
            written as ``"90s"``.
    """
    if inline := part.get("inlineData"):
        data = signatures.decoded(str(inline.get("data", "")))
        return Attachment(str(inline.get("mimeType", "")), data)
    if file := part.get("fileData"):
        uri = str(file.get("fileUri", ""))
        known = find_upload(uri) or Attachment(str(file.get("mimeType", "")), None, uri)
        metadata = part.get("videoMetadata") or {}
        start, end = (
            _seconds_of(metadata.get("startOffset")),
            _seconds_of(metadata.get("endOffset")),
        )
        return replace(known, start=start or 0.0, end=end)
    return None


def _seconds_of(duration: object) -> float | None:
    if duration is None:
        return None
    seconds = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    if seconds is None:
        problem = "Illegal duration format; duration must end with 's'"
        raise Refusal(400, f"Invalid value at 'video_metadata' (Duration), {problem}")
    return float(seconds[1])
