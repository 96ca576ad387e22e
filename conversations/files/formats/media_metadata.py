"""Sounds and videos without metadata about people, places and devices.

Most containers are blanked where they stand: a private piece becomes one that every reader passes
over, of the same length, so nothing moves and no offset has to be counted anew. mutagen rewrites
the others. ``mp4`` does the same for MP4 and its relatives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import mutagen
from mutagen.apev2 import delete as delete_ape
from mutagen.flac import FLAC
from mutagen.id3 import delete as delete_id3

from conversations.files.formats.mp4 import blank_mp4

MAX_TAGS = 8  # one behind the other
MP4 = frozenset({"audio/mp4", "video/mp4", "video/quicktime", "video/3gpp"})
WEBM = frozenset({"audio/webm", "video/webm"})
RIFF = frozenset({"audio/wav", "audio/aiff", "video/x-msvideo"})
STREAMS = frozenset({"audio/mpeg", "audio/aac"})
TAGGED = frozenset({"audio/flac", "audio/ogg", "video/x-ms-wmv"})
CUT_OFF = "The end of this file is missing; what there is can be played."
STILL_TAGGED = "Who made it, when and where can still stand in it."

# WAV, AVI and AIFF: chunks about people and places.
RIFF_PRIVATE = frozenset(
    {b"bext", b"iXML", b"axml", b"_PMX", b"XMP ", b"id3 ", b"ID3 ", b"IDIT", b"cart", b"strd"}
    | {b"NAME", b"AUTH", b"(c) ", b"ANNO", b"APPL", b"COMT", b"LGWV", b"aXML", b"exif", b"JUNK"}
)
RIFF_PRIVATE_LISTS = frozenset({b"INFO", b"exif", b"adtl"})
# WAV and AVI are RIFF, which is little-endian; AIFF is its older relative and big-endian. Each has
# a chunk of its own that readers pass over.
RIFF_FILLERS = {"little": b"JUNK", "big": b"FLLR"}

# WebM: tags, titles and dates become ``Void`` elements.
SEGMENT, INFO, CLUSTER = 0x18538067, 0x1549A966, 0x1F43B675
TAGS, ATTACHMENTS = 0x1254C367, 0x1941A469
DATE, TITLE, MUXER, WRITER, SEGMENT_FILE = 0x4461, 0x7BA9, 0x4D80, 0x5741, 0x7384
VOID = 0xEC
WEBM_PRIVATE = frozenset({TAGS, ATTACHMENTS, DATE, TITLE, WRITER, SEGMENT_FILE})


def without_tags(data: bytes, mime_type: str) -> tuple[bytes, str]:
    """The file without its tags, and what there is to say about it.

    Picture and sound stay as they are, byte for byte; where that is not certain, everything does,
    and the notice says so.
    """
    try:
        if mime_type in MP4:
            blanked, cut_off = blank_mp4(data)
            return blanked, CUT_OFF if cut_off else ""
        if mime_type in WEBM:
            return _blank_webm(data), ""
        if mime_type in RIFF:
            return _blank_riff(data), ""
        if mime_type in STREAMS:
            return _bare_stream(data), ""
        if mime_type in TAGGED:
            return _untagged(data), ""
        if mime_type == "video/mpeg":  # has no place for any
            return data, ""
    except (mutagen.MutagenError, ValueError, LookupError, TypeError, OSError):
        # Broken or strange, and yet it plays: stored as it came, and its owner is told.
        pass
    return data, STILL_TAGGED


def _bare_stream(data: bytes) -> bytes:
    """Frames alone: without tags before and behind them, of which there can be several."""
    file = BytesIO(data)
    for _ in range(MAX_TAGS):
        # Taggers put theirs before or behind what is there already, so removing one uncovers the
        # next.
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


def _blank_riff(data: bytes) -> bytes:
    """A RIFF or AIFF file without its metadata, of the same length."""
    order: Literal["little", "big"] = "big" if data.startswith(b"FORM") else "little"
    blanked = bytearray(data)
    _blank_chunks(blanked, 12, len(data), order)
    return bytes(blanked)


def _blank_chunks(data: bytearray, start: int, end: int, order: Literal["little", "big"]) -> None:
    for kind, at, stop in _riff_chunks(data, start, end, order):
        subkind = bytes(data[at : at + 4])
        if kind in RIFF_PRIVATE or (kind == b"LIST" and subkind in RIFF_PRIVATE_LISTS):
            data[at - 8 : at - 4] = RIFF_FILLERS[order]
            data[at:stop] = bytes(stop - at)
        # The headers of an AVI and of its streams can hold dates and what a camera says of itself;
        # ``movi``, the other list, is picture and sound.
        elif kind == b"LIST" and subkind in (b"hdrl", b"strl"):
            _blank_chunks(data, at + 4, stop, order)


def _riff_chunks(
    data: bytearray, start: int, end: int, order: Literal["little", "big"]
) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of the content of each chunk, as far as there are any."""
    while start + 8 <= end:
        kind, length = (
            bytes(data[start : start + 4]),
            int.from_bytes(data[start + 4 : start + 8], order),
        )
        stop = min(end, start + 8 + length)
        yield kind, start + 8, stop
        # Chunks begin at even places: one of an odd length has a byte behind it that it does not
        # count.
        start = stop + length % 2


@dataclass(frozen=True, slots=True)
class _Element:
    id: int
    start: int
    body: int
    end: int


def _blank_webm(data: bytes) -> bytes:
    """The file without its metadata, of the same length."""
    blanked = bytearray(data)
    for segment in _elements(data, 0, len(data)):
        if segment.id == SEGMENT:
            for element in _elements(data, segment.body, segment.end):
                inside = _elements(data, element.body, element.end) if element.id == INFO else ()
                for private in (element, *inside):
                    if private.id in WEBM_PRIVATE:
                        _void(blanked, private)
    return bytes(blanked)


def _elements(data: bytes, start: int, end: int) -> Iterator[_Element]:
    """The elements side by side in ``data[start:end]``; one of unknown length is the last."""
    while start < end:
        id_width = _width(data[start])
        if id_width > 4 or start + id_width >= end:
            return
        at = start + id_width
        width = _width(data[at])
        if width > 8 or at + width > end:
            return
        body = at + width
        # Of a size the bits behind the first one count; all of them set is "not known", as a live
        # recording is written. What follows cannot be found then, so it is taken for the last
        # element.
        length = int.from_bytes(data[at:body], "big") & ((1 << 7 * width) - 1)
        unknown = length == (1 << 7 * width) - 1
        stop = end if unknown else min(end, body + length)
        yield _Element(int.from_bytes(data[start:at], "big"), start, body, stop)
        start = stop


def _width(first: int) -> int:
    """How many bytes a number or id has, by the zeros at the beginning of its first byte."""
    # EBML: 1xxxxxxx is one byte, 01xxxxxx the first of two, and so on; zero would be nine, and
    # none.
    return 9 - first.bit_length()


def _void(data: bytearray, element: _Element) -> None:
    length = element.end - element.start
    # The header of the filler has to fit too: one byte of id, and a size of eight bytes or, in an
    # element too short for those, of one.
    width = 8 if length >= 9 else 1
    size = length - 1 - width
    header = bytes([VOID]) + (size | 1 << 7 * width).to_bytes(width, "big")
    data[element.start : element.end] = header + bytes(size)
