"""The files that keys have uploaded, as Google keeps them: for 48 hours, each for its own key.

Source: the recordings ``files--*`` and ``file-uri-input--*``; states and limits as described on
ai.google.dev/gemini-api/docs/files. A key stands for its project.
"""

from __future__ import annotations

import base64
import re
import secrets
import string
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from emulator.attachments import Attachment
from emulator.facts import kind_of
from emulator.journal import masked
from emulator.wire import Refusal

LIFETIME_S = 48 * 3600
MAX_FILE_BYTES = 2 * 1024**3
MAX_KEPT_BYTES = 256 * 1024**2  # of the bytes of all files together; the oldest lose theirs
FAILS = "processing-fails"  # a film or sound with this in its display name ends as FAILED
_URI = re.compile(r"(?:https?://[^/]+/(?:v1|v1beta)/)?(files/[a-z0-9-]{1,40})")
_LETTERS = string.ascii_lowercase + string.digits


@dataclass
class File:
    """One upload. `data` is None when its bytes were given up for newer ones."""

    name: str
    key: str
    mime_type: str
    uri: str
    size: int
    sha256: bytes
    data: bytes | None
    display_name: str = ""
    created_at: float = field(default_factory=time.time)
    active_at: float = 0.0
    expires_at: float = 0.0

    @property
    def state(self) -> str:
        if time.time() < self.active_at:
            return "PROCESSING"
        slow = kind_of(self.mime_type) in ("AUDIO", "VIDEO")
        return "FAILED" if slow and FAILS in self.display_name else "ACTIVE"

    def shown(self) -> dict[str, Any]:
        """As Google shows it; the hash is base64 of its hexadecimal digits, as recorded."""
        changed = self.active_at if self.created_at < self.active_at < time.time() else 0
        shown: dict[str, Any] = {
            "name": self.name,
            "displayName": self.display_name,
            "mimeType": self.mime_type,
            "sizeBytes": str(self.size),
            "createTime": timestamp(self.created_at),
            "updateTime": timestamp(changed or self.created_at),
            "expirationTime": timestamp(self.expires_at),
            "sha256Hash": base64.b64encode(self.sha256.hex().encode()).decode(),
            "uri": self.uri,
            "state": self.state,
            "source": "UPLOADED",
        }
        if self.state == "FAILED":
            shown["error"] = {"code": 13, "message": "Failed to process the file."}
        return {name: value for name, value in shown.items() if value != ""}


class FileStore:
    """All files of all keys."""

    def __init__(self, *, processing_s: float = 0.0, kept_bytes: int = MAX_KEPT_BYTES) -> None:
        self._files: dict[str, File] = {}
        self._processing_s = processing_s
        self._room = kept_bytes

    def add(self, file: File) -> File:
        """Keep a file under a new name."""
        name = new_name()
        file.name, file.uri = name, file.uri + name
        slow = kind_of(file.mime_type) in ("AUDIO", "VIDEO")
        file.active_at = file.created_at + (self._processing_s if slow else 0)
        file.expires_at = file.created_at + LIFETIME_S
        self._files[name] = file
        self._make_room()
        return file

    def get(self, name: str, key: str) -> File:
        """The key's file of that name.

        Raises:
            Refusal: 403, whether it is another key's, is gone, or never was.
        """
        file = self._files.get(name)
        if file is None or file.key != key or file.expires_at <= time.time():
            file_id = name.removeprefix("files/")
            raise Refusal(
                403,
                f"You do not have permission to access the File {file_id} or it may not exist.",
            )
        return file

    def of(self, key: str) -> list[File]:
        """The key's files, newest first."""
        now = time.time()
        files = [file for file in self._files.values() if file.key == key]
        return [file for file in reversed(files) if file.expires_at > now]

    def delete(self, name: str, key: str) -> None:
        del self._files[self.get(name, key).name]

    def attachment(self, uri: str, key: str) -> Attachment | None:
        """The file at that address, ready to be read; None if the address is no upload's.

        Raises:
            Refusal: it is not there for this key, or not ready.
        """
        found = _URI.fullmatch(uri)
        if found is None:
            return None
        file = self.get(found[1], key)
        if file.state != "ACTIVE":
            file_id = file.name.removeprefix("files/")
            problem = f"The File {file_id} is not in an ACTIVE state and usage is not allowed."
            raise Refusal(400, problem, name="FAILED_PRECONDITION")
        return Attachment(file.mime_type, file.data, uri, file.display_name)

    def expire(self, key: str = "", *, forget: bool = False) -> int:
        """Let the files of a key (all if none is named) lapse, or be gone; how many there were."""
        chosen = [f for f in self._files.values() if key in ("", f.key, masked(f.key))]
        for file in chosen:
            file.expires_at = min(file.expires_at, time.time())
            if forget:
                self._files.pop(file.name)
        return len(chosen)

    def forget(self, uris: list[str]) -> None:
        """Be without the files at these addresses, as after 48 hours."""
        for uri in uris:
            if found := _URI.fullmatch(uri):
                self._files.pop(found[1], None)

    def overview(self, key: str = "") -> list[dict[str, Any]]:
        """All files, oldest first, each with its key as the journal shows keys."""
        files = [f for f in self._files.values() if key in ("", f.key, masked(f.key))]
        now = time.time()
        return [
            file.shown() | {"key": masked(file.key), "expired": file.expires_at <= now}
            for file in files
        ]

    def clear(self) -> None:
        self._files.clear()

    def _make_room(self) -> None:
        """Give up the bytes of the oldest files; what is known about them stays."""
        kept = sum(len(file.data or b"") for file in self._files.values())
        for file in self._files.values():
            if kept <= self._room:
                break
            kept -= len(file.data or b"")
            file.data = None


def new_name() -> str:
    return "files/" + "".join(secrets.choice(_LETTERS) for _ in range(12))


def timestamp(seconds: float) -> str:
    """``2026-08-19T14:34:22.044992Z``"""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
