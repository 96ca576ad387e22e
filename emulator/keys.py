"""Which keys are good, and for how much: a word in the key decides.

``AIza...rpm3...`` allows three answers a minute, ``free`` has no billing, the words below make a
key bad for all requests, or for answers alone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from emulator.catalogue import Model
from emulator.errors import GOOGLE_TYPE, Refusal, error_info, quota_error
from emulator.faults import fault

WINDOW_S = 60.0
_SHAPE = re.compile(r"AIza[A-Za-z0-9_-]{35}|AQ\.[A-Za-z0-9_-]{20,}")
_RATE = re.compile(r"rpm(\d{1,4})(?!\d)")
_FAULTS = {
    "blocked": "leaked",
    "region": "region",
    "noapi": "api-disabled",
    "website": "referrer",
    "ipbound": "address",
    "standard": "standard-key",
}
_FAULTS_OF_ANSWERS = {"listonly": "service", "spent": "prepay-402", "capped": "spend-cap"}


def check_key(key: str, model: str = "") -> None:
    """Refuse a key that is missing, misshapen, or marked as bad.

    Raises:
        Refusal: as Google's.
    """
    if not key:
        raise Refusal(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API.",
        )
    if not _SHAPE.fullmatch(key) or "invalid" in key:
        raise _invalid_key()
    if "suspended" in key:
        consumer = f"api_key:{key}"
        message = f"Permission denied: Consumer '{consumer}' has been suspended."
        info = error_info(
            "CONSUMER_SUSPENDED", consumer="projects/12345678", containerInfo=consumer
        )
        raise Refusal(403, message, [info])
    _check_marks(key, _FAULTS)
    if "quota" in key:
        raise quota_error(model or "gemini-3.8-flash", 31)


def _check_marks(key: str, faults: dict[str, str]) -> None:
    for word, name in faults.items():
        if word in key:
            raise fault(name, "")


def _invalid_key() -> Refusal:
    message = "API key not valid. Please pass a valid API key."
    info = error_info("API_KEY_INVALID", service="generativelanguage.googleapis.com")
    localized = {"locale": "en-US", "message": message}
    return Refusal(400, message, [info, {"@type": f"{GOOGLE_TYPE}LocalizedMessage"} | localized])


class Quotas:
    """Counts the answers of keys that have a quota, in windows that begin with the first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}  # key: when it began, answers since

    def spend(self, key: str, model: Model) -> None:
        """Count an answer of the model to that key.

        Raises:
            Refusal: the key is good for no answers, or for no more of them this minute.
        """
        _check_marks(key, _FAULTS_OF_ANSWERS)
        if "free" in key and model.needs_billing:
            raise quota_error(model.id, 18, billing=False)
        rate = _RATE.search(key)
        if rate is None:
            return
        limit, now = int(rate[1]), self._clock()
        began, count = self._windows.get(key, (now, 0))
        if now - began >= WINDOW_S:
            began, count = now, 0
        if count >= limit:
            raise quota_error(model.id, max(1.0, round(began + WINDOW_S - now)), limit=limit)
        self._windows[key] = (began, count + 1)
