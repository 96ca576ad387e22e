"""Files that come with a request: inside it, or as the address of an upload or a web page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from emulator import facts, signatures
from emulator.wire import Refusal

UNKNOWN_SECONDS = 60.0
_YOUTUBE = re.compile(r"https://(?:(?:www\.|m\.|music\.)?youtube\.com|youtu\.be)/")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s", re.ASCII)


def seconds_of(duration: object) -> float | None:
    """``"90s"`` in seconds, as Google writes durations; None for none.

    Raises:
        Refusal: it is something else.
    """
    if duration is None:
        return None
    found = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    if found is None:
        problem = "Illegal duration format; duration must end with 's'"
        raise Refusal(400, f"Invalid value at 'video_metadata' (Duration), {problem}")
    return float(found[1])


@dataclass(frozen=True)
class Attachment:
    """A file that came with the request: its bytes, or the address it lies at."""

    mime_type: str
    data: bytes | None
    uri: str = ""
    name: str = ""
    start: float = 0.0  # of the part of a film that is asked for, in seconds
    end: float | None = None

    @cached_property
    def facts(self) -> facts.Facts:
        return facts.read(self.mime_type, self.data or b"")

    def described(self) -> str:
        """One line about the file, of what can be read without a model."""
        kind = f"`{self.mime_type or 'unknown type'}`"
        if self.data is None:
            where = f"{kind} at {self.uri}{self._part()}, which was not fetched"
            return where if self.uri else f"{kind} that could not be decoded"
        told = self.facts.told()
        named = f" ({self.name})" if self.name else ""
        return f"{kind}{named}, {len(self.data):,} bytes" + (f", {told}" if told else "")

    def _part(self) -> str:
        if not self.start and self.end is None:
            return ""
        return f", from second {self.start:g}" + ("" if self.end is None else f" to {self.end:g}")

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


Uploads = Mapping[str, Attachment]


def attachment_of(part: dict[str, Any], uploads: Uploads) -> Attachment | None:
    """The file in a part, or None; an address that was uploaded to brings its bytes along."""
    if inline := part.get("inlineData"):
        data = signatures.decoded(str(inline.get("data", "")))
        return Attachment(str(inline.get("mimeType", "")), data)
    if file := part.get("fileData"):
        uri = str(file.get("fileUri", ""))
        known = uploads.get(uri) or Attachment(str(file.get("mimeType", "")), None, uri)
        metadata = part.get("videoMetadata") or {}
        end = seconds_of(metadata.get("endOffset"))
        return replace(known, start=seconds_of(metadata.get("startOffset")) or 0.0, end=end)
    return None
