"""Brings an owner's files into requests to Gemini: as bytes, or by way of its Files API.

A file at Google belongs to the project of the key it was brought with, and lapses after two days.
So what was brought is remembered by key, and brought anew where it lapsed or another key pays.
"""

from __future__ import annotations

import asyncio
import base64
from uuid import UUID

from agents.core.errors import RunError
from common.database import in_file_thread, patiently
from common.errors import AppError
from conversations.access import artifact_for
from conversations.files.decoding.pool import decode_async
from conversations.files.formats.pictures import first_frame
from conversations.files.google_copies import (
    gemini_file_for,
    gemini_file_remember,
    gemini_files_forget,
)
from conversations.models import Artifact
from gemini.addresses import as_part
from gemini.client import GeminiClient
from gemini.errors import GeminiError
from gemini.keys import Key
from gemini.types import FileRef, Part

GOOGLES_NAMES = {
    "image/gif": "image/png",  # its first frame
    "video/x-msvideo": "video/avi",
    "video/x-ms-wmv": "video/wmv",
}


class OwnFiles:
    """The ``Files`` of one owner's runs."""

    def __init__(self, gemini: GeminiClient, owner_id: int) -> None:
        self._gemini = gemini
        self._owner_id = owner_id
        self._bringing: dict[tuple[UUID, str], asyncio.Lock] = {}

    async def data(self, artifact: FileRef, key: Key, *, inline: bool) -> Part | None:
        """See ``Files.data``."""
        if "address" in artifact:
            return as_part(artifact)
        artifact_id, mime_type = UUID(artifact["id"]), str(artifact["mimeType"])
        if inline:
            data = await self._bytes(artifact_id, mime_type)
            if data is None:
                return None
            # Off the event loop: this is for megabytes, and other people's answers would stand
            # still.
            text = await in_file_thread(_base64, data)
            return {"inlineData": {"mimeType": sent_as(mime_type), "data": text}}
        # Agents that work side by side want the same file at the same moment: one brings it.
        async with self._bringing.setdefault((artifact_id, key.id), asyncio.Lock()):
            uri = await patiently(gemini_file_for, artifact_id, UUID(key.id))
            uri = uri or await self._bring(artifact_id, mime_type, key)
        return {"fileData": {"mimeType": sent_as(mime_type), "fileUri": uri}} if uri else None

    async def forget(self, key: Key) -> None:
        """See ``Files.forget``."""
        await patiently(gemini_files_forget, owner_id=self._owner_id, key_id=UUID(key.id))

    async def _bring(self, artifact_id: UUID, mime_type: str, key: Key) -> str | None:
        data = await self._bytes(artifact_id, mime_type)
        if data is None:
            return None
        file = await self._gemini.upload(key.secret, data, mime_type=sent_as(mime_type))
        await patiently(
            gemini_file_remember,
            artifact_id=artifact_id,
            key_id=UUID(key.id),
            uri=file.uri,
            name=file.name,
            expires_at=file.expires_at,
        )
        return file.uri

    async def _bytes(self, artifact_id: UUID, mime_type: str) -> bytes | None:
        """A file as Gemini takes it; None if it was deleted.

        Of an animation that is a still, of an office document its text.
        """
        try:
            artifact = await patiently(artifact_for, self._owner_id, artifact_id)
            data = await in_file_thread(_content, artifact)
            if mime_type == "image/gif":
                data = await decode_async(self._owner_id, first_frame, data)
        # Row and file are deleted one after the other, and a conversation names files for longer
        # than they live. The model is told that there was one (``gemini.files.mention``).
        except (AppError, FileNotFoundError):
            return None
        return data


def sent_as(mime_type: str) -> str:
    """The type under which Gemini takes a file: it knows few kinds of text, and no GIF.

    Source: https://ai.google.dev/gemini-api/docs/image-understanding#supported-formats,
    /docs/video-understanding#supported-formats and /docs/document-processing, as read in
    November 2026.
    """
    if mime_type.startswith("text/") or mime_type == "application/json":
        return "text/plain"
    return GOOGLES_NAMES.get(mime_type, mime_type)


def _content(artifact: Artifact) -> bytes:
    with artifact.file.storage.open(artifact.read_name) as file:
        data: bytes = file.read()
    return data


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def refused(error: AppError) -> GeminiError:
    """What a file that could not be kept means for the answer."""
    return RunError("storage_full" if error.code == "storage_full" else "internal")
