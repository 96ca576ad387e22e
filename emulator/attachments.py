"""Files that come with a request: what can be known of them without a model, and their tokens.

The figures are Google's (ai.google.dev, "Understand and count tokens" and "Media resolution"; the
recordings agree): a picture 258, since Gemini 3 1,120; a page 258, since Gemini 3 560, and then
counted as a picture; sound 32 a second; film 263 a second, since Gemini 3 70. A file whose length
cannot be read counts as one second or one page.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pymediainfo import MediaInfo

from emulator import media, signatures
from emulator.wire import Refusal

UNKNOWN_SECONDS = 60.0
FIRST_WORDS = 12
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


def can_be_read(mime_type: str) -> bool:
    """Whether a model takes such a file; what it can do with it is another matter."""
    main, _, sub = mime_type.lower().partition(";")[0].partition("/")
    if main == "image":
        return sub in _PICTURES
    return main in ("audio", "text", "video") or f"{main}/{sub}" in _READABLE


_PER_UNIT = {"IMAGE": (258, 1120), "DOCUMENT": (258, 560), "AUDIO": (32, 32), "VIDEO": (263, 70)}


def tokens(chars: int) -> int:
    """A plain estimate for text: four characters are a token."""
    return -(-chars // 4)


@dataclass(frozen=True)
class Attachment:
    """A file that came with the request: its bytes, or the address it lies at.

    What is read from it is nought or empty where it does not apply or cannot be read.
    """

    mime_type: str
    data: bytes | None
    uri: str = ""
    name: str = ""
    start: float = 0.0  # of the part of a film that is asked for, in seconds
    end: float | None = None

    @property
    def modality(self) -> str:
        return modality_of(self.mime_type)

    @property
    def is_youtube(self) -> bool:
        return _YOUTUBE.match(self.uri) is not None

    @cached_property
    def pixels(self) -> tuple[int, int]:
        """Width and height of a picture."""
        return media.size(self.data or b"") if self.modality == "IMAGE" else (0, 0)

    @cached_property
    def pages(self) -> int:
        """Of a PDF."""
        return len(_PAGE.findall(self.data or b"")) if self.modality == "DOCUMENT" else 0

    @cached_property
    def text(self) -> str:
        is_text = self.mime_type.startswith(_TEXT_TYPES)
        return (self.data or b"").decode(errors="replace") if is_text else ""

    @cached_property
    def seconds(self) -> float:
        """Of sound and film, the part of it that is asked for; what is not known lasts a minute."""
        whole = 0.0
        if self.data and self.modality in ("AUDIO", "VIDEO"):
            general = MediaInfo.parse(io.BytesIO(self.data)).general_tracks
            whole = float(general[0].duration or 0) / 1000 if general else 0.0
        if self.is_youtube:
            whole = max(UNKNOWN_SECONDS, self.end or self.start + UNKNOWN_SECONDS)
        return max(0.0, min(whole, self.end or whole) - self.start)

    def __str__(self) -> str:
        """One line about the file, of what can be read without a model."""
        kind = f"`{self.mime_type or 'unknown type'}`"
        if self.data is not None:
            named = f" ({self.name})" if self.name else ""
            return f"{kind}{named}, {len(self.data):,} bytes{self._content()}"
        if not self.uri:
            return f"{kind} that could not be decoded"
        part = ""
        if self.start or self.end is not None:
            end = "" if self.end is None else f" to {self.end:g}"
            part = f", from second {self.start:g}{end}"
        return f"{kind} at {self.uri}{part}, which was not fetched"

    def _content(self) -> str:
        if self.pixels != (0, 0):
            return f", {self.pixels[0]} x {self.pixels[1]} pixels"
        if self.pages:
            return f", {self.pages} page{'' if self.pages == 1 else 's'}"
        if self.seconds:
            return f", {self.seconds:.1f} seconds"
        words = self.text.split()
        first = " ".join(words[:FIRST_WORDS])
        return f", {len(words):,} words, beginning: “{first}”" if words else ""

    def tokens(self, *, gemini_3: bool) -> Counter[str]:
        """What it counts, by modality; of a video on YouTube the sound is counted too."""
        if self.modality == "TEXT":
            return Counter(TEXT=max(1, tokens(len(self.text))))
        units = {"DOCUMENT": self.pages, "AUDIO": self.seconds, "VIDEO": self.seconds}
        count = round(max(1, units.get(self.modality, 1)) * _PER_UNIT[self.modality][gemini_3])
        kind = "IMAGE" if gemini_3 and self.modality == "DOCUMENT" else self.modality
        sound = round(self.seconds * _PER_UNIT["AUDIO"][gemini_3]) if self.is_youtube else 0
        return Counter({kind: count}) + Counter(AUDIO=sound)


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
