"""Rate limiting within one process."""

from __future__ import annotations

import time
from collections.abc import Callable

BURST_S = 2.0


class TokenBucket:
    """A token bucket: so many tokens per second, and what was not used for a while at once.

    Args:
        per_s: tokens that come back each second.
        burst_s: seconds of refill that the bucket holds; it starts full.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        per_s: float,
        burst_s: float = BURST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_s = per_s
        self._capacity = per_s * burst_s
        self._clock = clock
        self._tokens = self._capacity
        self._refilled_at = clock()

    @property
    def is_full(self) -> bool:
        self._refill()
        return self._tokens >= self._capacity

    def take(self, cost: float) -> float:
        """Take ``cost`` tokens, or none.

        A cost above the capacity takes the whole of a full bucket.

        Returns:
            0: they were taken. Otherwise the seconds until there are enough.
        """
        self._refill()
        cost = min(cost, self._capacity)
        if self._tokens >= cost:
            self._tokens -= cost
            return 0.0
        return (cost - self._tokens) / self._per_s

    def _refill(self) -> None:
        now = self._clock()
        elapsed_s = now - self._refilled_at
        self._tokens = min(self._capacity, self._tokens + elapsed_s * self._per_s)
        self._refilled_at = now
