"""Texts in the encodings that people's programs write."""
# ruff: noqa: RUF001  # characters that look like others are what this is about

from __future__ import annotations

import pytest

from common.errors import AppError
from conversations.files.formats.charsets import read_text
from conversations.files.formats.inspection import inspect_file
from tests.conversations.mediafiles import param_id


@pytest.mark.parametrize(
    ("text", "encoding", "called"),
    [
        ("Name;Stadt;Preis\r\nMüller;Köln;12,50 €\r\n", "cp1252", "Windows-1252"),
        ("Grüße", "latin-1", "Windows-1252"),
        ("Année;Élève;Été\n", "cp1252", "Windows-1252"),
        ("“Smart” – quotes…", "cp1252", "Windows-1252"),
        ("品名,価格\r\nりんご,100\r\n会議の議事録\r\n", "cp932", "Shift JIS"),
        ("日本", "cp932", "Shift JIS"),
        ("姓名,年龄\n张三,二十\n", "gb18030", "GB 2312"),
        ("中华人民共和国，简体中文。鎔㐀\n" * 9, "gb18030", "GB 18030"),
        ("測試文件，中文", "big5", "Big5"),
        ("안녕하세요 반갑습니다", "cp949", "Korean (CP949)"),
        ("Привет, как дела? Это тест.", "cp1251", "Windows-1251"),
        ("Zażółć gęślą jaźń, proszę bardzo. Dziękuję", "cp1250", "Windows-1250"),
        ("Καλημέρα κόσμε", "cp1253", "Windows-1253"),
        ("Ça coûte 5 € près du cœur de la forêt, garçon naïf.", "iso8859-15", "ISO 8859-15"),
        ("Zażółć gęślą jaźń, proszę bardzo. Dziękuję", "iso8859-2", "ISO 8859-2"),
        ("Привет, как дела? Это тест.", "iso8859-5", "ISO 8859-5"),
        ("Привет, как дела? Это обычный русский текст.", "cp866", "CP866"),
        ("これは日本語のテキストです。\n", "iso2022-jp", "ISO-2022-JP"),
        ("Привет, как дела?\n", "utf-16-le", "UTF-16-LE"),
        ("これは日本語の テキストです。\n", "utf-16-be", "UTF-16-BE"),
        ("Grüße", "utf-16", "UTF-16"),
        ("Grüße 🐝\n", "utf-16-le", "UTF-16-LE"),
        ("hello\n", "utf-16-be", "UTF-16-BE"),
        ("hello", "utf-32", "UTF-32"),
    ],
    ids=param_id,
)
def test_a_text_is_read_in_its_own_encoding(text, encoding, called):
    found = inspect_file(text.encode(encoding), "a.csv")

    assert (found.mime_type, found.data, found.text) == ("text/csv", None, text)
    assert found.notice == f"Read as {called}."


def test_a_long_text_is_judged_by_its_beginning_and_read_to_its_end():
    text = "Zeile mit Umlaut: ä\n" * 50_000
    assert inspect_file(text.encode("cp1252"), "a.txt").text == text


@pytest.mark.parametrize(
    "data", [("日本語" * 20).encode()[:-1], ("Grüße " * 20).encode() + b"\xff" + b" und Gru\xc3"]
)
def test_utf_8_that_was_cut_in_a_character_stays_utf_8(data):
    found = inspect_file(data, "a.txt")
    assert found.text == data.decode("utf-8", "replace")
    assert found.notice == "Read as UTF-8 with damaged characters."


def test_a_table_may_have_nuls_in_its_fields():
    found = inspect_file(b"a,b\0\0,c\n1,\0,2\n3,\0,4\n", "a.csv")
    assert (found.mime_type, found.text) == ("text/csv", "a,b␀␀,c\n1,␀,2\n3,␀,4\n")


@pytest.mark.parametrize("data", [b" \n\t\n", "\ufeff".encode(), "\ufeff \n".encode("utf-16-le")])
def test_a_text_of_spaces_alone_is_an_empty_file(data):
    with pytest.raises(AppError) as caught:
        inspect_file(data, "a.txt")
    assert caught.value.code == "empty_file"


def test_a_file_of_zeros_is_of_no_kind_that_has_a_name():
    with pytest.raises(AppError, match="no text in an encoding"):
        inspect_file(bytes(100), "a.txt")


def test_utf_8_is_given_as_it_is():
    for data in ("Grüße 🐝".encode(), "Grüße".encode("utf-8-sig"), b"plain"):
        assert inspect_file(data, "a.txt").text is None


@pytest.mark.parametrize(
    ("data", "read"),
    [
        (b"Compiling... 10%\b\b\b20%\r\nDone\a\n", "Compiling... 10%␈␈␈20%\r\nDone␇\n"),
        (b"8=FIX.4.2\x0135=A\x0149=B\x01", "8=FIX.4.2␁35=A␁49=B␁"),
        (b"\x1b[31mred\x1b[0m \x1b]0;title\x07text\n", "red text\n"),
        (b"a log " * 50 + b"\0" + b" goes on" * 20, "a log " * 50 + "␀" + " goes on" * 20),
    ],
    ids=param_id,
)
def test_a_log_is_read_without_its_control_characters(data, read):
    found = inspect_file(data, "terminal.log")
    assert (found.mime_type, found.text) == ("text/plain", read)
    assert found.notice == "Read with signs in place of its control characters."


@pytest.mark.parametrize(
    "data",
    [
        *(b"\x7fELF" + bytes(60), b"\0asm\1\0\0\0", b"\xca\xfe\xba\xbe" + bytes(30)),
        *(bytes(range(256)), b"hello\0world", bytes(100), b"\1\2\3\4"),
    ],
    ids=param_id,
)
def test_a_program_is_no_text(data):
    assert read_text(data) is None
