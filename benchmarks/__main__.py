"""``python -m benchmarks``: all of them, briefly, and one table against the bars.

With ``--long`` each takes the time it needs for figures worth keeping.
"""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.harness import RESULTS, ROOT, Figure, table

ALL = (
    *("calls", "client_cost", "request_build", "first_delta", "stop", "resume", "idle"),
    "run_memory",
    *("delta_cpu", "many"),
)


def main() -> None:
    brief = [] if "--long" in sys.argv[1:] else ["--quick"]
    failed = []
    for name in ALL:
        command = [sys.executable, "-m", f"benchmarks.{name}", *brief]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    figures = []
    for name in ALL:
        if name not in failed:
            found = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
            figures += [
                Figure(f["what"], f["value"], f["unit"], f["bar"]) for f in found["figures"]
            ]
    judged = [figure for figure in figures if figure.bar is not None]
    table(["", "all", "bar", ""], [figure.row() for figure in judged])
    for name in failed:
        print(f"{name} did not run to its end.")
    sys.exit(bool(failed) or not all(figure.good for figure in judged))


if __name__ == "__main__":
    main()
