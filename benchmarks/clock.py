"""One clock for all processes of the machine, and how it is written into a piece of text."""

from __future__ import annotations

import re
import time

MARK = b"abcdefghij"  # what the emulator's numbered pieces hold where the time goes
WRAP = 10 ** len(MARK)
PIECE = re.compile(r"(\d{6}) (\d{10})")


def now_us() -> int:
    return time.monotonic_ns() // 1000


def stamp() -> bytes:
    return b"%010d" % (now_us() % WRAP)


def pieces(deltas: list[tuple[str, int]]) -> list[tuple[int, int]]:
    """Of each numbered and stamped piece, its number and how many microseconds it took."""
    found = []
    for text, at in deltas:
        for number, sent in PIECE.findall(text):
            found.append((int(number), (at - int(sent)) % WRAP))
    return found
