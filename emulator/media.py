"""Small real pictures and sounds, made from the prompt, with nothing but the standard library."""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from functools import lru_cache

PCM_MIME = "audio/L16;codec=pcm;rate=24000"
PCM_RATE = 24_000
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SCALE_HZ = (262, 294, 330, 392, 440, 523)


@lru_cache(maxsize=64)
def png(prompt: str, width: int = 256, height: int = 256) -> bytes:
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
        rows.append(b"\0" + colour * left + sun * (right - left) + colour * (width - right))
    return b"".join(
        (
            PNG_SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            _chunk(b"IDAT", zlib.compress(b"".join(rows))),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, or None if these bytes are none."""
    if not data.startswith(PNG_SIGNATURE) or len(data) < 24:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@lru_cache(maxsize=64)
def pcm(text: str) -> bytes:
    """Headerless 16-bit mono sound at 24 kHz: a soft note for each word, four seconds at most."""
    notes = [_note(_SCALE_HZ[len(word) % len(_SCALE_HZ)]) for word in text.split()[:16]]
    return b"".join(notes or [_note(_SCALE_HZ[0])])


@lru_cache(maxsize=len(_SCALE_HZ))
def _note(hertz: int) -> bytes:
    count = PCM_RATE // 4
    step = 2 * math.pi * hertz / PCM_RATE
    samples = (
        round(9000 * math.sin(step * i) * math.sin(math.pi * i / count)) for i in range(count)
    )
    return struct.pack(f"<{count}h", *samples)
