"""``python -m emulator``: the Gemini stand-in on a port of this machine."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from pathlib import Path

from emulator.app import EmulatorServer


def main() -> None:
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8089, help="0 takes a free one")
    parser.add_argument(
        "--recordings",
        type=Path,
        default=os.environ.get("GEMINI_RECORDINGS") or None,
        help="folder of recordings to replay (default: GEMINI_RECORDINGS)",
    )
    parser.add_argument("--pace", type=float, default=25.0, metavar="MS", help="between frames")
    options = parser.parse_args()
    try:
        server = EmulatorServer(
            options.host, options.port, recordings=options.recordings, pace_s=options.pace / 1000
        )
    except OSError as error:
        parser.exit(1, f"emulator: cannot listen on port {options.port}: {error.strerror}\n")
    threading.Thread(target=_announce, args=(server,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has shut down and passes Ctrl-C on
        server.serve_here()


def _announce(server: EmulatorServer) -> None:
    server.listening.wait()
    sys.stdout.write(f"emulator listening on {server.base_url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
