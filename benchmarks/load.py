"""A load generator in a process of its own: so many answers at once, read to the end and checked.

Reads one JSON object on standard input, writes one on standard output; ``Load`` is the caller's
side of it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from benchmarks.clock import pieces
from benchmarks.harness import ROOT, Server
from benchmarks.readers import Reader, readers_of

SPREAD_S = 1.0  # streams do not begin in step


@dataclass
class Load:
    """So many streams of so many numbered pieces, at so many milliseconds from each other."""

    kind: str
    streams: int
    frames: int
    pace_ms: float
    processes: int = 1
    deflate: bool = False


@dataclass
class Outcome:
    """What arrived; ``lost`` counts pieces, ``lags_ms`` has one entry for each that came."""

    pieces: int = 0
    messages: int = 0
    received_bytes: int = 0
    lost: int = 0
    errors: list[str] = field(default_factory=list)
    lags_ms: list[float] = field(default_factory=list)


def drive(load: Load, server: Server) -> Outcome:
    """Run a load against a server and wait for its end. Sign in before: it costs CPU of its own."""
    tokens = [person.token for person in server.people] or [""]
    processes = []
    for at in range(load.processes):
        share = len(range(at, load.streams, load.processes))
        order = vars(load) | {"streams": share, "port": server.port, "tokens": tokens}
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(order).encode())
        process.stdin.close()
        process.stdin = None
        processes.append(process)
    whole = Outcome()
    for process in processes:
        answer, _ = process.communicate()
        if process.returncode:
            raise RuntimeError("A load generator failed.")
        part = json.loads(answer)
        for name in vars(whole):
            setattr(whole, name, getattr(whole, name) + part[name])
    return whole


async def _one(order: dict[str, Any], at: int, outcome: Outcome) -> None:
    reader = readers_of(order["kind"])()
    question = f"/emulate frames={order['frames']} pace={order['pace_ms']} size=40"
    try:
        await asyncio.sleep(SPREAD_S * at / order["streams"])
        token = order["tokens"][at % len(order["tokens"])]
        await reader.open(order["port"], token, deflate=order["deflate"])
        await reader.read(question)
        _count(reader, order["frames"], outcome)
    except (OSError, AssertionError, TimeoutError) as error:
        outcome.errors.append(f"{type(error).__name__}: {error}"[:300])
        outcome.lost += order["frames"]
    finally:
        if reader._ws is not None:
            reader.close()


def _count(reader: Reader, frames: int, outcome: Outcome) -> None:
    deltas = reader.deltas()
    found = pieces(deltas)
    outcome.messages += len(deltas)
    outcome.received_bytes += reader.ws.received
    outcome.pieces += len(found)
    outcome.lost += frames - len(found)
    assert [number for number, _ in found] == list(range(1, frames + 1)), "pieces out of order"
    outcome.lags_ms += [lag / 1000 for _, lag in found]


async def main() -> None:
    order = json.load(sys.stdin)
    outcome = Outcome()
    await asyncio.gather(*(_one(order, at, outcome) for at in range(order["streams"])))
    json.dump(vars(outcome), sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
