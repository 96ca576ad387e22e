"""Memory that one signed-in socket costs the server while nothing happens on it."""

from __future__ import annotations

import asyncio

from benchmarks import harness
from benchmarks.harness import Figure
from benchmarks.readers import OurReader

WARM_UP = 20
PEOPLE = 5
SETTLE_S = 2.0


async def grow(server: harness.Server, sockets: int, *, deflate: bool) -> tuple[int, int]:
    """Resident bytes before and after so many more sockets."""
    tokens = [person.token for person in server.sign_in()]
    readers: list[OurReader] = []

    async def more(count: int) -> int:
        for _ in range(count):
            reader = OurReader()
            await reader.open(server.port, tokens[len(readers) % len(tokens)], deflate=deflate)
            readers.append(reader)
        await asyncio.sleep(SETTLE_S)
        return harness.rss_bytes(server.pid)

    before, after = await more(WARM_UP), await more(sockets)
    assert not any(reader.ws.closed.done() for reader in readers)
    for reader in readers:
        reader.close()
    return before, after


def main() -> None:
    options = harness.parser("idle")
    options.add_argument("--sockets", type=int, default=500)
    options.add_argument("--deflate", action="store_true", help="with compression switched on")
    chosen = options.parse_args()
    with (
        harness.emulator() as upstream,
        harness.chat_server(upstream, people=PEOPLE, deflate=chosen.deflate) as server,
    ):
        before, after = asyncio.run(grow(server, chosen.sockets, deflate=chosen.deflate))
    each = (after - before) / chosen.sockets / 1024
    figures = [
        Figure("idle signed-in socket", each, "KiB", bar=60),
        Figure("the server before", before / 2**20, "MiB"),
    ]
    detail = {"sockets": chosen.sockets, "deflate": chosen.deflate}
    harness.report("idle", figures, detail, quick=chosen.quick)


if __name__ == "__main__":
    main()
