"""PNG pictures, written and (if they are small and plain) read, with the standard library alone."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TAG = b"gemini-emulator\0"  # keyword of the text chunk that marks a picture as ours
MAX_PIXELS = 400_000  # more take too long to unfilter here
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # by colour type


@dataclass(frozen=True)
class Picture:
    """Rows of RGB bytes, top row first."""

    width: int
    height: int
    rows: tuple[bytes, ...]


def encode(rows: list[bytes], width: int, *, tag: str = "") -> bytes:
    """A picture of RGB rows; a tag travels in a text chunk."""
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)
    pieces = [SIGNATURE, _chunk(b"IHDR", header)]
    if tag:
        pieces.append(_chunk(b"tEXt", TAG + tag.encode("latin-1")))
    pieces.append(_chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))))
    return b"".join([*pieces, _chunk(b"IEND", b"")])


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, or None if these bytes are none."""
    if not data.startswith(SIGNATURE) or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def tag_of(data: bytes) -> str:
    """The tag an emulator wrote into this picture; "" if it wrote none."""
    found = next((body for kind, body in _chunks(data) if kind == b"tEXt"), b"")
    return found.removeprefix(TAG).decode("latin-1") if found.startswith(TAG) else ""


def decode(data: bytes) -> Picture | None:
    """The picture, or None where these bytes are no PNG that can be read here.

    Read are 8 bits a channel, grey or colour, with or without transparency, not interlaced.
    """
    known = size(data)
    chunks = list(_chunks(data)) if known else []
    if not known or not chunks or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        return None
    (width, height), (depth, colour, _, _, interlaced) = known, chunks[0][1][8:13]
    if depth != 8 or colour not in _CHANNELS or interlaced or not 0 < width * height <= MAX_PIXELS:
        return None
    channels = _CHANNELS[colour]
    expected = height * (width * channels + 1)
    try:
        packed = b"".join(body for kind, body in chunks if kind == b"IDAT")
        raw = zlib.decompressobj().decompress(packed, expected)
    except zlib.error:
        return None
    if len(raw) != expected:
        return None
    rows = _unfiltered(raw, width * channels, channels)
    return Picture(width, height, tuple(_rgb(row, channels) for row in rows))


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def _unfiltered(raw: bytes, stride: int, step: int) -> list[bytes]:
    rows: list[bytes] = []
    above = bytes(stride)
    for start in range(0, len(raw), stride + 1):
        line = bytearray(raw[start + 1 : start + 1 + stride])
        kind = raw[start]
        if kind == 2:
            line = bytearray((a + b) & 255 for a, b in zip(line, above, strict=True))
        elif kind:
            _unfilter(line, above, kind, step)
        above = bytes(line)
        rows.append(above)
    return rows


def _unfilter(line: bytearray, above: bytes, kind: int, step: int) -> None:
    """Undo the filters that look to the left: 1 (sub), 3 (average), 4 (Paeth)."""
    for i in range(len(line)):
        left = line[i - step] if i >= step else 0
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + above[i]) // 2
        else:
            guess = _paeth(left, above[i], above[i - step] if i >= step else 0)
        line[i] = (line[i] + guess) & 255


def _paeth(left: int, up: int, corner: int) -> int:
    base = left + up - corner
    near = min((abs(base - left), 0), (abs(base - up), 1), (abs(base - corner), 2))[1]
    return (left, up, corner)[near]


def _rgb(row: bytes, channels: int) -> bytes:
    """The row without transparency, grey as three equal colours."""
    if channels == 3:
        return row
    if channels == 4:
        plain = bytearray(len(row) // 4 * 3)
        for colour in range(3):
            plain[colour::3] = row[colour::4]
        return bytes(plain)
    grey = row[::channels]
    plain = bytearray(len(grey) * 3)
    for colour in range(3):
        plain[colour::3] = grey
    return bytes(plain)
