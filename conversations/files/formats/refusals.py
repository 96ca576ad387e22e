"""Why a file is not taken, and what to do about it."""

from __future__ import annotations

from common.errors import AppError
from conversations.files.mediatypes import FILMS, SOUNDS, VIDEOS

_SOUNDS = ", ".join(SOUNDS.values())
_VIDEOS = ", ".join([*VIDEOS.values(), *FILMS.values()])
ACCEPTED = (
    "Send a picture (PNG, JPEG, WebP, GIF, HEIC, AVIF, BMP, TIFF), "
    f"a sound ({_SOUNDS}), a video ({_VIDEOS}), a PDF, a text, or an office document "
    "(Word, Excel, PowerPoint, OpenDocument, RTF, EPUB)."
)


def bad_file(message: str = "") -> AppError:
    fallback = "This file is damaged or incomplete. Try another copy of it."
    return AppError("bad_file", message or fallback)


def unsupported_file(message: str) -> AppError:
    return AppError("unsupported_file", message, status=415)
