"""Names of files as people see them. No path is ever made from one."""

from __future__ import annotations

from pathlib import PurePosixPath

from common.text import sanitize_text, visible_text

NAME_CHARS = 200
EXTENSION_CHARS = 20
NO_NAME = "file"


def display_name(raw: str) -> str:
    """The last part of ``raw``, without what cannot be seen, of at most 200 characters.

    With the marks that turn the direction of writing ``exe.png`` can be spelled backwards.
    """
    # Browsers of old, and programs today, send the whole path, with either kind of slash.
    last = sanitize_text(raw).replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = visible_text(last).strip(". ")
    if len(name) <= NAME_CHARS:
        return name or NO_NAME
    extension = extension_of(name)
    return name[: NAME_CHARS - len(extension)].rstrip() + extension


def extension_of(name: str) -> str:
    """``.png`` of ``bee.PNG``; empty when there is none, or a very long one."""
    extension = PurePosixPath(name).suffix.lower()
    return extension if len(extension) <= EXTENSION_CHARS else ""


def with_extension(name: str, extension: str) -> str:
    """``bee.jpg`` of ``bee.heic``: the name of a file that became one of another kind."""
    return (
        display_name(name.removesuffix(PurePosixPath(name).suffix) + extension)
        if extension
        else name
    )
