"""One user who sends as much as ten sockets take: ``python -m tests.e2e.flood URL TOKEN RUN S``.

In a process of its own, so that what it costs to send is not taken for the server's slowness.
Prints what came back: ``{"sent", "refused", "closed", "retry_after"}``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

SOCKETS = 10
FRAMES_PER_S = 180
BATCH = 6


async def flood(url: str, token: str, run_id: str, until: float, seen: Counter[str]) -> None:
    frames = [
        json.dumps({"op": "follow", "runId": run_id, "after": 0}),
        json.dumps({"op": "cancel", "runId": run_id}),
    ]
    while time.monotonic() < until:
        try:
            async with connect(url, compression=None, proxy=None) as socket:
                reading = asyncio.create_task(read(socket, seen))
                await socket.send(json.dumps({"op": "auth", "token": token}))
                while time.monotonic() < until:
                    for number in range(BATCH):
                        await socket.send(frames[number % 2])
                    seen["sent"] += BATCH
                    await asyncio.sleep(BATCH / FRAMES_PER_S)
                reading.cancel()
        except (WebSocketException, OSError):
            await asyncio.sleep(0.05)


async def read(socket, seen: Counter[str]) -> None:
    try:
        async for text in socket:
            frame = json.loads(text)
            seen[f"{frame['op']} {frame.get('code', '')}".strip()] += 1
            seen["retry_after"] += frame.get("retryAfter", 0) > 0
    except WebSocketException:
        pass
    seen[f"closed {socket.close_code}"] += 1


async def main(url: str, token: str, run_id: str, seconds: str) -> None:
    seen: Counter[str] = Counter()
    until = time.monotonic() + float(seconds)
    await asyncio.gather(*(flood(url, token, run_id, until, seen) for _ in range(SOCKETS)))
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
