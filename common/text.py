"""The rules for text from outside: what can be stored, what can be seen, and JSON within bounds."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any, NoReturn

from common.errors import AppError

MAX_DEPTH = 32
REPLACEMENT = "\ufffd"
# PostgreSQL refuses NUL, and halves of surrogate pairs cannot be encoded as UTF-8.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

MAX_MARKS = 30  # in a row, as in Unicode's Stream-Safe Text Format (UAX #15)
JOINERS = "\u200c\u200d"
_JOINERS = re.compile(f"[{JOINERS}]+")


def sanitize_text(text: str) -> str:
    """``text`` with each character that cannot be stored replaced by U+FFFD."""
    return _UNSTORABLE.sub(REPLACEMENT, text)


def sanitize_json(value: Any) -> Any:
    """``sanitize_text`` for every text inside a JSON value, names of members among them."""
    match value:
        case str():
            return sanitize_text(value)
        case list():
            return [sanitize_json(item) for item in value]
        case dict():
            return {sanitize_text(name): sanitize_json(item) for name, item in value.items()}
        case _:
            return value


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


def _needed_joiner(match: re.Match[str]) -> str:
    start, end = match.span()
    before, after = match.string[max(0, start - 1) : start], match.string[end : end + 1]
    return match[0][0] if _takes_joiner(before) and _takes_joiner(after) else ""


def _with_few_marks(text: str) -> str:
    """``text`` without the marks that no letter needs."""
    # Normalising sorts a letter's marks in quadratic time and lets no other thread run meanwhile:
    # 80 KB of them stopped the process for four seconds.
    if text.isascii():
        return text
    pieces: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char)[0] == "M" else 0
        if marks <= MAX_MARKS:
            pieces.append(char)
    return "".join(pieces)


def _takes_joiner(char: str) -> bool:
    return bool(char) and (
        unicodedata.bidirectional(char) == "AL"
        or "\u0900" <= char <= "\u1cff"
        or unicodedata.category(char) in ("So", "Sk", "Mn", "Mc")
    )


def parse_json(
    raw: bytes | str, *, max_bytes: int | None = None, must_be_storable: bool = True
) -> Any:
    """The value of a JSON text from outside: strict, of bounded size, and at most 32 levels deep.

    Args:
        raw: bytes are read as UTF-8.
        max_bytes: the size of ``raw`` that is still read; None: whoever sent it was limited before.
        must_be_storable: refuse NUL characters and halves of surrogate pairs. Without it the caller
            replaces them before anything is stored (``sanitize_text``).

    Raises:
        AppError: ``too_large`` (413), or ``bad_json`` (400) for what is no JSON, is nested too
            deep, or holds NaN, Infinity, or characters that cannot be stored.
    """
    if max_bytes is not None and len(raw) > max_bytes:
        raise AppError("too_large", "This request is too large.", status=413)
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8")
        # Python takes NaN and Infinity and writes them, too: a browser's JSON.parse refuses the
        # whole event, and PostgreSQL the whole row. 1e999 is an infinity that no constant names.
        value = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        # The parser stops at the interpreter's own limit, far beyond ours, before the C stack ends.
        raise _bad_json("This request is not valid JSON.") from None
    # Bodies of streams are read on the event loop, where looking at each item takes longer than the
    # parser did. With so few brackets nothing can be too deep.
    if must_be_storable or text.count("[") + text.count("{") > MAX_DEPTH:
        _check_value(value, must_be_storable)
    return value


def _check_value(value: Any, must_be_storable: bool) -> None:
    """Raises ``AppError`` for a value with more than ``MAX_DEPTH`` levels of lists and objects."""
    # Level by level: a call for each item would take several times as long.
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        if must_be_storable and any(
            _UNSTORABLE.search(item) for item in level if isinstance(item, str)
        ):
            raise _bad_json("This request holds characters that cannot be stored.")
        nested = [item for item in level if isinstance(item, (list, dict))]
        if not nested:
            return
        level = []
        for item in nested:
            level += item  # of an object the names
            if isinstance(item, dict):
                level += item.values()
    raise _bad_json("The JSON in this request is nested too deep.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _bad_json(message: str) -> AppError:
    return AppError("bad_json", message)
