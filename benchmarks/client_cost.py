"""How long a new run keeps the event loop from everybody else while its client is built.

In this process: the product's own client for one key, the SDK's as it comes, and the longest time
the loop stood still while 20 runs began at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from google import genai

from benchmarks import harness
from benchmarks.harness import Figure
from emulator.testing import Emulator
from gemini import pool
from gemini.client import GeminiClient
from gemini.pool import Endpoint
from gemini.request import ModelRequest

AT_ONCE = 20
PROBE_S = 0.0005


def cost_ms(build: Callable[[], object], times: int) -> list[float]:
    """CPU of this thread per call."""
    found = []
    for _ in range(times):
        began = time.thread_time()
        build()
        found.append((time.thread_time() - began) * 1000)
    return found


async def stall_ms(starts: int, upstream: Emulator) -> float:
    """The longest the loop stood still while so many answers began, in CPU time of this thread."""
    model = GeminiClient(Endpoint(upstream.base_url, "v1beta"))
    await model.warm_up()
    keys = [upstream.new_key() for _ in range(starts)]
    longest, probing = 0.0, True

    async def probe() -> None:
        nonlocal longest
        while probing:
            began = time.thread_time()
            await asyncio.sleep(PROBE_S)
            longest = max(longest, time.thread_time() - began)

    async def answer(key: str) -> None:
        content = {"role": "user", "parts": [{"text": "/emulate frames=5 pace=1"}]}
        request = ModelRequest("gemini-3.8-flash", "-", (content,), api_key=key, thoughts=True)
        async for _ in model.stream(request):
            pass

    task = asyncio.create_task(probe())
    await asyncio.sleep(0.05)
    await asyncio.gather(*map(answer, keys))
    probing = False
    await task
    await model.close()
    return longest * 1000


def main() -> None:
    chosen = harness.parser("client_cost").parse_args()
    with harness.emulator() as upstream:
        shared = pool.options(Endpoint(upstream.base_url, "v1beta"), pool.Connections())
        key = upstream.new_key()
        ours = cost_ms(lambda: pool.client_for(key, shared), 200)
        plain = cost_ms(lambda: genai.Client(api_key=key), 3 if chosen.quick else 20)
        alone = asyncio.run(stall_ms(1, upstream))
        together = asyncio.run(stall_ms(AT_ONCE, upstream))
    figures = [
        Figure("building the client, p50", harness.median(ours), "ms CPU"),
        Figure("building the client, p99", harness.percentile(ours, 99), "ms CPU", bar=2),
        Figure("the SDK's own way, p50", harness.median(plain), "ms CPU"),
        Figure("longest stall while 1 answer begins", alone, "ms CPU"),
        Figure(f"longest stall while {AT_ONCE} begin at once", together, "ms CPU"),
    ]
    harness.report("client_cost", figures, {}, quick=chosen.quick)


if __name__ == "__main__":
    main()
