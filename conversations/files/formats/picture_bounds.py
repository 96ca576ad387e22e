"""How much work a picture asks for, counted in its bytes before anything is decoded.

A few bytes can stand for hours: scans of a progressive JPEG and frames of an animation are each
decoded over the whole picture, however little they hold.
"""

from __future__ import annotations

import re

from common.errors import AppError
from conversations.files.formats.picture_chunks import frames_of_gif

MAX_PIXELS = 200_000_000
MAX_MOVING_PIXELS = 40_000_000  # of one frame: an animation is not scaled down
MAX_SCANS = 64  # cameras and browsers need about ten
MAX_SCANNED_PIXELS = 2_500_000_000  # over all scans
MAX_FRAMES = 3_000
MAX_FRAME_PIXELS = 2_000_000_000  # over all frames

_MARKER = re.compile(rb"\xff([^\x00\xff])")
_END, _SCAN, _ALONE = 0xD9, 0xDA, frozenset((0x01, *range(0xD0, 0xD9)))


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
    return data.count(chunk) if chunk else 1


def scans_of_jpeg(data: bytes) -> int:
    """How many times a decoder goes over the picture; of a baseline one usually once."""
    at, scans = 2, 0
    while found := _MARKER.search(data, at):
        kind, at = found[1][0], found.end()
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
