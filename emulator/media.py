"""Small real pictures, made from the prompt or from a picture that was given."""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache

from emulator import png

FRAME_SHARE = 16  # an edited picture gets a frame of a sixteenth of its shorter side


@lru_cache(maxsize=64)
def drawn(prompt: str, width: int = 256, height: int = 256, *, tag: str = "") -> bytes:
    """A picture with a coloured gradient and a sun, both chosen by the prompt."""
    seed = hashlib.sha256(prompt.encode()).digest()
    top, bottom, sun = seed[0:3], seed[3:6], bytes(128 + value // 2 for value in seed[6:9])
    centre_x = width * (64 + seed[9] // 2) // 256
    centre_y = height * (48 + seed[10] // 3) // 256
    radius = min(width, height) * (24 + seed[11] // 8) // 256
    rows = []
    for y in range(height):
        share = y / max(1, height - 1)
        colour = bytes(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        half = math.isqrt(max(0, radius**2 - (y - centre_y) ** 2))
        left, right = max(0, centre_x - half), min(width, centre_x + half)
        rows.append(colour * left + sun * (right - left) + colour * (width - right))
    return png.encode(rows, width, tag=tag)


def edited(given: png.Picture, prompt: str, width: int, height: int, *, tag: str = "") -> bytes:
    """The picture given, of another size if need be, its colours turned round, in a frame.

    The prompt chooses the turn and the frame's colour, so two edits differ.
    """
    seed = hashlib.sha256(prompt.encode()).digest()
    thick = max(1, min(width, height) // FRAME_SHARE)
    edge = bytes(seed[0:3])
    columns = [x * given.width // width for x in range(width)]
    turn = seed[3] % 2 + 1
    rows = []
    for y in range(height):
        if y < thick or y >= height - thick:
            rows.append(edge * width)
            continue
        source = given.rows[y * given.height // height]
        row = bytearray(width * 3)
        for colour in range(3):
            channel = source[(colour + turn) % 3 :: 3]
            row[colour::3] = bytes(channel[x] for x in columns)
        row[: thick * 3] = edge * thick
        row[-thick * 3 :] = edge * thick
        rows.append(bytes(row))
    return png.encode(rows, width, tag=tag)


def bar_chart(heights: list[int], width: int = 320, height: int = 200) -> bytes:
    """Blue bars on white above a black line; the tallest of them fills the picture."""
    count = max(1, len(heights))
    tallest = max([*heights, 1])
    slot = (width - 20) // count
    tops = [height - 20 - (height - 40) * value // tallest for value in heights]
    white, blue, black = b"\xff\xff\xff", b"\x1f\x77\xb4", b"\0\0\0"
    rows = []
    for y in range(height):
        if y == height - 20:
            rows.append(white * 8 + black * (width - 16) + white * 8)
            continue
        row = white * 10
        for top in tops:
            inside = top <= y < height - 20
            row += (blue if inside else white) * (slot * 3 // 4) + white * (slot - slot * 3 // 4)
        rows.append(row[: width * 3] + white * (width - len(row) // 3))
    return png.encode(rows, width)
