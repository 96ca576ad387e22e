"""WAV, AVI and AIFF: chunks that tell of people and places are blanked where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

PRIVATE = frozenset(
    {b"bext", b"iXML", b"axml", b"_PMX", b"XMP ", b"id3 ", b"ID3 ", b"IDIT", b"cart", b"strd"}
    | {b"NAME", b"AUTH", b"(c) ", b"ANNO", b"APPL", b"COMT", b"LGWV", b"aXML", b"exif", b"JUNK"}
)
PRIVATE_LISTS = frozenset({b"INFO", b"exif", b"adtl"})
FILLERS = {"little": b"JUNK", "big": b"FLLR"}


def blank_chunks(data: bytes) -> bytes:
    """A RIFF or AIFF file without its metadata, of the same length."""
    order: Literal["little", "big"] = "big" if data.startswith(b"FORM") else "little"
    blanked = bytearray(data)
    _blank(blanked, 12, len(data), order)
    return bytes(blanked)


def _blank(data: bytearray, start: int, end: int, order: Literal["little", "big"]) -> None:
    for kind, at, stop in _chunks(data, start, end, order):
        subkind = bytes(data[at : at + 4])
        if kind in PRIVATE or (kind == b"LIST" and subkind in PRIVATE_LISTS):
            data[at - 8 : at - 4] = FILLERS[order]
            data[at:stop] = bytes(stop - at)
        elif kind == b"LIST" and subkind in (b"hdrl", b"strl"):
            _blank(data, at + 4, stop, order)


def _chunks(
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
        start = stop + length % 2
