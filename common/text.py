"""Text from outside: bounded, and only what every database and browser can hold."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any, NoReturn

from common.errors import AppError

MAX_DEPTH = 32

# A string, closed or not: one pass, whatever comes in.
STRING = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))

MAX_MARKS = 30  # in a row, as in Unicode's Stream-Safe Text Format (UAX #15)
JOINERS = "\u200c\u200d"
_JOINERS = re.compile(f"[{JOINERS}]+")


def visible_text(text: str) -> str:
    """``text`` as one line without what cannot be seen, in NFC.

    Control characters go, and so do marks that turn the direction of writing and characters
    without a width. The two joiners stay where writing needs them: in emoji made of several, and
    in Arabic, Persian and the scripts of India. A letter keeps 30 marks.
    """
    seen = "".join(
        char if char.isprintable() or char in JOINERS else " " * char.isspace() for char in text
    )
    joined = _JOINERS.sub(_needed_joiner, seen)
    return " ".join(unicodedata.normalize("NFC", _with_few_marks(joined)).split())


def _needed_joiner(found: re.Match[str]) -> str:
    start, end = found.span()
    before, after = found.string[max(0, start - 1) : start], found.string[end : end + 1]
    return found[0][0] if _takes_joiner(before) and _takes_joiner(after) else ""


def _with_few_marks(text: str) -> str:
    """``text`` without the marks that no letter needs.

    Normalising sorts a letter's marks in quadratic time and lets no other thread run meanwhile:
    80 KB of them would stop the process for seconds.
    """
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char)[0] == "M" else 0
        if marks <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def _takes_joiner(char: str) -> bool:
    return bool(char) and (
        unicodedata.bidirectional(char) == "AL"
        or "\u0900" <= char <= "\u1cff"
        or unicodedata.category(char) in ("So", "Sk", "Mn", "Mc")
    )


def parse_json(raw: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH) -> Any:
    """The value of a JSON text, if it is one that can be stored and sent on.

    Raises:
        AppError: ``too_large`` (413), or ``bad_json`` (400) for what is no JSON, is nested too
            deep, or holds NaN, Infinity, NUL characters or halves of surrogate pairs.
    """
    if len(raw) > max_bytes:
        raise AppError("too_large", "This request is too large.", status=413)
    if _is_deeper(raw, max_depth):
        raise _bad("The JSON in this request is nested too deep.")
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise _bad("This request is not valid JSON.") from None
    if not _storable(value):
        raise _bad("This request holds characters that cannot be stored.")
    return value


def _is_deeper(raw: bytes, levels: int) -> bool:
    depth = 0
    for bracket in STRING.sub(b"", raw).translate(None, NO_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > levels:
            return True
    return False


def _storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, list):
        return all(_storable(item) for item in value)
    if isinstance(value, dict):
        return all(_storable(item) for pair in value.items() for item in pair)
    return True


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _bad(message: str) -> AppError:
    return AppError("bad_json", message)
