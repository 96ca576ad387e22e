"""Sounds and videos without what they tell of people, places and devices."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import mutagen
from mutagen.apev2 import delete as delete_ape
from mutagen.flac import FLAC
from mutagen.id3 import delete as delete_id3

from conversations.files.formats.boxes import blank_boxes
from conversations.files.formats.chunks import blank_chunks
from conversations.files.formats.elements import blank_elements

MAX_TAGS = 8  # one behind the other
BOXES = frozenset({"audio/mp4", "video/mp4", "video/quicktime", "video/3gpp"})
ELEMENTS = frozenset({"audio/webm", "video/webm"})
CHUNKS = frozenset({"audio/wav", "audio/aiff", "video/x-msvideo"})
STREAMS = frozenset({"audio/mpeg", "audio/aac"})
TAGGED = frozenset({"audio/flac", "audio/ogg", "video/x-ms-wmv"})
CUT_OFF = "The end of this file is missing; what there is can be played."
STILL_TAGGED = "Who made it, when and where can still stand in it."


def without_tags(data: bytes, mime_type: str) -> tuple[bytes, str]:
    """The file without its tags, and what there is to say about it.

    Picture and sound stay as they are, byte for byte; where that is not certain, everything does,
    and the notice says so.
    """
    try:
        if mime_type in BOXES:
            blanked, cut_off = blank_boxes(data)
            return blanked, CUT_OFF if cut_off else ""
        if mime_type in ELEMENTS:
            return blank_elements(data), ""
        if mime_type in CHUNKS:
            return blank_chunks(data), ""
        if mime_type in STREAMS:
            return _bare_stream(data), ""
        if mime_type in TAGGED:
            return _untagged(data), ""
        if mime_type == "video/mpeg":  # has no place for any
            return data, ""
    except (mutagen.MutagenError, ValueError, LookupError, TypeError, OSError):
        pass
    return data, STILL_TAGGED


def _bare_stream(data: bytes) -> bytes:
    """Frames alone: without tags before and behind them, of which there can be several."""
    file = BytesIO(data)
    for _ in range(MAX_TAGS):
        before = len(file.getbuffer())
        delete_id3(file)
        file.seek(0)
        delete_ape(file)
        file.seek(0)
        if len(file.getbuffer()) == before:
            break
    return file.getvalue()


def _untagged(data: bytes) -> bytes:
    file = BytesIO(data)
    tagged: Any = mutagen.File(file)
    if tagged is None:
        raise ValueError("not known to mutagen")
    file.seek(0)
    if isinstance(tagged, FLAC):
        tagged.clear_pictures()  # type: ignore[no-untyped-call]
        tagged.save(file, deleteid3=True)
        file.seek(0)
    tagged.delete(file)
    return file.getvalue()
