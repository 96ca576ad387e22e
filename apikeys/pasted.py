"""Makes a key out of what people paste, or says what is wrong with it, without repeating it."""

from __future__ import annotations

import re
import unicodedata

from django.views.decorators.debug import sensitive_variables

from common.errors import AppError

KEY = re.compile(r"[\x21-\x7e]{20,200}")
PASTED_CHARS = 2_000
QUOTES = "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb"  # straight, curly and French ones
PREFIX = re.compile(
    r"\A(?:(?:export\s+)?[A-Za-z_]*key\s*=\s*"
    r"|x-goog-api-key\s*:\s*|authorization\s*:\s*|bearer\s+)",
    re.IGNORECASE,
)


@sensitive_variables()
def clean_key(pasted: str) -> str:
    """The key in ``pasted``: without quotes, invisible characters, line breaks or ``Bearer``.

    The form of a key is Google's business: whether it is one is for the check to find out.

    Raises:
        AppError: ``bad_key`` with a sentence; the key itself is never part of it.
    """
    if len(pasted) > PASTED_CHARS:
        raise _bad("A key has 20 to 200 visible characters. Paste the key alone.")
    key = _visible(pasted)
    while True:
        shorter = key.strip(QUOTES).strip()
        shorter = PREFIX.sub("", shorter, count=1) if PREFIX.match(shorter) else shorter
        if shorter == key:
            break
        key = shorter
    if not key:
        raise _bad("Paste your Gemini key here.")
    # What cannot be put into a header (a line end, a letter beyond ASCII) would stand whole in the
    # text of the HTTP library's error.
    if not key.isascii():
        raise _bad("A key holds plain letters, digits and signs only. Copy it again.")
    if re.search(r"\s", key):
        raise _bad("A key has no blanks inside. Paste the key alone.")
    if not KEY.fullmatch(key):
        raise _bad("A key has 20 to 200 visible characters. Copy all of it, and nothing else.")
    return key


def _visible(text: str) -> str:
    """Without line breaks and what cannot be seen; any other blank becomes a plain one."""
    letters = (
        " " if unicodedata.category(letter) == "Zs" or letter == "\t" else letter
        for letter in text
        if unicodedata.category(letter) != "Cf" and letter not in "\r\n\u2028\u2029"
    )
    return "".join(letters).strip()


def _bad(sentence: str) -> AppError:
    return AppError("bad_key", sentence, fields={"key": [sentence]})
