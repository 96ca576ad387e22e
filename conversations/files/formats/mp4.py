"""MP4, MOV and 3GP: what they say beside picture and sound is blanked where it stands.

Nothing moves, so that no offset has to be counted anew: a box becomes ``free``, which every reader
passes over, and its bytes become zeros. Tracks of metadata (places of an action camera, for one)
go with their samples.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

# Fillers are among them: a program that blanked something before may have left its bytes there.
PRIVATE = frozenset({b"udta", b"meta", b"uuid", b"skip", b"free", b"wide", b"sefd"})
TIMED = frozenset({b"mvhd", b"tkhd", b"mdhd"})
METADATA_TRACKS = frozenset({b"meta", b"camm", b"gpmd"})
PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})


@dataclass(frozen=True, slots=True)
class Box:
    kind: bytes
    start: int  # of its header
    body: int  # where its content begins
    end: int


def blank_mp4(data: bytes) -> tuple[bytes, bool]:
    """The file without its metadata, of the same length; and whether its end is missing."""
    blanked = bytearray(data)
    cut_off = False
    for box in boxes_in(data, 0, len(data)):
        cut_off = cut_off or box.end > len(data)
        if box.kind == b"moov":
            _blank_movie(blanked, box)
        elif box.kind in PRIVATE:
            _free(blanked, box)
    return bytes(blanked), cut_off


def boxes_in(data: bytes | bytearray, start: int, end: int) -> Iterator[Box]:
    """The boxes side by side in ``data[start:end]``, up to what is none. The last may be cut."""
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        body = start + 8
        # Length 1: the true one follows in 8 bytes, for a box of more than 4 GiB.
        if length == 1 and start + 16 <= end:
            length, body = int.from_bytes(data[body : body + 8], "big"), body + 8
        elif length == 0:  # up to the end of the file
            length = end - start
        # A length shorter than its own header (0 in the long form) would be read again and again.
        if length < body - start or not kind.strip(b"\0"):
            return
        yield Box(kind, start, body, start + length)
        start += length


def _blank_movie(data: bytearray, movie: Box) -> None:
    for box in boxes_in(data, movie.body, min(movie.end, len(data))):
        if box.kind == b"trak" and _handler(data, box) in METADATA_TRACKS:
            _blank_samples(data, box)
            _free(data, box)
        elif box.kind in PRIVATE:
            _free(data, box)
        elif box.kind in TIMED:
            _blank_times(data, box)
        elif box.kind in PARENTS:
            _blank_movie(data, box)


def _free(data: bytearray, box: Box) -> None:
    end = min(box.end, len(data))
    # The length stays, so nothing moves: ``stco`` and ``co64`` name the places of all samples from
    # the beginning of the file.
    data[box.start + 4 : box.start + 8] = b"free"
    data[box.body : end] = bytes(max(0, end - box.body))


def _blank_times(data: bytearray, box: Box) -> None:
    """When it was made and changed: two numbers of 4 bytes, or of 8 in version 1."""
    # Behind one byte of version and three of flags.
    count = 16 if data[box.body] == 1 else 8
    data[box.body + 4 : box.body + 4 + count] = bytes(count)


def _handler(data: bytearray, track: Box) -> bytes:
    handler = _descendant(data, track, b"mdia", b"hdlr")
    return bytes(data[handler.body + 8 : handler.body + 12]) if handler else b""


def _descendant(data: bytearray, box: Box, *kinds: bytes) -> Box | None:
    for kind in kinds:
        inside = boxes_in(data, box.body, min(box.end, len(data)))
        descendant = next((child for child in inside if child.kind == kind), None)
        if descendant is None:
            return None
        box = descendant
    return box


def _blank_samples(data: bytearray, track: Box) -> None:
    for start, end in _chunks(data, track):
        if 0 <= start < end <= len(data):
            data[start:end] = bytes(end - start)


def _chunks(data: bytearray, track: Box) -> Iterator[tuple[int, int]]:
    """Where the samples of a track are: of each chunk its place, and the sizes of its samples."""
    table = _descendant(data, track, b"mdia", b"minf", b"stbl")
    if table is None:
        return
    tables = {box.kind: box for box in boxes_in(data, table.body, min(table.end, len(data)))}
    if b"stsz" not in tables or b"stsc" not in tables or not tables.keys() & {b"stco", b"co64"}:
        return
    # Chunks have a place, samples have a size, and a run-length table (``stsc``: first chunk,
    # samples in each, a description) says how many samples are in which chunk.
    places = _numbers(data, tables.get(b"stco") or tables[b"co64"], wide=b"stco" not in tables)
    (size, count) = struct.unpack_from(">II", data, tables[b"stsz"].body + 4)
    # One size for all, or a table. Counts are 32 bits that anybody can write: a list of four
    # thousand million entries must not be made of them.
    sizes = iter(
        _numbers(data, tables[b"stsz"], skip=4) if not size else [size] * min(count, 10**6)
    )
    runs = _numbers(data, tables[b"stsc"], per_entry=3)
    firsts = [*runs[::3], len(places) + 1]
    for at, samples in enumerate(runs[1::3]):
        for chunk in range(firsts[at], min(firsts[at + 1], len(places) + 1)):
            start = places[chunk - 1]
            yield start, start + sum(next(sizes, 0) for _ in range(min(samples, 10**6)))


def _numbers(
    data: bytearray, box: Box, *, wide: bool = False, skip: int = 0, per_entry: int = 1
) -> list[int]:
    """The numbers in a table that begins with version, flags and a count of entries."""
    at = box.body + 4 + skip
    (count,) = struct.unpack_from(">I", data, at)
    width = 8 if wide else 4
    # As many as there is room for in the box, whatever it claims.
    count = min(count * per_entry, max(0, (min(box.end, len(data)) - at - 4) // width))
    return list(struct.unpack_from(f">{count}{'Q' if wide else 'I'}", data, at + 4))
