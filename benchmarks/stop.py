"""From the stop of an answer to the end of the request upstream, which is what costs money."""

from __future__ import annotations

import asyncio
import random
import time

from benchmarks import harness
from benchmarks.harness import Figure
from benchmarks.readers import OurReader
from emulator.testing import Emulator

QUESTION = "/emulate frames=2000 pace=20 size=40"


async def one(server: harness.Server, upstream: Emulator, token: str) -> tuple[float, float]:
    """Stop an answer somewhere; milliseconds until upstream closed, and until the reader knew."""
    upstream.clear()
    reader = OurReader()
    await reader.open(server.port, token)
    reader.ask(QUESTION)
    await reader.speaking.wait()
    await asyncio.sleep(random.random() * 0.05)  # noqa: S311 - anywhere between two frames
    stopped, stopped_wall = time.monotonic(), time.time()
    reader.cancel()
    await reader.done.wait()
    told = reader.messages[-1][1] / 1000 - stopped * 1000
    [request] = await upstream.requests_async(count=1, ended=True)
    assert request["ended"] == "client_disconnected", request["ended"]
    last = reader.frames()[-1][0]["event"]
    assert last["outcome"] == {"type": "cancelled"}, last
    reader.close()
    return (request["disconnected_at"] - stopped_wall) * 1000, told


def main() -> None:
    options = harness.parser("stop")
    options.add_argument("--stops", type=int, default=100)
    chosen = options.parse_args()
    stops = 20 if chosen.quick else chosen.stops

    async def all_of_them() -> list[tuple[float, float]]:
        token = server.sign_in()[0].token
        return [await one(server, upstream, token) for _ in range(stops)]

    with harness.emulator() as upstream, harness.chat_server(upstream, people=1) as server:
        found = asyncio.run(all_of_them())
    closed, told = [both[0] for both in found], [both[1] for both in found]
    figures = [
        Figure("stop -> upstream closed, p50", harness.median(closed), "ms"),
        Figure("stop -> upstream closed, p99", harness.percentile(closed, 99), "ms", bar=500),
        Figure("stop -> the reader is told, p50", harness.median(told), "ms"),
        Figure("stop -> the reader is told, p99", harness.percentile(told, 99), "ms"),
    ]
    harness.report("stop", figures, {"stops": stops}, quick=chosen.quick)


if __name__ == "__main__":
    main()
