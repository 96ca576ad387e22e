"""Model calls that one question costs its owner, counted where they arrive."""

from __future__ import annotations

import asyncio

from benchmarks import harness
from benchmarks.harness import Figure
from benchmarks.readers import OurReader
from emulator.testing import Emulator

QUESTIONS = {
    "a plain answer": ("What is the capital of France?", 0, 1),
    "one delegation": ("Write an essay about rivers.", 1, 2),
    "two delegations": ("Write an essay about rivers and draw a picture of one.", 2, 4),
}


async def ask(server: harness.Server, upstream: Emulator, question: str) -> tuple[int, int]:
    """Delegations and model calls of one question."""
    upstream.clear()
    reader = OurReader()
    await reader.open(server.port, server.people[0].token)
    await reader.read(question)
    reader.deltas()  # raises unless the answer is whole
    events = [frame["event"]["type"] for frame, _ in reader.frames() if frame["op"] == "event"]
    reader.close()
    return events.count("SUBAGENT_STARTED"), len(await upstream.requests_async())


def main() -> None:
    chosen = harness.parser("calls").parse_args()
    figures = []
    with harness.emulator() as upstream, harness.chat_server(upstream, people=1) as server:
        for what, (question, delegations, bar) in QUESTIONS.items():
            delegated, calls = asyncio.run(ask(server, upstream, question))
            if delegated != delegations:
                raise RuntimeError(f"{what}: {delegated} delegations, not {delegations}")
            figures.append(Figure(what, calls, "model calls", bar=bar))
    harness.report("calls", figures, {}, quick=chosen.quick)


if __name__ == "__main__":
    main()
