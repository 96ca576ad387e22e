"""Models that Google has ended or will end, by exact id: a guess would take a good one away.

An id that is not here is passed on to Google, who knows. Some dated siblings of the families of
1.5 and 2.0 went with them and are named too, for profiles that still hold one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from gemini.model_info import Shutdown

_PAGE = "https://ai.google.dev/gemini-api/docs/deprecations"
_NEWS = "https://ai.google.dev/gemini-api/docs/changelog"
_END_OF_25 = (
    "https://dev.to/aideprecations/"
    "what-to-do-before-gemini-25-pro-and-25-flash-are-retired-on-december-1-2026-5gg9"
)

_FAMILIES: tuple[tuple[str, str, str, str, str], ...] = (
    # ids, first day without them, what replaces them, source, read on
    (
        "gemini-1.0-pro gemini-1.0-pro-001 gemini-1.0-pro-latest gemini-1.0-pro-vision-latest",
        "2025-02-15",
        "gemini-3-flash-lite",
        _NEWS,
        "2026-11-10",
    ),
    (
        "gemini-1.5-pro gemini-1.5-pro-001 gemini-1.5-pro-002 gemini-1.5-pro-latest",
        "2025-09-29",
        "gemini-3-flash",
        _NEWS,
        "2026-11-10",
    ),
    (
        "gemini-1.5-flash gemini-1.5-flash-001 gemini-1.5-flash-002 gemini-1.5-flash-latest "
        "gemini-1.5-flash-8b gemini-1.5-flash-8b-001 gemini-1.5-flash-8b-latest",
        "2025-09-29",
        "gemini-3-flash-lite",
        _NEWS,
        "2026-11-10",
    ),
    (
        "gemini-2.0-flash gemini-2.0-flash-001 gemini-2.0-flash-lite gemini-2.0-flash-lite-001",
        "2026-06-01",
        "gemini-3-flash-lite",
        _NEWS,
        "2026-11-28",
    ),
    (
        "gemini-2.0-flash-preview-image-generation gemini-2.5-flash-image-preview",
        "2026-01-15",
        "gemini-3-image",
        _NEWS,
        "2026-11-28",
    ),
    (
        "gemini-2.5-pro-preview-03-25 gemini-2.5-pro-preview-05-06 gemini-2.5-pro-preview-06-05",
        "2025-12-02",
        "gemini-3-flash",
        _PAGE,
        "2026-11-28",
    ),
    (
        "gemini-2.5-flash-preview-09-2025 gemini-2.5-flash-preview-09-25",
        "2026-02-17",
        "gemini-3-flash-lite",
        _NEWS,
        "2026-11-28",
    ),
    ("gemini-3-pro-preview", "2026-03-09", "gemini-3-pro", _PAGE, "2026-11-28"),
    ("gemini-3.1-flash-lite-preview", "2026-05-25", "gemini-3.1-flash-lite", _NEWS, "2026-11-28"),
    (
        "gemini-3.1-flash-image-preview gemini-3-pro-image-preview",
        "2026-06-25",
        "gemini-3-image",
        _PAGE,
        "2026-11-28",
    ),
    # These two still answer, as their successors: Google sends the requests on.
    ("gemini-3.5-flash", "2026-10-08", "gemini-3.6-flash", _NEWS, "2026-11-28"),
    ("gemini-3.7-flash", "2026-10-08", "gemini-3-flash", _NEWS, "2026-11-28"),
    ("gemini-2.5-pro", "2026-12-01", "gemini-3-flash", _END_OF_25, "2026-11-28"),
    ("gemini-2.5-flash", "2026-12-01", "gemini-3-flash-lite", _END_OF_25, "2026-11-28"),
)


def _each() -> Iterator[tuple[str, Shutdown]]:
    for ids, on, replacement, source, read_on in _FAMILIES:
        end = Shutdown(date.fromisoformat(on), replacement, source, read_on)
        yield from ((api_id, end) for api_id in ids.split())


SHUTDOWNS: Mapping[str, Shutdown] = {
    **dict(_each()),
    "gemini-2.5-flash-image": Shutdown(
        date(2026, 10, 2),
        "gemini-3-image",
        _PAGE,
        "2026-11-28",
        "A reseller of 2026-10 writes that it still answers past its day.",
    ),
    "gemini-3.1-flash-image": Shutdown(
        None,
        "gemini-3-image",
        _NEWS,
        "2026-11-28",
        "Google's changelog of 2026-10-06: deprecated, no date. LiteLLM "
        "(https://github.com/BerriAI/litellm/discussions/44983) says 2026-10-29.",
    ),
    "gemini-3.1-flash-lite": Shutdown(
        date(2027, 5, 7),
        "gemini-3-flash-lite",
        _PAGE,
        "2026-11-28",
        "The earliest possible day, as the page says of all its dates.",
    ),
}
