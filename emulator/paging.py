"""Lists in pages: ``pageSize`` and ``pageToken`` in, ``nextPageToken`` out."""

from __future__ import annotations

from typing import Any

from emulator.calls import camelised
from emulator.wire import Refusal


def page(
    name: str, entries: list[Any], query: dict[str, str], *, usual: int = 50, most: int = 1000
) -> dict[str, Any]:
    """One page of the entries, under their name; an empty list has no name, as at Google.

    Raises:
        Refusal: the size or the token is no number.
    """
    asked = camelised(query)
    try:
        size = min(max(int(asked.get("pageSize") or usual), 1), most)
        start = max(0, int(asked.get("pageToken") or 0))
    except ValueError as error:
        raise Refusal(400, "Invalid page_token or page_size.") from error
    chosen = entries[start : start + size]
    found: dict[str, Any] = {name: chosen} if chosen else {}
    if start + size < len(entries):
        found["nextPageToken"] = str(start + size)
    return found
