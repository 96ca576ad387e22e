"""Quotas by a word in the key: ``rpm3`` allows three answers a minute, ``free`` has no billing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from emulator.catalogue import Model
from emulator.wire import no_quota_error, quota_error

WINDOW_S = 60.0
_FREE = "free"
_MARK = re.compile(r"rpm(\d{1,4})(?!\d)")


class Quotas:
    """Counts the calls of keys that have a quota, in windows that begin with the first call."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}  # key: when it began, calls since

    def spend(self, key: str, model: Model) -> None:
        """Count a call for an answer.

        Raises:
            Refusal: 429 with the seconds that are left of the minute, or with a limit of nought.
        """
        if _FREE in key and model.needs_billing:
            raise no_quota_error(model.id)
        found = _MARK.search(key)
        if found is None:
            return
        now = self._clock()
        began, calls = self._windows.get(key, (now, 0))
        if now - began >= WINDOW_S:
            began, calls = now, 0
        if calls >= int(found[1]):
            raise quota_error(
                model.id, max(1.0, round(began + WINDOW_S - now)), limit=int(found[1])
            )
        self._windows[key] = (began, calls + 1)

    def clear(self) -> None:
        self._windows.clear()
