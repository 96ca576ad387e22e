"""Texts: in which encoding they are, and what a model is given of them."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from charset_normalizer import from_bytes

SAMPLE_BYTES = 64 * 1024
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
NOT_TEXT = re.compile(r"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")  # no BEL, BS, ESC
PICTURES_OF_CONTROLS = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
WESTERN = frozenset(
    "äöüßÄÖÜéèêëàâáåãçîïíìñôóòõøûùúœŒÉÈÀÁÅÇÓÑ€£§°"
    "\N{EN DASH}\N{EM DASH}\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}“”„…•«»©®"
)
WESTERN_PAGES = ("cp1252", "iso8859_15")
MOSTLY = 0.5  # of the bytes of a text in an alphabet other than Latin are no ASCII
ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
ASCII = frozenset(map(chr, range(128)))
MAX_CONTROLS = 0.3  # of a text in Unicode; some logs separate every field by one
MAX_NULS = 0.01
LINES = 3  # a text of so many may have more, where a program left fields empty
MAX_LEGACY_CONTROLS = 0.02
WIDE_NULS = 0.25  # of UTF-16 without a mark, in every second byte
MAX_UNWRITTEN = 0.01  # of UTF-16 without a mark: characters that no writing has
WRITTEN = ("L", "M", "N", "P", "S", "Z")  # categories of Unicode
GOOD_TO_BAD = 10  # characters in a UTF-8 that was cut or damaged, for each that is none

BOMS = (  # UTF-32's begins like UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What files from before Unicode are in, and how people call it. Where bytes are words in several
# of them, the earlier one wins.
LEGACY = {
    "cp1252": "Windows-1252",
    "gb2312": "GB 2312",
    "cp932": "Shift JIS",
    "gb18030": "GB 18030",
    "big5": "Big5",
    "euc_jp": "EUC-JP",
    "cp949": "Korean (CP949)",
    "iso2022_jp": "ISO-2022-JP",
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "cp866": "CP866",
    "cp1250": "Windows-1250",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "cp437": "CP437",
    "cp850": "CP850",
    "mac_roman": "Mac Roman",
}


# A Windows code page reads all that an older standard wrote, but some of it as other characters.
OLDER = {
    "cp1252": ("iso8859_15", "ISO 8859-15"),
    "cp1250": ("iso8859_2", "ISO 8859-2"),
    "cp1251": ("iso8859_5", "ISO 8859-5"),
}
C1 = re.compile(rb"[\x80-\x9f]")
JAPANESE_MAIL = re.compile(rb"\x1b\$[@B]")
DAMAGED = "UTF-8 with damaged characters"


@dataclass(frozen=True, slots=True)
class Text:
    """A text, and what it was encoded in, as people call that: ``UTF-8``, ``Windows-1252``."""

    text: str
    encoding: str


def read_text(data: bytes) -> Text | None:
    """The text that ``data`` is; None if it is none."""
    # ISO-2022-JP first: all of its bytes are ASCII, so as UTF-8 it would be read without an error,
    # as nonsense between escapes.
    if JAPANESE_MAIL.search(data) and (text := _decoded(data, "iso2022_jp")):
        return Text(text, LEGACY["iso2022_jp"])
    for encoding in _unicode_encodings(data):
        text = _decoded(data, encoding)
        if text is not None and _is_text(text):
            return Text(text, encoding.upper())
    return _damaged(data) or (_wide(data) if b"\0" in data else _legacy(data))


def clean_controls(text: str) -> str:
    """``text`` without terminal codes, and with a sign for every other control character."""
    if not CONTROLS.search(text):
        return text
    return CONTROLS.sub(_sign, ESCAPES.sub("", text))


def _sign(control: re.Match[str]) -> str:
    return control[0].translate(PICTURES_OF_CONTROLS)


def _unicode_encodings(data: bytes) -> Iterator[str]:
    marked = [encoding for bom, encoding in BOMS if data.startswith(bom)]
    yield from marked[:1] or ["utf-8"]
    # Latin letters in UTF-16 have a NUL as every second byte; on which side of them tells the
    # order. Other writings have none: ``_wide`` tries those, once nothing else fits.
    head = data[:SAMPLE_BYTES]
    half = max(1, len(head) // 2)
    if head[1::2].count(0) / half > WIDE_NULS and head[::2].count(0) / half < MAX_NULS:
        yield "utf-16-le"
    if head[::2].count(0) / half > WIDE_NULS and head[1::2].count(0) / half < MAX_NULS:
        yield "utf-16-be"


def _is_text(text: str) -> bool:
    length = len(text) or 1
    controls, nuls = len(NOT_TEXT.findall(text)), text.count("\0")
    # Some programs leave empty fields of a table as NULs. Lines tell such a table from a binary
    # file with many zeros.
    in_fields = controls == nuls and text.count("\n") >= LINES
    return controls / length <= MAX_CONTROLS and (nuls / length <= MAX_NULS or in_fields)


def _damaged(data: bytes) -> Text | None:
    """UTF-8 that was cut in the middle of a character, or lost one."""
    for piece in (data[:SAMPLE_BYTES], data):  # most of what is none shows at once
        text = piece.decode("utf-8", "replace")
        bad = text.count("\ufffd")
        # Letters beyond ASCII that are valid UTF-8 do not come about by chance: each takes two to
        # four bytes that fit. Few broken ones among many whole ones are damage, not another
        # encoding.
        good = sum(character > "\x7f" for character in text) - bad
        if good < bad * GOOD_TO_BAD or not _is_text(text):
            return None
    return Text(text, DAMAGED)


def _wide(data: bytes) -> Text | None:
    """UTF-16 without a mark, of whatever writing: spaces and line ends tell the order of bytes."""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _decoded(data, encoding)
        if text and any(space in text for space in " \n") and _is_written(text[:SAMPLE_BYTES]):
            return Text(text, encoding.upper())
    return None


def _is_written(text: str) -> bool:
    unwritten = sum(
        unicodedata.category(character)[0] not in WRITTEN and character not in "\t\r\n\ufeff"
        for character in text
    )
    return unwritten <= MAX_UNWRITTEN * len(text)


def _legacy(data: bytes) -> Text | None:
    for encoding in _likely(data):
        text = _decoded(data, encoding)
        if text is None or len(NOT_TEXT.findall(text)) > MAX_LEGACY_CONTROLS * len(text):
            continue
        return _older(data, encoding) or Text(text, LEGACY[encoding])
    return None


def _older(data: bytes, encoding: str) -> Text | None:
    """The text by the older standard beside a code page, where that makes better sense."""
    # Bytes 80 to 9F are letters and signs in the pages of Windows, and control characters in ISO
    # 8859: where one occurs it is no ISO 8859.
    if encoding not in OLDER or C1.search(data):
        return None
    older, name = OLDER[encoding]
    text = _decoded(data, older)
    sample = data[:SAMPLE_BYTES]
    is_better = _oddities(sample.decode(older, "replace")) < _oddities(sample.decode(encoding))
    return Text(text, name) if text and is_better else None


def _oddities(text: str) -> int:
    """Signs in the middle of words, capitals behind small letters, and a sign for no currency."""
    places = zip(text, text[1:], text[2:], strict=False)
    in_words = sum(
        one.isalpha() and three.isalpha() and not (two.isalpha() or two < "\x80")
        for one, two, three in places
    )
    capitals = sum(
        one.islower() and two.isupper() and max(one, two) > "\x7f" for one, two in pairwise(text)
    )
    return in_words + capitals + text.count("\N{CURRENCY SIGN}")


def _likely(data: bytes) -> list[str]:
    """The encodings in which a sample makes sense, the likeliest first."""
    sample = data[:SAMPLE_BYTES]
    if len(data) > SAMPLE_BYTES:  # no character may be cut in two
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    # Where the statistics leave a choice, the order of the list decides. A text of mostly other
    # letters is the least likely in Windows-1252, which reads nearly any bytes as some letters.
    order = list(LEGACY)
    if sum(byte > 0x7F for byte in sample) / len(sample) > MOSTLY:
        order.append(order.pop(0))
    elif any(set(sample.decode(one, "replace")) - ASCII <= WESTERN for one in WESTERN_PAGES):
        return ["cp1252"]  # too few letters tell the statistics nothing
    # Only encodings that people have, or it finds EBCDIC and others that fit as well.
    matches = from_bytes(sample, cp_isolation=order, language_threshold=0.1)
    by_name = {name: match for match in matches for name in _names(match) if name in LEGACY}
    return sorted(
        by_name,
        key=lambda name: (by_name[name].chaos, -by_name[name].coherence, order.index(name)),
    )


def _names(match: object) -> list[str]:
    """A match stands for all encodings that read the sample the same way."""
    return [match.encoding, *match.could_be_from_charset]  # type: ignore[attr-defined]


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None
