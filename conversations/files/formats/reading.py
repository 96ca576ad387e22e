"""The kind of an upload and what is stored of it. Runs in a worker process."""

from __future__ import annotations

from common.errors import AppError
from conversations.files.formats.picture_bytes import picture_type
from conversations.files.formats.pictures import clean_picture
from conversations.files.formats.results import ReadFile

HEAD_BYTES = 64 * 1024
EXTENSIONS = {"image/jpeg": ".jpg", "image/png": ".png"}


def read_file(data: bytes, name: str) -> ReadFile:
    """The kind of a file that a person sent, by its bytes, and what is stored of it.

    Args:
        name: which kind of text a text is; nothing else is read from it.

    Raises:
        AppError: ``empty_file``, ``bad_file``, ``unsupported_file`` (415).
    """
    if not data:
        raise AppError("empty_file", "This file is empty. Choose another one.")
    mime_type = picture_type(data[:HEAD_BYTES])
    if not mime_type:
        # The parsers take 30 MiB, and half a second to load: the server itself needs none of them.
        from conversations.files.formats.inspection import inspect_file

        return inspect_file(data, name)
    picture = clean_picture(data, mime_type)
    extension = EXTENSIONS[picture.mime_type] if picture.mime_type != mime_type else ""
    return ReadFile(picture.mime_type, picture.data, picture.width, picture.height, extension)
