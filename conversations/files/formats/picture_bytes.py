"""Pictures as bytes, before anything decodes them: their kind, their bounds, their pieces.

**Kind.** Told by the first bytes. Whether the rest is such a picture, Pillow says.

**Bounds.** A few bytes can stand for hours: scans of a progressive JPEG and frames of an animation
are each decoded over the whole picture, however little they hold. So they are counted first.

**Pieces.** PNG, WebP and GIF are written anew piece by piece, with everything left out but the
picture. Pixels are not touched, so nothing of their quality is lost and animations stay what they
are. What goes: EXIF (with the place), XMP, comments, texts, times, pieces nobody knows, and
whatever stands behind the end. What stays: pixels, colours (ICC), and how an animation runs. These
functions raise ``ValueError``, ``IndexError`` or ``struct.error`` for a file that is cut off or
broken.
"""

from __future__ import annotations

import re
import struct

from common.errors import AppError

# Accepted, and stored as JPEG or PNG, which every browser shows; and what Pillow calls them.
CONVERTED = {
    "image/heic": "HEIF",
    "image/avif": "AVIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
}
BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
}
HEIC_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
AVIF_BRANDS = frozenset((b"avif", b"avis"))
BMP_HEADERS = frozenset((12, 40, 52, 56, 64, 108, 124))

MAX_PIXELS = 200_000_000
MAX_MOVING_PIXELS = 40_000_000  # of one frame: an animation is not scaled down
# 164 KB of progressive JPEG took 19 seconds of a core.
MAX_SCANS = 64  # cameras and browsers need about ten
MAX_SCANNED_PIXELS = 2_500_000_000  # over all scans
MAX_FRAMES = 3_000
MAX_FRAME_PIXELS = 2_000_000_000  # over all frames

_MARKER = re.compile(rb"\xff([^\x00\xff])")
_END, _SCAN, _ALONE = 0xD9, 0xDA, frozenset((0x01, *range(0xD0, 0xD9)))

