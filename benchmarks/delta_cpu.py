"""Server CPU per text delta, socket to socket: ours with everything on, against the floor.

Each measured stretch takes in the connection, the sign-in, the question, all deltas and the end of
the answer; for ours also the log in SQLite, the window with its acknowledgements, and the folding
of the log at the end. CPU is user plus system time of the server's process. Both servers run side
by side on one emulator, and the load goes to one, then to the other.
"""

from __future__ import annotations

import time

from benchmarks import harness
from benchmarks.harness import Figure, Json, Server
from benchmarks.load import Load, drive

RATE = 20
SIZES = (1, 20, 100)
REST_S = 1.0


def cpu_ms_per_delta(kind: str, server: Server, load: Load) -> float:
    """Drive one stretch. Raises ``RuntimeError`` if anything was lost: then nothing is measured."""
    before = harness.cpu_s(server.pid)
    outcome = drive(load, server)
    time.sleep(REST_S)  # what was put off is part of the cost
    used_s = harness.cpu_s(server.pid) - before
    if outcome.lost:
        raise RuntimeError(f"{kind}: {outcome.lost} pieces lost. {outcome.errors[:3]}")
    return used_s * 1000 / outcome.pieces


def main() -> None:
    options = harness.parser("delta_cpu")
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    options.add_argument("--deflate", action="store_true", help="ours compresses its frames")
    chosen = options.parse_args()
    seconds, rounds = (5.0, 1) if chosen.quick else (chosen.seconds, chosen.rounds)
    figures: list[Figure] = []
    detail: Json = {"seconds": seconds, "rounds": rounds, "deflate": chosen.deflate}
    with (
        harness.emulator("benchmarks.stamped") as upstream,
        harness.floor_server(upstream) as floor,
        harness.chat_server(upstream, deflate=chosen.deflate) as ours,
    ):
        servers = {"floor": floor, "ours": ours}
        for kind, server in servers.items():  # nobody's first question is measured
            cpu_ms_per_delta(kind, server, Load(kind, 2, 10, 10))
        for streams in chosen.sizes:
            ours.sign_in()
            costs: dict[str, list[float]] = {"floor": [], "ours": []}
            for _ in range(rounds):
                for kind, server in servers.items():
                    load = Load(kind, streams, int(seconds * RATE), 1000 / RATE)
                    load.deflate = chosen.deflate and kind == "ours"
                    costs[kind].append(cpu_ms_per_delta(kind, server, load))
            detail[str(streams)] = {kind: [round(c, 4) for c in costs[kind]] for kind in costs}
            figures += _figures(streams, costs)
    harness.report("delta_cpu", figures, detail, quick=chosen.quick)


def _figures(streams: int, costs: dict[str, list[float]]) -> list[Figure]:
    ours, floor = harness.median(costs["ours"]), harness.median(costs["floor"])
    what = f"{streams} stream{'s' * (streams > 1)} x {RATE}/s"
    return [
        Figure(f"{what}: floor", floor, "ms/delta"),
        Figure(f"{what}: ours", ours, "ms/delta"),
        Figure(f"{what}: ours / floor", ours / floor, "", bar=1.0),
    ]


if __name__ == "__main__":
    main()
