"""Names and titles: what people write stays, what only deceives goes."""

import pytest

from common.text import visible_text


@pytest.mark.parametrize(
    "name",
    [
        "👨‍👩‍👧‍👦 trip",
        "❤️‍🔥",
        "🧑🏽‍🚀",
        "می‌خواهم",
        "क्‍ष",
        "Grüße 🐝",
        "日本",
    ],
)
def test_joiners_stay_where_writing_needs_them(name):
    assert visible_text(name) == name


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("photo\u202egnp.exe", "photognp.exe"),
        ("pay\u200dpal", "paypal"),
        ("\u200d\u200cfoo\u200d", "foo"),
        ("\u043f\u200d\u0440", "\u043f\u0440"),
        ("👨\u200d\u200d\u200d👩", "👨\u200d👩"),
        ("a\u2066\u200b\ufeff\x07b\r\n\tc", "ab c"),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_what_cannot_be_seen_goes(text, seen):
    assert visible_text(text) == seen
