"""Rate limiting: a token bucket within one process, a sliding window over all of them.

Both answer with the seconds to wait, 0 if none, and ``throttled`` makes the refusal of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model

from common.errors import AppError

BURST_S = 2.0
MIN_RETRY_AFTER_S = 0.1


def throttled(code: str, message: str, retry_after_s: float | None = None) -> AppError:
    """The refusal of what comes too often (429)."""
    if retry_after_s is not None:
        retry_after_s = max(retry_after_s, MIN_RETRY_AFTER_S)
    return AppError(code, message, status=429, retry_after_s=retry_after_s)


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
        # What costs more than the bucket holds would never be allowed otherwise.
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


@dataclass(frozen=True, slots=True)
class SlidingWindow:
    """At most ``limit`` events in any stretch of time as long as ``window``."""

    limit: int
    window: timedelta = timedelta(minutes=1)

    def retry_after_s(self, earlier: Sequence[datetime], now: datetime) -> float:
        """The seconds until one more event is allowed; 0: it is allowed now.

        Args:
            earlier: when the events before this one happened, in any order.
        """
        recent = sorted((at for at in earlier if at >= now - self.window), reverse=True)
        if len(recent) < self.limit:
            return 0.0
        return max(1.0, (recent[self.limit - 1] + self.window - now).total_seconds())


def throttle_event(
    event: Model,
    limits: Mapping[tuple[str, ...], int],
    refusal: tuple[str, str],
    window: timedelta = timedelta(minutes=1),
) -> None:
    """Store ``event``, unless too many like it were stored within the window.

    The table is the count: it holds over all processes.

    Args:
        event: a new row with its time in ``at``. Rows that are out of the window are deleted.
        limits: how many events may be equal in these columns.
        refusal: the code and the sentence of the error.

    Raises:
        AppError: 429, with ``retry_after_s``.
    """
    table = type(event)._default_manager
    now: datetime = event.at  # type: ignore[attr-defined]
    table.filter(at__lt=now - window).delete()
    # Stored first, counted then. The other way round, events that come at once each count what was
    # there before all of them, and all pass. Of stored ones each counts those with a lower id, so
    # exactly ``limit`` pass.
    event.save()
    for columns, limit in limits.items():
        same: dict[str, Any] = {column: getattr(event, column) for column in columns}
        earlier = table.filter(at__gte=now - window, pk__lt=event.pk, **same).order_by("-at")
        times = list(earlier.values_list("at", flat=True)[:limit])
        if wait_s := SlidingWindow(limit, window).retry_after_s(times, now):
            # Whoever goes on trying is let in again after the window; with refused tries counted,
            # nobody who tries is ever let in, and whoever knows a name can lock its owner out.
            event.delete()
            raise throttled(*refusal, wait_s)
