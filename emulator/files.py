"""The Files API: how files arrive, and how they stay for 48 hours, each for its own key.

Uploads are resumable, in chunks with offsets. A key stands for its project. Source: the recordings
``files--*`` and ``file-uri-input--*``; ai.google.dev/gemini-api/docs/files for states and limits.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import string
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from emulator import wire
from emulator.attachments import Attachment, modality_of
from emulator.calls import parse_body
from emulator.delivery import Request
from emulator.journal import masked
from emulator.scripts import Reply
from emulator.wire import Refusal

MAX_OPEN = 16  # uploads whose address is good; the oldest are given up
LIFETIME_S = 48 * 3600
MAX_HELD_BYTES = 256 * 1024**2  # of the bytes of all files together; the oldest lose theirs
PROCESSING_S = 0.3  # how long film and sound cannot be used yet
FAILS = "processing-fails"  # a film or sound with this in its display name ends as FAILED
_UPLOAD = re.compile(r"/upload/(v1|v1beta)/files/?")
_URI = re.compile(r"(?:https?://[^/]+/(?:v1|v1beta)/)?(files/[a-z0-9-]{1,40})")
_LETTERS = string.ascii_lowercase + string.digits


def _new_name() -> str:
    return "files/" + "".join(secrets.choice(_LETTERS) for _ in range(12))


@dataclass
class File:
    """One upload, which grows until it is finished."""

    key: str
    mime_type: str
    base_uri: str  # in front of its name
    display_name: str = ""
    name: str = field(default_factory=_new_name)
    size: int = 0  # in bytes
    data: bytearray | None = field(default_factory=bytearray)  # None when they were given up
    digest: Any = field(default_factory=hashlib.sha256)
    finished_at: float = 0.0  # seconds since the epoch, as the next
    expires_at: float = 0.0

    def add(self, piece: bytes, limit: int = MAX_HELD_BYTES) -> None:
        """Add bytes; of a file that grows past the limit none are held, only counted."""
        self.size += len(piece)
        self.digest.update(piece)
        if self.data is not None:
            self.data += piece
        if self.size > limit:
            self.data = None

    @property
    def uri(self) -> str:
        return self.base_uri + self.name

    @property
    def _active_at(self) -> float:
        slow = modality_of(self.mime_type) in ("AUDIO", "VIDEO")
        return self.finished_at + (PROCESSING_S if slow else 0)

    @property
    def state(self) -> str:
        if time.time() < self._active_at:
            return "PROCESSING"
        slow = self._active_at > self.finished_at
        return "FAILED" if slow and FAILS in self.display_name else "ACTIVE"

    def shown(self) -> dict[str, Any]:
        """As Google shows it; the hash is base64 of its hexadecimal digits, as recorded."""
        updated_at = self._active_at if self._active_at < time.time() else self.finished_at
        digest = self.digest.hexdigest().encode()
        shown: dict[str, Any] = {
            "name": self.name,
            "displayName": self.display_name,
            "mimeType": self.mime_type,
            "sizeBytes": str(self.size),
            "createTime": _timestamp(self.finished_at),
            "updateTime": _timestamp(updated_at),
            "expirationTime": _timestamp(self.expires_at),
            "sha256Hash": base64.b64encode(digest).decode(),
            "uri": self.uri,
            "state": self.state,
            "source": "UPLOADED",
        }
        if self.state == "FAILED":
            shown["error"] = {"code": 13, "message": "Failed to process the file."}
        return {name: value for name, value in shown.items() if value != ""}


class FileStore:
    """All files of all keys."""

    def __init__(self) -> None:
        self._files: dict[str, File] = {}

    def add(self, file: File, limit: int = MAX_HELD_BYTES) -> None:
        """Take a finished file in; the oldest give up their bytes for it, not what is known."""
        file.finished_at = time.time()
        file.expires_at = file.finished_at + LIFETIME_S
        self._files[file.name] = file
        held = sum(len(file.data or b"") for file in self._files.values())
        for old in self._files.values():
            if held > limit:
                held -= len(old.data or b"")
                old.data = None

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

    def attachment(self, uri: str, key: str) -> Attachment | None:
        """The file at that address, ready to be read; None if the address is no upload's.

        Raises:
            Refusal: it is not there for this key, or not ready.
        """
        match = _URI.fullmatch(uri)
        if match is None:
            return None
        file = self.get(match[1], key)
        if file.state != "ACTIVE":
            file_id = file.name.removeprefix("files/")
            problem = f"The File {file_id} is not in an ACTIVE state and usage is not allowed."
            raise Refusal(400, problem, name="FAILED_PRECONDITION")
        data = None if file.data is None else bytes(file.data)
        return Attachment(file.mime_type, data, uri, file.display_name)

    def of(self, key: str = "") -> list[File]:
        """The files of a key, or of all, oldest first; the key may be masked."""
        return [file for file in self._files.values() if key in ("", file.key, masked(file.key))]

    def expire(self, key: str = "") -> int:
        """Let the files of a key (all if none is named) lapse; how many there were."""
        files = self.of(key)
        for file in files:
            file.expires_at = min(file.expires_at, time.time())
        return len(files)

    def overview(self, key: str = "") -> list[dict[str, Any]]:
        """The files of a key, or of all, each with its key as the journal shows keys."""
        now = time.time()
        return [
            file.shown() | {"key": masked(file.key), "expired": file.expires_at <= now}
            for file in self.of(key)
        ]


def _timestamp(seconds: float) -> str:
    """``2026-08-19T14:34:22.044992Z``"""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


class Uploads:
    """The upload addresses, and the files that grow behind them."""

    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._open: dict[str, tuple[File, int | None]] = {}  # with the bytes that were announced

    def key_of(self, request: Request) -> str:
        """Whose upload a chunk belongs to: chunks carry no key, their address is the secret."""
        file, _ = self._open.get(request.query.get("upload_id", ""), (None, None))
        return file.key if file else ""

    async def reply(self, request: Request, key: str, body: AsyncIterator[bytes]) -> Reply:
        """Answer one request of an upload; the key has been checked where there is one.

        Raises:
            Refusal: the address, the type or the size is wrong.
        """
        path = _UPLOAD.fullmatch(request.path)
        if path is None:
            raise Refusal(404)
        if "upload_id" in request.query:
            try:
                return await self._chunk(request, body)
            except Refusal as refusal:  # which says that the upload is over, or the SDK tries again
                reply = Reply.of_refusal(refusal)
                reply.headers["x-goog-upload-status"] = "final"
                return reply
        raw = b"".join([piece async for piece in body])
        if request.headers.get("x-goog-upload-command", "").strip() != "start":
            raise Refusal(400, "emulator: an upload is resumable; see docs/emulator.md.")
        return self._start(request, path[1], key, raw)

    def _start(self, request: Request, version: str, key: str, raw: bytes) -> Reply:
        about = parse_body(raw).get("file") or {}
        headers = request.headers
        content_type = headers.get("x-goog-upload-header-content-type")
        mime_type = str(about.get("mimeType") or content_type or "application/octet-stream")
        if about.get("name"):
            raise Refusal(400, "emulator: names are given, not taken; see docs/emulator.md.")
        declared = _number(headers.get("x-goog-upload-header-content-length"))
        origin = f"http://{headers.get('host', 'localhost')}"
        file = File(key, mime_type, f"{origin}/{version}/", str(about.get("displayName") or ""))
        upload_id = secrets.token_urlsafe(24)
        self._open[upload_id] = (file, declared)
        while len(self._open) > MAX_OPEN:
            self._open.pop(next(iter(self._open)))
        address = f"{origin}/upload/{version}/files?upload_id={upload_id}"
        answer = {
            "x-goog-upload-url": f"{address}&upload_protocol=resumable",
            "x-goog-upload-status": "active",
            "x-goog-upload-chunk-granularity": "262144",
            "x-guploader-uploadid": upload_id,
            "content-type": "text/plain; charset=utf-8",
        }
        return Reply(headers=answer, body=b"")

    async def _chunk(self, request: Request, body: AsyncIterator[bytes]) -> Reply:
        """Take a chunk in; the last one sent again gets the same answer."""
        file, declared = self._open.get(request.query["upload_id"], (None, None))
        if file is None:
            raise Refusal(404, "Upload session not found.")
        if not file.finished_at:
            commands = re.findall(r"\w+", request.headers.get("x-goog-upload-command", ""))
            if not {"upload", "finalize"} & set(commands):
                raise Refusal(400, "Invalid X-Goog-Upload-Command.")
            if "upload" in commands:
                offset = _number(request.headers.get("x-goog-upload-offset"))
                if offset != file.size:
                    problem = f"Upload offset is {offset}, but {file.size} bytes are here."
                    raise Refusal(400, problem)
                async for piece in body:
                    file.add(piece)
            if "finalize" in commands:
                if declared not in (None, file.size):
                    raise Refusal(400, f"Received {file.size} bytes, not {declared}.")
                self._files.add(file)
        status = "final" if file.finished_at else "active"
        headers = {"x-goog-upload-status": status, "x-goog-upload-size-received": str(file.size)}
        whole = wire.pretty({"file": file.shown()}) if file.finished_at else b""
        return Reply(headers=headers, body=whole)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
