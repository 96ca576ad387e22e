"""Texts that hold a Gemini key by mistake: refused wherever a text is stored as it is typed.

The page holds such a message back and asks (``resemblesKey`` in ``web/src/shared/key-like.ts``);
programs are told the same.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError

from common.errors import AppError

CODE = "looks_like_key"
IN_A_MESSAGE = (
    "This looks like a Gemini key. Store it under Keys instead: in a message it would be kept in "
    "the conversation and sent to the model."
)
ELSEWHERE = (
    "This looks like a Gemini key. Store it under Keys instead: here it would be kept as it is "
    "typed, and shown."
)
HIDDEN = "[key]"
_LETTER = r"(?:[\r\n\u2028\u2029]*[0-9A-Za-z_-])"  # a key copied from a terminal goes over lines
# New keys begin with AQ., those of before with AIza. Not in the middle of a word, as in base64 of
# something else.
_KEY = re.compile(rf"(?<![0-9A-Za-z])(?:AIza{_LETTER}{{30,}}|AQ\.{_LETTER}{{20,}})")


def looks_like_key(text: str) -> bool:
    """Whether a key stands in ``text``, also one with invisible characters or line ends in it."""
    return _KEY.search(text if text.isascii() else _visible(text)) is not None


def refuse_key(text: str, *, field: str = "", message: str = ELSEWHERE) -> None:
    """Raises ``AppError`` ``looks_like_key`` for a text that holds one; it is not repeated."""
    if looks_like_key(text):
        raise key_refusal(field=field, message=message)


def key_refusal(*, field: str = "", message: str = ELSEWHERE) -> AppError:
    return AppError(CODE, message, fields={field: [message]} if field else None)


def refuse_keys_in(value: Any, *, field: str) -> None:
    """``refuse_key`` for every text inside a JSON value."""
    if isinstance(value, str):
        refuse_key(value, field=field)
    elif isinstance(value, list | tuple):
        for item in value:
            refuse_keys_in(item, field=field)
    elif isinstance(value, dict):
        for name, item in value.items():
            refuse_keys_in([name, item], field=field)


def validate_no_key(text: Any) -> None:
    """The same for a field of a form."""
    if isinstance(text, str) and looks_like_key(text):
        raise ValidationError(ELSEWHERE, code=CODE)


def without_keys(text: str) -> str:
    """``text`` with what looks like a key hidden."""
    return _KEY.sub(HIDDEN, text)


def _visible(text: str) -> str:
    return "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