PNG_CHUNKS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP bKGD pHYs acTL fcTL fdAT".split()
)
WEBP_CHUNKS = frozenset((b"VP8X", b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L"))
WEBP_EXIF_AND_XMP = 0x08 | 0x04
GIF_APPLICATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012")
GIF_CONTROL, GIF_APPLICATION = 0xF9, 0xFF


def picture_type(head: bytes) -> str:
    """The MIME type of a picture that begins so; empty for what is no picture."""
    for beginning, mime_type in BEGINNINGS.items():
        if head.startswith(beginning):
            return mime_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    # Many a text begins with "BM"; the size of the header that follows is one of seven.
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in BMP_HEADERS:
        return "image/bmp"
    return _iso_picture(head) if head[4:8] == b"ftyp" else ""


def _iso_picture(head: bytes) -> str:
    """HEIC or AVIF: by the first brand, which may leave it to the others."""
    # ``mif1`` and ``msf1`` stand for any picture of this family: which one it is, a later brand
    # says.
    end = int.from_bytes(head[:4], "big")
    brands = [head[at : at + 4] for at in (8, *range(16, min(end, len(head), 512), 4))]
    if brands[0] not in HEIC_BRANDS | AVIF_BRANDS:
        return ""
    return "image/avif" if AVIF_BRANDS.intersection(brands) else "image/heic"


def check_bounds(data: bytes, form: str, size: tuple[int, int]) -> None:
    """Refuse a picture that asks for more work than a picture does.

    Args:
        form: what Pillow calls its format.
        size: width and height in pixels, as the header has them.

    Raises:
        AppError: ``bad_file``.
        ValueError, IndexError, struct.error: it is broken.
    """
    pixels = size[0] * size[1]
    if pixels > MAX_PIXELS:
        raise too_many_pixels()
    if form == "JPEG":
        scans = scans_of_jpeg(data)
        if scans > MAX_SCANS or scans * pixels > MAX_SCANNED_PIXELS:
            raise _refusal("This JPEG is stored in too many passes. Save it anew")
        return
    frames = frames_of(data, form)
    if frames > MAX_FRAMES or (frames > 1 and frames * pixels > MAX_FRAME_PIXELS):
        raise _refusal("This animation has too many frames. Shorten it, or make it a video")
    if frames > 1 and pixels > MAX_MOVING_PIXELS:
        raise _refusal("This animation has more than 40 million pixels. Make it smaller")


def frames_of(data: bytes, form: str) -> int:
    """How many frames an animation has, or a few more; counted to one more than the limit."""
    if form == "GIF":
        return frames_of_gif(data, MAX_FRAMES + 1)
    chunk = {"PNG": b"fcTL", "WEBP": b"ANMF"}.get(form)
    # Compressed data can hold the same four bytes by chance, once in 4 GiB: too many is the safe
    # side.
    return data.count(chunk) if chunk else 1


def scans_of_jpeg(data: bytes) -> int:
    """How many times a decoder goes over the picture; of a baseline one usually once."""
    at, scans = 2, 0
    while marker := _MARKER.search(data, at):
        # FF 00 is a byte of the picture, FF FF is filling. Other segments are passed over by their
        # length, because a thumbnail in them is a JPEG with scans of its own.
        kind, at = marker[1][0], marker.end()
        if kind == _END:
            break
        if kind in _ALONE:
            continue
        scans += kind == _SCAN
        at += int.from_bytes(data[at : at + 2], "big")
    return scans


def too_many_pixels() -> AppError:
    return _refusal("This picture has more than 200 million pixels. Make it smaller")


def _refusal(words: str) -> AppError:
    return AppError("bad_file", f"{words}, then send it.")


def bare_png(data: bytes) -> bytes:
    pieces, at = [data[:8]], 8
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        # The length counts neither itself, nor the kind, nor the checksum: 4 bytes each. A chunk
        # that stays is copied with its checksum, which covers that chunk alone.
        end = at + 12 + length
        if end > len(data):
            raise ValueError("cut off")
        if kind in PNG_CHUNKS:
            pieces.append(data[at:end])
        # What stands behind it is shown by nobody, and can be anything: a zip, the rest of a
        # cropped screenshot.
        if kind == b"IEND":
            return b"".join(pieces)
        at = end


def bare_webp(data: bytes) -> bytes:
    (size,) = struct.unpack_from("<I", data, 4)
    end = size + 8
    if end > len(data):
        raise ValueError("cut off")
    pieces, at = [], 12
    while at < end:
        kind, length = struct.unpack_from("<4sI", data, at)
        # Padded to an even length, which the length does not count.
        chunk = bytearray(data[at : at + 8 + length + (length & 1)])
        if at + 8 + length > end:
            raise ValueError("cut off")
        if kind == b"VP8X":
            # The flags announce what follows; strict readers refuse a file without what it
            # announces.
            chunk[8] &= ~WEBP_EXIF_AND_XMP
        if kind in WEBP_CHUNKS:
            pieces.append(bytes(chunk))
        at += 8 + length + (length & 1)
    body = b"WEBP" + b"".join(pieces)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bare_gif(data: bytes) -> bytes:
    at = 13 + _gif_colours(data[10])
    pieces = [data[:at]]
    while True:
        begin, kind = at, data[at]
        if kind == 0x3B:  # the end
            return b"".join([*pieces, b"\x3b"])
        if kind == 0x2C:  # a frame
            at = _gif_blocks_end(data, at + 11 + _gif_colours(data[at + 9]))
            pieces.append(data[begin:at])
        elif kind == 0x21:  # an extension
            label = data[at + 1]
            at = _gif_blocks_end(data, at + 2)
            # An extension is one byte of kind; of an application's the name says what it is: how
            # often an animation repeats stays, XMP goes.
            named = label == GIF_APPLICATION and data[begin + 3 : begin + 14] in GIF_APPLICATIONS
            if label == GIF_CONTROL or named:
                pieces.append(data[begin:at])
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
