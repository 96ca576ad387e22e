"""Names and titles: what people write stays, what only deceives goes."""

import time

import pytest

from common.text import MAX_MARKS, visible_text

MARKS = 50_000
SECONDS = 1.0  # what is quadratic takes many times that


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


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0300" * MARKS + "\u0316" * MARKS,
        "a" + "\u0345\u0300\u0316\u0327" * (MARKS // 2),
        "\u0f73" * MARKS + "\u0316" * MARKS,  # marks that consist of others
        "ä\u200d" * (4 * MARKS),
        "\u200d" * (4 * MARKS) + "ä",
    ],
    ids=["sorted", "mixed", "composed", "joiners", "joiners in a row"],
)
def test_no_text_takes_long(text):
    begin = time.process_time()

    visible_text(text)

    assert time.process_time() - begin < SECONDS


def test_a_letter_keeps_as_many_marks_as_any_writing_needs():
    many = "e" + "\u0316" * (MAX_MARKS + 1)

    assert visible_text(f"{many} {many}") == f"{many[:-1]} {many[:-1]}"
