"""Which files of a request an error is about: Google names them by its own ids, if at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gemini.errors import SENTENCES, GeminiError
from gemini.files import kind_of
from gemini.outputs import Content

OF_FILES = frozenset({"file_refused", "file_not_ready", "too_large"})
MAYBE = (
    "Gemini could not use this question, and {files} may be why. Ask without it, or send it in "
    "another form."
)
PRIVATE = (
    "Google may not fetch {files}: it is private, or not for everybody. Make it public, or ask "
    "without it."
)
Artifact = dict[str, Any]


def blamed(
    error: GeminiError, kept: Sequence[Content], sent: Sequence[Content]
) -> tuple[GeminiError, list[Artifact]]:
    """The error with the names of the files it is about, and those files.

    Args:
        kept: the contents with files by reference. sent: the same as they went to Google.
    """
    if error.code == "key_blocked" and error.message == SENTENCES["key_blocked"]:
        error = _of_address(error, kept)
    if error.code not in OF_FILES and error.code != "bad_request":
        return error, []
    newest = [content for content in kept if content["role"] == "user"][-1:]
    now, before = _artifacts(newest), _artifacts(kept)
    if error.code == "bad_request":  # Google says no more of many a file than that
        if now:
            error = GeminiError("bad_request", MAYBE)
            error.naming([str(artifact["name"]) for artifact in now])
        return error, []
    known = [artifact for artifact in before if artifact["id"] in error.about]
    known = known or _by_id(error.about, kept, sent)
    found = known or _fitting(error.about, now or before)
    error.naming([str(artifact["name"]) for artifact in found])
    if error.code != "file_refused":
        return error, []
    error.files = tuple(str(artifact["id"]) for artifact in found)
    return error, found


def _of_address(error: GeminiError, kept: Sequence[Content]) -> GeminiError:
    """A bare 403 is what Google says of a key, and of a video that it may not watch."""
    addressed = [str(one["id"]) for one in _artifacts(kept) if one.get("address")]
    return GeminiError("file_refused", PRIVATE, about=addressed) if addressed else error


def _artifacts(contents: Sequence[Content]) -> list[Artifact]:
    parts = (part for content in contents for part in content["parts"])
    found = {part["artifact"]["id"]: part["artifact"] for part in parts if "artifact" in part}
    return list(found.values())


def _by_id(
    about: frozenset[str], kept: Sequence[Content], sent: Sequence[Content]
) -> list[Artifact]:
    """The file that Google calls by the id it has there."""
    pairs = (
        (one["artifact"], str(other["fileData"].get("fileUri", "")).lower())
        for was, went in zip(kept, sent, strict=False)
        for one, other in zip(was["parts"], went["parts"], strict=False)
        if "artifact" in one and "fileData" in other
    )
    ids = [name for name in about if name.startswith("files/")]
    return [artifact for artifact, uri in pairs if any(uri.endswith(name) for name in ids)]


def _fitting(about: frozenset[str], artifacts: list[Artifact]) -> list[Artifact]:
    """The files of the type or kind that Google's words name; all, if it names none of them."""
    if "address" in about:
        return [one for one in artifacts if "address" in one]
    by_type = [one for one in artifacts if str(one["mimeType"]).lower() in about]
    by_kind = [one for one in artifacts if kind_of(str(one["mimeType"])) in about]
    return by_type or by_kind or artifacts
