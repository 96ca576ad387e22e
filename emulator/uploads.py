"""How files arrive: resumable, in chunks with offsets.

Source: the recordings ``files--ruby-llm--*``, and ai.google.dev/gemini-api/docs/files (REST).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator

from emulator import wire
from emulator.attachments import can_be_uploaded
from emulator.calls import parse_body
from emulator.delivery import Request
from emulator.errors import Refusal
from emulator.files import File, FileStore
from emulator.scripts import Reply

MAX_FILE_BYTES = 2 * 1024**3
MAX_OPEN = 16  # uploads whose address is good; the oldest are given up
_PATH = re.compile(r"/upload/(v1|v1beta)/files/?")


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
        path = _PATH.fullmatch(request.path)
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
        if not can_be_uploaded(mime_type):
            raise Refusal(400, f"Unsupported MIME type: {mime_type}")
        declared = _number(headers.get("x-goog-upload-header-content-length"))
        _check_size(declared or 0)
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
            _check_size(file.size)
            if "finalize" in commands:
                if declared not in (None, file.size):
                    raise Refusal(400, f"Received {file.size} bytes, not {declared}.")
                self._files.add(file)
        status = "final" if file.finished_at else "active"
        headers = {"x-goog-upload-status": status, "x-goog-upload-size-received": str(file.size)}
        whole = wire.pretty({"file": file.shown()}) if file.finished_at else b""
        return Reply(headers=headers, body=whole)


def _check_size(count: int) -> None:
    if count > MAX_FILE_BYTES:
        problem = f"The file size ({count}) exceeds the maximum allowed ({MAX_FILE_BYTES})."
        raise Refusal(400, problem)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
