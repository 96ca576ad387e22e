"""What every database can keep: PostgreSQL refuses NUL, nobody takes lone surrogates."""

from __future__ import annotations

import re
from typing import Any

REPLACEMENT = "\ufffd"
_REFUSED = re.compile("[\0\ud800-\udfff]")


def storable_text(text: str) -> str:
    return _REFUSED.sub(REPLACEMENT, text)


def storable(value: Any) -> Any:
    """``value`` (any JSON) with each character that cannot be kept replaced by U+FFFD."""
    match value:
        case str():
            return storable_text(value)
        case list():
            return [storable(item) for item in value]
        case dict():
            return {storable_text(name): storable(item) for name, item in value.items()}
        case _:
            return value
