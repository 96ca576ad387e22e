"""How files arrive: resumable, in chunks with offsets.

Source: the recordings ``files--ruby-llm--*``, and ai.google.dev/gemini-api/docs/files (REST).
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from emulator import wire
from emulator.calls import camelised
from emulator.facts import can_be_uploaded
from emulator.files import MAX_FILE_BYTES, MAX_KEPT_BYTES, File, FileStore
from emulator.scenario import Reply
from emulator.wire import Refusal

MAX_OPEN = 16  # uploads begun and not ended; the oldest are given up
_PATH = re.compile(r"/upload/(v1|v1beta)/files/?")


@dataclass
class Session:
    """An upload under way."""

    key: str
    version: str
    about: dict[str, Any]  # the ``file`` of the first request
    mime_type: str
    declared: int | None  # bytes that were announced
    received: int = 0
    pieces: list[bytes] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)
    finished: bytes = b""  # the answer to the last chunk, for whoever asks again

    def take(self, piece: bytes, limit: int) -> None:
        """Add bytes; of a file that grows past the limit none are held, only counted."""
        self.received += len(piece)
        self.digest.update(piece)
        self.pieces.append(piece)
        if self.received > limit:
            self.pieces.clear()


class Uploads:
    """The upload addresses and the sessions behind them."""

    def __init__(self, files: FileStore, *, kept_bytes: int = MAX_KEPT_BYTES) -> None:
        self._files = files
        self._kept_bytes = kept_bytes
        self._sessions: dict[str, Session] = {}

    def clear(self) -> None:
        self._sessions.clear()

    def key_of(self, query: dict[str, str]) -> str:
        """Whose upload a chunk belongs to: chunks carry no key, their address is the secret."""
        session = self._sessions.get(query.get("upload_id", ""))
        return session.key if session else ""

    async def reply(
        self,
        path: str,
        query: dict[str, str],
        headers: dict[str, str],
        key: str,
        body: AsyncIterator[bytes],
    ) -> Reply:
        """Answer one request of an upload; the key has been checked where there is one.

        Raises:
            Refusal: the address, the offset or the size is wrong.
        """
        found = _PATH.fullmatch(path)
        if found is None:
            raise Refusal(404, wire.MESSAGES[404])
        if "upload_id" in query:
            return await self._answered(query["upload_id"], headers, body)
        raw = b"".join([piece async for piece in body])
        if headers.get("x-goog-upload-command", "").strip() != "start":
            raise Refusal(400, "emulator: an upload is resumable; see docs/emulator.md.")
        return self._start(found[1], headers, key, raw)

    async def _answered(
        self, upload_id: str, headers: dict[str, str], body: AsyncIterator[bytes]
    ) -> Reply:
        """Answer a chunk; a refusal says that the upload is over, or the SDK tries three times."""
        try:
            return await self._chunk(upload_id, headers, body)
        except Refusal as refusal:
            reply = Reply.of_refusal(refusal)
            reply.headers["x-goog-upload-status"] = "final"
            return reply

    def _start(self, version: str, headers: dict[str, str], key: str, raw: bytes) -> Reply:
        about = _about(raw)
        declared = _number(headers.get("x-goog-upload-header-content-length"))
        mime_type = str(
            about.get("mimeType") or headers.get("x-goog-upload-header-content-type") or ""
        )
        if about.get("name"):
            raise Refusal(400, "emulator: names are given, not taken; see docs/emulator.md.")
        _check_kind(mime_type)
        _check_size(declared or 0)
        upload_id = secrets.token_urlsafe(24)
        self._sessions[upload_id] = Session(key, version, about, mime_type, declared)
        while len(self._sessions) > MAX_OPEN:
            self._sessions.pop(next(iter(self._sessions)))
        there = f"{_origin(headers)}/upload/{version}/files?upload_id={upload_id}"
        answer = {
            "x-goog-upload-url": f"{there}&upload_protocol=resumable",
            "x-goog-upload-status": "active",
            "x-goog-upload-chunk-granularity": "262144",
            "x-guploader-uploadid": upload_id,
            "content-type": "text/plain; charset=utf-8",
        }
        return Reply(headers=answer, body=b"")

    async def _chunk(
        self, upload_id: str, headers: dict[str, str], body: AsyncIterator[bytes]
    ) -> Reply:
        session = self._sessions.get(upload_id)
        if session is None:
            raise Refusal(404, "Upload session not found.")
        commands = {word.strip() for word in headers.get("x-goog-upload-command", "").split(",")}
        if session.finished:
            return _status("final", session, session.finished)
        if not commands & {"upload", "finalize"}:
            raise Refusal(400, "Invalid X-Goog-Upload-Command.")
        if "upload" in commands:
            _check_offset(session, headers)
            async for piece in body:
                session.take(piece, self._kept_bytes)
        _check_size(session.received)
        if "finalize" not in commands:
            return _status("active", session)
        if session.declared is not None and session.received != session.declared:
            problem = f"Received {session.received} bytes, not {session.declared}."
            raise Refusal(400, problem)
        session.finished = self._keep(session, _origin(headers))
        return _status("final", session, session.finished)

    def _keep(self, session: Session, origin: str) -> bytes:
        whole = session.received <= self._kept_bytes
        data = b"".join(session.pieces) if whole else None
        session.pieces.clear()
        file = self._files.add(
            File(
                name="",
                key=session.key,
                mime_type=session.mime_type or "application/octet-stream",
                uri=f"{origin}/{session.version}/",
                size=session.received,
                sha256=session.digest.digest(),
                data=data,
                display_name=str(session.about.get("displayName") or ""),
            )
        )
        return wire.pretty({"file": file.shown()}) + b"\n"


def _status(status: str, session: Session, body: bytes = b"") -> Reply:
    received = str(session.received)
    headers = {"x-goog-upload-status": status, "x-goog-upload-size-received": received}
    return Reply(headers=headers, body=body)


def _check_offset(session: Session, headers: dict[str, str]) -> None:
    offset = _number(headers.get("x-goog-upload-offset"))
    if offset != session.received:
        raise Refusal(400, f"Upload offset is {offset}, but {session.received} bytes are here.")


def _check_kind(mime_type: str) -> None:
    if mime_type and not can_be_uploaded(mime_type):
        raise Refusal(400, f"Unsupported MIME type: {mime_type}")


def _check_size(count: int) -> None:
    if count > MAX_FILE_BYTES:
        problem = f"The file size ({count}) exceeds the maximum allowed ({MAX_FILE_BYTES})."
        raise Refusal(400, problem)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _origin(headers: dict[str, str]) -> str:
    return f"http://{headers.get('host', 'localhost')}"


def _about(raw: bytes) -> dict[str, Any]:
    """The ``file`` object of the first request, with Google's names."""
    try:
        found = camelised(json.loads(raw or b"{}"))
    except ValueError as error:
        raise Refusal(400, "Invalid JSON payload received. Unexpected token.") from error
    file = found.get("file") if isinstance(found, dict) else None
    return file if isinstance(file, dict) else {}
