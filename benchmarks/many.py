"""Many answers at once: nothing lost, and how late each piece is at its reader.

The lag is from the write of the frame upstream to the arrival of the delta, by one clock. Emulator,
server and load generators share the machine, so a lag that is high beside a server that is not
busy speaks of the machine.
"""

from __future__ import annotations

import time

from benchmarks import harness
from benchmarks.harness import Figure
from benchmarks.load import Load, drive

RATE = 20


def main() -> None:
    options = harness.parser("many")
    options.add_argument("--full", action="store_true", help="500 streams instead of 200")
    options.add_argument("--streams", type=int)
    options.add_argument("--seconds", type=float, default=20)
    chosen = options.parse_args()
    streams = chosen.streams or (100 if chosen.quick else 500 if chosen.full else 200)
    seconds = 5.0 if chosen.quick else chosen.seconds
    load = Load("ours", streams, int(seconds * RATE), 1000 / RATE, processes=2)
    with (
        harness.emulator("benchmarks.stamped") as upstream,
        harness.chat_server(upstream) as server,
    ):
        server.sign_in()
        drive(Load("ours", 2, 10, 10), server)
        used_s, began = harness.cpu_s(server.pid), time.monotonic()
        outcome = drive(load, server)
        took_s = time.monotonic() - began
        share = (harness.cpu_s(server.pid) - used_s) / took_s
    what = f"{streams} streams x {RATE}/s"
    figures = [
        Figure(f"{what}: pieces lost", outcome.lost, bar=0),
        Figure(f"{what}: lag p50", harness.percentile(outcome.lags_ms, 50), "ms"),
        Figure(f"{what}: lag p99", harness.percentile(outcome.lags_ms, 99), "ms", bar=150),
        Figure(f"{what}: server CPU", share * 100, "% of a core"),
        Figure(f"{what}: pieces delivered", outcome.pieces / took_s, "per s"),
    ]
    detail = {"streams": streams, "seconds": seconds, "errors": outcome.errors[:5]}
    harness.report("many", figures, detail, quick=chosen.quick)


if __name__ == "__main__":
    main()
