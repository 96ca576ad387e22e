"""Time from sending a question to its first word: ours, against the floor, try by try.

The emulator waits 50 ms before it answers, as a model would longer, and then sends at once. The
way there is split at what can be seen from outside: the question accepted (ours alone: it is
stored by then), the request at the emulator, the first word.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from benchmarks import harness
from benchmarks.harness import Figure
from benchmarks.readers import FloorReader, OurReader, Reader
from emulator.testing import Emulator

HEAD_S = 0.05
QUESTION = f"/emulate frames=3 pace=0 size=40 delay={HEAD_S}"
WARM_UP = 5
Split = dict[str, float]


async def one(reader: Reader, upstream: Emulator) -> Split:
    """Ask once; the times in milliseconds since the question was sent."""
    upstream.clear()
    sent, sent_wall = time.monotonic(), time.time()
    await reader.read(QUESTION)
    first = next(at for text, at in reader.deltas() if text)
    [request] = await upstream.requests_async(count=1)
    split = {
        "asked upstream": (request["started_at"] - sent_wall) * 1000,
        "first word": first / 1000 - sent * 1000,
    }
    if isinstance(reader, OurReader):
        split["accepted"] = next(
            at / 1000 - sent * 1000 for frame, at in reader.frames() if frame["op"] == "accepted"
        )
    return split


async def compare(
    floor: harness.Server, ours: harness.Server, upstream: Emulator, tries: int
) -> dict[str, list[Split]]:
    readers: dict[str, Reader] = {"floor": FloorReader(), "ours": OurReader()}
    await readers["floor"].open(floor.port, "")
    await readers["ours"].open(ours.port, ours.sign_in()[0].token)
    found: dict[str, list[Split]] = {"floor": [], "ours": []}
    for at in range(WARM_UP + tries):
        for kind, reader in readers.items():
            split = await one(reader, upstream)
            if at >= WARM_UP:
                found[kind].append(split)
            await asyncio.sleep(0.02)  # what follows an answer is not part of the next
    for reader in readers.values():
        reader.close()
    return found


def main() -> None:
    options = harness.parser("first_delta")
    options.add_argument("--tries", type=int, default=100)
    chosen = options.parse_args()
    tries = 20 if chosen.quick else chosen.tries
    with (
        harness.emulator() as upstream,
        harness.floor_server(upstream) as floor,
        harness.chat_server(upstream, people=1) as ours,
    ):
        found = asyncio.run(compare(floor, ours, upstream, tries))
    middles: dict[str, Any] = {
        kind: {
            name: round(harness.median([split[name] for split in splits]), 2) for name in splits[0]
        }
        for kind, splits in found.items()
    }
    added = [
        one["first word"] - other["first word"]
        for one, other in zip(found["ours"], found["floor"], strict=True)
    ]
    mine, theirs = middles["ours"], middles["floor"]
    figures = [
        Figure("first word: floor, p50", theirs["first word"], "ms"),
        Figure("first word: ours, p50", mine["first word"], "ms"),
        Figure("added to the first word, p50", harness.median(added), "ms", bar=10),
        Figure("added to the first word, p90", harness.percentile(added, 90), "ms"),
        Figure("of ours: until accepted (stored)", mine["accepted"], "ms"),
        Figure("of ours: until asked upstream", mine["asked upstream"], "ms"),
        Figure("of the floor: until asked upstream", theirs["asked upstream"], "ms"),
        Figure(
            "of ours: answer's way back", mine["first word"] - mine["asked upstream"] - 50, "ms"
        ),
    ]
    harness.report("first_delta", figures, {"tries": tries, "p50_ms": middles}, quick=chosen.quick)


if __name__ == "__main__":
    main()
