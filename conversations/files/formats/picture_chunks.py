"""Pictures with everything left out but the picture: read and written piece by piece.

Pixels are not touched, so nothing of their quality is lost and animations stay what they are.
What goes: EXIF (with the place), XMP, comments, texts, times, pieces nobody knows, and whatever
stands behind the end. What stays: pixels, colours (ICC), and how an animation runs.

Raises ``ValueError``, ``IndexError`` or ``struct.error`` for a file that is cut off or broken.
"""

from __future__ import annotations

import struct

PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP bKGD pHYs acTL fcTL fdAT".split()
)
WEBP_KEPT = frozenset((b"VP8X", b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"))
WEBP_EXIF_AND_XMP = 0x08 | 0x04
GIF_KEPT = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")
GIF_CONTROL, GIF_APPLICATION = 0xF9, 0xFF


def bare_png(data: bytes) -> bytes:
    kept, at = [data[:8]], 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise ValueError("cut off")
        if kind in PNG_KEPT:
            kept.append(data[at:end])
        if kind == b"IEND":
            return b"".join(kept)
        at = end


def bare_webp(data: bytes) -> bytes:
    (size,) = struct.unpack_from("<I", data, 4)
    end = size + 8
    if end > len(data):
        raise ValueError("cut off")
    kept, at = [], 12
    while at < end:
        kind, length = struct.unpack_from("<4sI", data, at)
        chunk = bytearray(data[at : at + 8 + length + (length & 1)])
        if at + 8 + length > end:
            raise ValueError("cut off")
        if kind == b"VP8X":
            chunk[8] &= ~WEBP_EXIF_AND_XMP
        if kind in WEBP_KEPT:
            kept.append(bytes(chunk))
        at += 8 + length + (length & 1)
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bare_gif(data: bytes) -> bytes:
    at = 13 + _gif_colours(data[10])
    kept = [data[:at]]
    while True:
        begin, kind = at, data[at]
        if kind == 0x3B:  # the end
            return b"".join([*kept, b"\x3b"])
        if kind == 0x2C:  # a frame
            at = _gif_blocks_end(data, at + 11 + _gif_colours(data[at + 9]))
            kept.append(data[begin:at])
        elif kind == 0x21:  # an extension
            label = data[at + 1]
            at = _gif_blocks_end(data, at + 2)
            named = label == GIF_APPLICATION and data[begin + 3 : begin + 14] in GIF_KEPT
            if label == GIF_CONTROL or named:
                kept.append(data[begin:at])
        else:
            raise ValueError("no such block")


def frames_of_gif(data: bytes, limit: int) -> int:
    """How many frames a GIF has, counted up to ``limit``."""
    at, frames = 13 + _gif_colours(data[10]), 0
    while data[at] != 0x3B and frames < limit:
        is_frame = data[at] == 0x2C
        frames += is_frame
        at = _gif_blocks_end(data, at + (11 + _gif_colours(data[at + 9]) if is_frame else 2))
    return frames


def _gif_colours(flags: int) -> int:
    """The bytes of the table of colours that these flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_blocks_end(data: bytes, at: int) -> int:
    while length := data[at]:
        at += 1 + length
    return at + 1
