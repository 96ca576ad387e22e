"""python -m tests.faults --seed 1 --seconds 60 --processes 3 --database postgres --server uvicorn

Starts several processes and a load balancer that cuts, lets people talk, breaks everything in
turn, and says of each promise whether it was kept. Ends with 1 if one was not.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.faults.checker import check  # noqa: E402
from tests.faults.figures import figures  # noqa: E402
from tests.faults.harness import Plan, run  # noqa: E402
from tests.services import Missing  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60, help="how long things are broken")
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--server", choices=["uvicorn", "daphne"], default="uvicorn")
    parser.add_argument("--longest", type=int, default=Plan.longest, help="answer, in characters")
    parser.add_argument("--history", type=Path, help="where to leave the history, as JSON lines")
    options = vars(parser.parse_args())
    path = options.pop("history")
    plan = Plan(**options)
    began, load = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="chatproject-faults-") as folder:
        try:
            history = run(plan, Path(folder))
        except Missing as missing:
            sys.stderr.write(f"{missing}: not run.\n")
            return 0
    if path:
        history.write(path)
    say(f"{plan}: {time.monotonic() - began:.0f} s")
    say(f"  load before / after: {load:.1f} / {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, value in figures(history.entries).items():
        say(f"  {name}: {value}")
    broken = check(history.entries)
    for name, problems in broken.items():
        say(f"  {name}: {'kept' if not problems else f'BROKEN, {len(problems)} times'}")
        for problem in problems[:5]:
            say(f"      {problem}")
    return int(any(broken.values()))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
