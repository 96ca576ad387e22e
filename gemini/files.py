"""Files on their way into a request: stored by reference, sent as bytes or as Google's address.

The contents of a conversation name files by id. Before each call they are put in for the key
that pays for it, because a file at Google belongs to the project of the key that brought it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gemini.addresses import MOST_VIDEOS, VIDEO, as_part
from gemini.errors import MESSAGES, GeminiError
from gemini.keys import Key
from gemini.types import Content, FileRef, Part

OF_FILES = frozenset({"file_refused", "file_not_ready", "too_large"})
MAYBE = (
    "Gemini could not use this question, and {files} may be why. Ask without it, or send it in "
    "another form."
)
PRIVATE = (
    "Google may not fetch {files}: it is private, or not for everybody. Make it public, or ask "
    "without it."
)


class Files(Protocol):
    async def data(self, artifact: FileRef, key: Key, *, inline: bool) -> Part | None:
        """``{"inlineData": ...}`` or ``{"fileData": ...}`` for a file; None if it is gone.

        Args:
            artifact: ``{"id", "mimeType", "name", "size"}``, as it stands in a part; one that
                has an ``address`` lies elsewhere, and is sent as ``addresses.as_part`` has it.
            key: that the request is made with.
            inline: its bytes are to travel in the request itself.

        Raises:
            GeminiError: it could not be brought to Google.
        """
        ...

    async def forget(self, key: Key) -> None:
        """Google does not know the files of this key any more: bring them anew when needed."""
        ...


class NoFiles:
    """For turns without files."""

    async def data(self, artifact: FileRef, key: Key, *, inline: bool) -> Part | None:
        return as_part(artifact) if "address" in artifact else None

    async def forget(self, key: Key) -> None:
        return None


def has_files(contents: Sequence[Content]) -> bool:
    return any("artifact" in part for content in contents for part in content["parts"])


async def with_files(
    contents: Sequence[Content],
    files: Files,
    key: Key,
    *,
    kinds: frozenset[str],
    inline_bytes: int,
) -> tuple[Content, ...]:
    """The contents with every file put in; one that is gone or cannot be read is mentioned.

    Args:
        kinds: what the model reads: ``image``, ``audio``, ``video``, ``document``, ``text``.
        inline_bytes: how much may travel in the request itself; the smallest files do.
    """
    if not has_files(contents):
        return tuple(contents)
    sent: dict[str, Part | None] = {}
    # The smallest first: so most files travel in the request itself, and few have to be brought to
    # Google before, each of which costs a request and a wait of its own.
    for artifact in sorted(
        _without_old_videos(_artifacts(contents)), key=lambda one: int(one["size"])
    ):
        if kind_of(artifact["mimeType"]) not in kinds:
            continue
        # Nothing of what lies at an address travels inside, whatever its size.
        if "address" not in artifact:
            inline_bytes -= artifact["size"]
        inline = inline_bytes >= 0
        try:
            sent[artifact["id"]] = await files.data(artifact, key, inline=inline)
        except GeminiError as error:
            # Here it is known which file it was; in Google's words of a whole request it often is
            # not.
            error.file_hints |= {artifact["id"]}
            raise
    return tuple(_put_in(content, sent) for content in contents)


def _without_old_videos(artifacts: list[FileRef]) -> list[FileRef]:
    """The artifacts without the oldest of the videos at addresses: Google takes so many at once."""
    videos = [one["id"] for one in artifacts if "address" in one and one["mimeType"] == VIDEO]
    dropped = set(videos[:-MOST_VIDEOS])
    return [one for one in artifacts if one["id"] not in dropped]


def newest_pictures(contents: Sequence[Content], most: int) -> tuple[Content, ...]:
    """The contents with their newest pictures, and a mention of each older one.

    Args:
        most: how many pictures a model follows at once.
    """
    newest_first: list[Content] = []
    for content in contents[::-1]:
        parts: list[Part] = []
        for part in reversed(content["parts"]):
            artifact = part.get("artifact")
            if artifact and kind_of(artifact["mimeType"]) == "image":
                most -= 1
                part = (
                    part if most >= 0 else {"text": mention(artifact["name"], artifact["mimeType"])}
                )
            parts.append(part)
        changed: Content = {**content, "parts": parts[::-1]}
        newest_first.append(changed)
    return tuple(newest_first[::-1])


def kind_of(mime_type: str) -> str:
    kind = mime_type.partition("/")[0]
    return kind if kind in ("image", "audio", "video", "text") else "document"


def mention(name: str, mime_type: str) -> str:
    """What stands for a file where it cannot stand itself."""
    return f"[File: {name}, {mime_type}]"


def _put_in(content: Content, sent: dict[str, Part | None]) -> Content:
    if not any("artifact" in part for part in content["parts"]):
        return content
    return {**content, "parts": [_whole(part, sent) for part in content["parts"]]}


def _whole(part: Part, sent: dict[str, Part | None]) -> Part:
    artifact = part.get("artifact")
    if artifact is None:
        return part
    data = sent.get(artifact["id"])
    if data is None:
        return {"text": mention(artifact["name"], artifact["mimeType"])}
    # Whatever else stands in the part belongs to the file: a thought signature, the part of a
    # video.
    rest = part.copy()
    del rest["artifact"]
    return {**data, **rest}


def attribute_to_files(
    error: GeminiError, stored: Sequence[Content], sent: Sequence[Content]
) -> tuple[GeminiError, list[FileRef]]:
    """The error with the names of the files it is about, and those files.

    Args:
        stored: the contents with files by reference. sent: the same as they went to Google.
    """
    # Before the codes of files: this one looks like a fault of the key, and would mark a key as
    # blocked that is not. A sentence of its own (leaked, suspended) is certain, and stays.
    if error.code == "key_blocked" and error.message == MESSAGES["key_blocked"]:
        error = _maybe_address(error, stored)
    if error.code not in OF_FILES and error.code != "bad_request":
        return error, []
    newest = [content for content in stored if content["role"] == "user"][-1:]
    now, before = _artifacts(newest), _artifacts(stored)
    # Files named before this message may be at fault as well, but were accepted earlier; so the
    # newest message is looked at first, and the older ones only if it has none.
    if error.code == "bad_request":  # Google says no more of many a file than that
        if now:
            error = GeminiError("bad_request", MAYBE)
            error.name_files([str(artifact["name"]) for artifact in now])
        return error, []
    # From the surest sign to the weakest: the file that failed on its way, the name that Google has
    # for it, the type or kind of which it speaks.
    files = [artifact for artifact in before if artifact["id"] in error.file_hints]
    files = files or _by_google_id(error.file_hints, stored, sent)
    files = files or _matching(error.file_hints, now or before)
    error.name_files([str(artifact["name"]) for artifact in files])
    # What is too large or not ready is no worse for it: only a refusal is marked, and not sent
    # again.
    if error.code != "file_refused":
        return error, []
    error.files = tuple(str(artifact["id"]) for artifact in files)
    return error, files


def _maybe_address(error: GeminiError, stored: Sequence[Content]) -> GeminiError:
    """A bare 403 is what Google says of a key, and of a video that it may not watch."""
    addressed = [str(one["id"]) for one in _artifacts(stored) if one.get("address")]
    return GeminiError("file_refused", PRIVATE, file_hints=addressed) if addressed else error


def _artifacts(contents: Sequence[Content]) -> list[FileRef]:
    """The files of the contents, each once."""
    parts = (part for content in contents for part in content["parts"])
    by_id = {part["artifact"]["id"]: part["artifact"] for part in parts if "artifact" in part}
    return list(by_id.values())


def _by_google_id(
    hints: frozenset[str], stored: Sequence[Content], sent: Sequence[Content]
) -> list[FileRef]:
    """The file that Google calls by the id it has there."""
    pairs = (
        (one["artifact"], str(other["fileData"].get("fileUri", "")).lower())
        for before, after in zip(stored, sent, strict=False)
        for one, other in zip(before["parts"], after["parts"], strict=False)
        if "artifact" in one and "fileData" in other
    )
    ids = [name for name in hints if name.startswith("files/")]
    return [artifact for artifact, uri in pairs if any(uri.endswith(name) for name in ids)]


def _matching(hints: frozenset[str], artifacts: list[FileRef]) -> list[FileRef]:
    """The files of the type or kind that Google's words name; all, if it names none of them."""
    if "address" in hints:
        return [one for one in artifacts if "address" in one]
    by_type = [one for one in artifacts if str(one["mimeType"]).lower() in hints]
    by_kind = [one for one in artifacts if kind_of(str(one["mimeType"])) in hints]
    return by_type or by_kind or artifacts
