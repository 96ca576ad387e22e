"""Is a reader whose connection is cut at any moment, and who comes back elsewhere, given the rest?

Answers stream from one process; their readers are cut after every few events, without a goodbye,
and continue on either process. Right is an answer whose pieces, put together, are its log.
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from pathlib import Path

import django

from benchmarks import harness
from benchmarks.harness import Figure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()  # the helpers of the tests know Django's models

from tests.cluster.client import socket  # noqa: E402
from tests.cluster.cluster import Cluster, cluster  # noqa: E402
from tests.e2e.server import Person  # noqa: E402

AT_ONCE = 3
QUESTION = "Go /emulate frames=200 pace=15 size=20"


async def cut_through(nodes: Cluster, person: Person, rng: random.Random) -> tuple[int, int]:
    """One answer, cut again and again: how many cuts, and how many of them were continued right."""
    async with socket(nodes.nodes[0], person) as asker:
        run_id = (await asker.ask(QUESTION))["runId"]
        held: list[dict[str, object]] = []
        starts: list[int] = []
        while not (held and held[-1]["type"] == "RUN_FINISHED"):
            starts.append(len(held))
            async with socket(rng.choice(nodes.nodes), person) as reader:
                await reader.follow(run_id, after=len(held))
                stream, some = reader.streams[run_id], rng.randint(1, 12)
                await reader.until(lambda: stream.ended or len(stream.events) >= some)  # noqa: B023
                held += stream.events
                reader.cut()
        await asker.end(run_id)
    log = nodes.log_of(run_id)
    pieces = zip(starts, [*starts[1:], len(held)], strict=True)
    right = sum(held[start:end] == log[start:end] for start, end in pieces)
    return len(starts), right if len(held) == len(log) else 0


async def cut_often(nodes: Cluster, cuts: int) -> tuple[int, int]:
    people = [nodes.person(f"reader{number}") for number in range(AT_ONCE)]
    rng = random.Random(1)  # noqa: S311 (which moments, not which secrets)
    made = right = 0
    while made < cuts:
        found = await asyncio.gather(*(cut_through(nodes, person, rng) for person in people))
        made += sum(count for count, _ in found)
        right += sum(count for _, count in found)
    return made, right


def main() -> None:
    options = harness.parser("resume")
    options.add_argument("--cuts", type=int, default=500)
    chosen = options.parse_args()
    cuts = 60 if chosen.quick else chosen.cuts
    with (
        tempfile.TemporaryDirectory(prefix="chatproject-bench-") as folder,
        cluster(Path(folder), 2) as nodes,
    ):
        made, right = asyncio.run(cut_often(nodes, cuts))
    wrong = Figure("cuts that were continued wrongly", made - right, "", bar=0)
    figures = [Figure("random cuts, two processes", made, "cuts"), wrong]
    harness.report("resume", figures, {"cuts": made, "right": right}, quick=chosen.quick)


if __name__ == "__main__":
    main()
