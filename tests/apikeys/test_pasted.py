"""What people paste becomes a key, or a sentence that does not repeat it."""

from __future__ import annotations

import time

import pytest

from apikeys.pasted import clean_key
from common.errors import AppError
from tests.people import new_secret, new_style_secret

KEY = "AIzaSy" + "0123456789abcdefghijABCDEFGHIJ-_x"


@pytest.mark.parametrize("key", [new_secret(), new_style_secret(), "x" * 20, "~" * 200])
def test_any_form_of_key_is_taken_as_it_is(key):
    assert clean_key(key) == key


@pytest.mark.parametrize(
    "pasted",
    [
        f"  {KEY}\n",
        f"\t{KEY}\r\n",
        f'"{KEY}"',
        f"'{KEY}'",
        f"\u201c{KEY}\u201d",
        f"`{KEY}`",
        f"Bearer {KEY}",
        f"Authorization: Bearer {KEY}",
        f"x-goog-api-key: {KEY}",
        f"GEMINI_API_KEY={KEY}",
        f'export GOOGLE_API_KEY="{KEY}"\n',
        f"\ufeff{KEY}\u200b",
        f"{KEY[:15]}\u200d{KEY[15:]}",
        f"{KEY[:20]}\n{KEY[20:]}",
        f"{KEY[:20]}\u2028{KEY[20:]}",
        f"\u00a0{KEY}\u3000",
    ],
)
def test_what_comes_with_a_key_is_removed(pasted):
    assert clean_key(pasted) == KEY


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "   ",
        "\u200b\ufeff\n",
        '""',
        "Bearer ",
        KEY[:19],
        KEY * 6,
        f"{KEY} and more",
        f"{KEY[:20]} {KEY[20:]}",
        f"{KEY}\x00",
        f"{KEY}\x1b[31m",
        f"{KEY[:20]}\u0410{KEY[20:]}",
        f"{KEY}\ud83d\ude00",
        f"{KEY}\ud800",
    ],
)
def test_what_is_no_key_is_refused_without_repeating_it(pasted):
    with pytest.raises(AppError) as caught:
        clean_key(pasted)
    assert caught.value.code == "bad_key"
    assert list(caught.value.fields) == ["key"]
    assert KEY[:10] not in repr(caught.value.as_dict())
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("piece", ["bearer ", "export ", "key=", "' ", "\u200b"])
def test_a_long_text_is_no_key_and_takes_no_time(piece):
    begin = time.process_time()
    with pytest.raises(AppError) as refused:
        clean_key(piece * 100_000)
    assert refused.value.code == "bad_key"
    assert time.process_time() - begin < 1
