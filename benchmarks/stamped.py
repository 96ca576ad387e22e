"""The emulator with a clock in its text: each numbered piece says when it was sent.

``000007 abcdefghij...`` becomes ``000007 0123456789...``: microseconds of the machine's monotonic
clock, put in at the moment the frame is written to its connection. Who reads the piece knows how
long it was under way.
"""

from __future__ import annotations

from benchmarks.clock import MARK, stamp
from emulator import app
from emulator.__main__ import main
from emulator.delivery import Exchange


class StampedExchange(Exchange):
    """An exchange that writes the time into each frame."""

    async def _write(self, data: bytes) -> None:
        await super()._write(data.replace(MARK, stamp(), 1))


if __name__ == "__main__":
    vars(app)["Exchange"] = StampedExchange
    main()
