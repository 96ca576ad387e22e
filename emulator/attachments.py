"""Files that come with a request: inside it, or as the address of an upload or a web page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from emulator import facts, signatures


@dataclass(frozen=True)
class Attachment:
    """A file that came with the request: its bytes, or the address it lies at."""

    mime_type: str
    data: bytes | None
    uri: str = ""
    name: str = ""

    @cached_property
    def facts(self) -> facts.Facts:
        return facts.read(self.mime_type, self.data or b"")

    def described(self) -> str:
        """One line about the file, of what can be read without a model."""
        kind = f"`{self.mime_type or 'unknown type'}`"
        if self.data is None:
            return f"{kind} at {self.uri}" if self.uri else f"{kind} that could not be decoded"
        told = self.facts.told()
        named = f" ({self.name})" if self.name else ""
        return f"{kind}{named}, {len(self.data):,} bytes" + (f", {told}" if told else "")


Uploads = Mapping[str, Attachment]


def attachment_of(part: dict[str, Any], uploads: Uploads) -> Attachment | None:
    """The file in a part, or None; an address that was uploaded to brings its bytes along."""
    if inline := part.get("inlineData"):
        data = signatures.decoded(str(inline.get("data", "")))
        return Attachment(str(inline.get("mimeType", "")), data)
    if file := part.get("fileData"):
        uri = str(file.get("fileUri", ""))
        known = uploads.get(uri)
        return known or Attachment(str(file.get("mimeType", "")), None, uri)
    return None
