"""What is found out about a file from a person, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as it is kept.

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
