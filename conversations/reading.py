"""What an upload is, found out in a worker process: its kind, and the bytes that are kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from conversations.pictures import FORMS, clean_picture
from conversations.sniffing import sniff

EXTENSIONS = {"image/jpeg": ".jpg", "image/png": ".png"}


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What is kept of a file.

    Args:
        data: None if that is what was sent, byte for byte.
        width: of pictures, in pixels, as it is to be shown; height likewise.
        extension: what its name ends in now, such as ``.jpg``, if it became one of another kind.
    """

    mime_type: str
    data: bytes | None = None
    width: int | None = None
    height: int | None = None
    extension: str = ""


def read_file(data: bytes, name: str) -> ReadFile:
    """The kind of a file that a person sent, told by its bytes, and what is kept of it.

    Args:
        name: which kind of text a text is; nothing else is read from it.

    Raises:
        AppError: ``empty_file``, ``bad_file``, ``unsupported_file`` (415).
    """
    mime_type = sniff(BytesIO(data), name)
    if mime_type not in FORMS:
        return ReadFile(mime_type)
    picture = clean_picture(data, mime_type)
    extension = EXTENSIONS[picture.mime_type] if picture.mime_type != mime_type else ""
    return ReadFile(picture.mime_type, picture.data, picture.width, picture.height, extension)
