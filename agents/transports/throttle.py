"""How much of this process one user may take up with the frames of their sockets."""

from __future__ import annotations

import time
from collections.abc import Callable

from agents.protocol import frames
from common.errors import AppError

# What a frame costs: of the database, of the event loop, and of what it sets going.
FRAME_COST = 0.2  # of any frame, before it is read
COSTS: dict[type[frames.Frame], float] = {
    frames.RunFrame: 20.0,
    frames.FollowFrame: 10.0,
    frames.AuthFrame: 6.0,
    frames.WatchFrame: 6.0,
    frames.CancelFrame: 4.0,
    frames.PingFrame: 1.0,
    frames.AckFrame: 0.2,
}
BURST_S = 2.0  # a page that comes back asks for everything at once


class Bucket:
    """A token bucket: so much per second, and what was not used for a while at once.

    Args:
        per_s: units that come back each second.
        burst_s: for how many seconds' worth there is room.
    """

    def __init__(
        self,
        per_s: float,
        burst_s: float = BURST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_s = per_s
        self._room = per_s * burst_s
        self._clock = clock
        self._level = self._room
        self._at = clock()

    @property
    def is_full(self) -> bool:
        self._refill()
        return self._level >= self._room

    def take(self, cost: float) -> float:
        """Take ``cost`` out if it is there: 0. If not: the seconds until it is."""
        self._refill()
        cost = min(cost, self._room)
        if self._level >= cost:
            self._level -= cost
            return 0.0
        return (cost - self._level) / self._per_s

    def _refill(self) -> None:
        now = self._clock()
        self._level = min(self._room, self._level + (now - self._at) * self._per_s)
        self._at = now


def too_fast(wait_s: float) -> AppError:
    message = "That was too much at once. Wait a moment, then go on."
    return AppError("too_many_frames", message, status=429, retry_after_s=max(wait_s, 0.1))
