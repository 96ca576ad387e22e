"""The kinds of files that are taken in, kept and sent out."""

from __future__ import annotations

PICTURES = {  # and what Pillow calls them
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
}
SOUNDS = frozenset(
    {
        "audio/wav",
        "audio/mpeg",
        "audio/ogg",
        "audio/flac",
        "audio/mp4",
        "audio/aac",
        "audio/webm",
    }
)
VIDEOS = frozenset({"video/mp4", "video/webm", "video/quicktime"})
TEXTS = frozenset({"text/plain", "text/markdown", "text/csv", "application/json"})
PLAYED_TYPES = SOUNDS | VIDEOS | PICTURES.keys()  # what a browser shows or plays, and cannot run

# What a browser may be told these bytes are; anything else is a download of unknown kind.
SHOWN_TYPES = PLAYED_TYPES | TEXTS | {"application/pdf"}
OTHER_TYPE = "application/octet-stream"
# Search suggestions: made by us from what Google sent, never by a person, and shown in a sandbox.
SANDBOXED_TYPE = "text/html"

TEXT_BY_EXTENSION = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".csv": "text/csv",
    ".json": "application/json",
}


def kept_type(mime_type: str) -> str:
    """The type under which a produced file is kept: its own if it is on the list."""
    kept = mime_type in SHOWN_TYPES or mime_type == SANDBOXED_TYPE
    return mime_type if kept else OTHER_TYPE
