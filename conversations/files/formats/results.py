"""What comes of a file from a person: what is stored of it, or why it is not taken."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import AppError
from conversations.files.mediatypes import FILMS, SOUNDS, VIDEOS

_SOUNDS = ", ".join(SOUNDS.values())
_VIDEOS = ", ".join([*VIDEOS.values(), *FILMS.values()])
ACCEPTED = (
    "Send a picture (PNG, JPEG, WebP, GIF, HEIC, AVIF, BMP, TIFF), "
    f"a sound ({_SOUNDS}), a video ({_VIDEOS}), a PDF, a text, or an office document "
    "(Word, Excel, PowerPoint, OpenDocument, RTF, EPUB)."
)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as it is stored.

    Attributes:
        data: to be stored; None if that is what was sent, byte for byte.
        width: of pictures, in pixels, as it is to be shown; height likewise.
        extension: what its name ends in now, such as ``.jpg``, if it became one of another kind.
        text: what a model is given instead of the file; None: the file itself.
        notice: what its owner should know about that, in a sentence or two.
    """

    mime_type: str
    data: bytes | None = None
    width: int | None = None
    height: int | None = None
    extension: str = ""
    text: str | None = None
    notice: str = ""


def bad_file(message: str = "") -> AppError:
    fallback = "This file is damaged or incomplete. Try another copy of it."
    return AppError("bad_file", message or fallback)


def unsupported_file(message: str) -> AppError:
    return AppError("unsupported_file", message, status=415)
