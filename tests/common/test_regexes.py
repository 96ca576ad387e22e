"""Every regular expression of the product takes time in proportion to the text, whatever it is."""

from __future__ import annotations

import functools
import importlib
import itertools
import pkgutil
import random
import re
import time

import pytest
import rest_framework.views  # noqa: F401  # before what it imports itself

from gemini import redaction

PACKAGES = ("common", "gemini", "accounts", "apikeys", "conversations", "agents", "chatproject")
CHARS = 30_000
TRIED_S = 0.1  # with pairs, a different share of them for each expression
STARTED_WITH = ("conversations.files.decoding.worker", "chatproject.asgi")  # not for this process
ON_A_FEW_CHARACTERS = {redaction._ESCAPE_AT_END}
SECONDS = 0.3  # what is linear takes a hundredth of that, and what is quadratic many times
PIECES = [
    *" \t\n.,:;-_=+*/\\|#<>()[]{}'\"`~!?&%@$0aAZ\x00\x1b\xff",
    *("```", "AIza", "AQ.", "Bearer ", "eyJ", "gAAAA", "key=", "token: ", "http://", "https://a:"),
    *("access the file ", "audio/L16", "rate=1", "bytes=1-", "1.5", "\\u", "\\u0000", "# ", "- "),
    *("ya29.", "sk-", "-----BEGIN ", "authorization: ", "api_key", "?key=", "$.a", "\u200d", "é"),
]


@functools.cache
def patterns() -> dict[str, re.Pattern]:
    found = {}
    for package in PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            if ".migrations" in module.name or module.name in STARTED_WITH:
                continue
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, re.Pattern) and value not in ON_A_FEW_CHARACTERS:
                    found[f"{value.pattern!r:.60}"] = value
    return found


def texts(seed: str):
    """Text of one piece over and over, then of two."""
    for one in PIECES:
        yield one * (CHARS // len(one))
    pairs = list(itertools.permutations(PIECES, 2))
    random.Random(seed).shuffle(pairs)
    for one, other in pairs:
        yield (one + other) * (CHARS // len(one + other))
        yield one * (CHARS // len(one)) + other


def test_there_are_regular_expressions_to_look_at():
    assert len(patterns()) > 10


@pytest.mark.parametrize("name", patterns())
def test_no_text_takes_long(name):
    pattern = patterns()[name]
    is_bytes = isinstance(pattern.pattern, bytes)
    ends = time.thread_time() + TRIED_S
    for text in texts(name):
        subject = text.encode("utf-8", "replace") if is_bytes else text
        begin = time.thread_time()
        pattern.fullmatch(subject)
        for _ in pattern.finditer(subject):
            pass
        took = time.thread_time() - begin
        assert took < SECONDS, (pattern.pattern, text[:50])
        if time.thread_time() > ends:
            break
