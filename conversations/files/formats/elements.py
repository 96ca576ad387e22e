"""WebM: tags, titles and dates become ``Void`` elements of the same length. Nothing moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SEGMENT, INFO, CLUSTER = 0x18538067, 0x1549A966, 0x1F43B675
TAGS, ATTACHMENTS = 0x1254C367, 0x1941A469
DATE, TITLE, MUXER, WRITER, SEGMENT_FILE = 0x4461, 0x7BA9, 0x4D80, 0x5741, 0x7384
VOID = 0xEC
PRIVATE = frozenset({TAGS, ATTACHMENTS, DATE, TITLE, WRITER, SEGMENT_FILE})


@dataclass(frozen=True, slots=True)
class Element:
    id: int
    start: int
    body: int
    end: int


def blank_elements(data: bytes) -> bytes:
    """The file without its metadata, of the same length."""
    blanked = bytearray(data)
    for segment in _elements(data, 0, len(data)):
        if segment.id == SEGMENT:
            for element in _elements(data, segment.body, segment.end):
                inside = _elements(data, element.body, element.end) if element.id == INFO else ()
                for private in (element, *inside):
                    if private.id in PRIVATE:
                        _void(blanked, private)
    return bytes(blanked)


def _elements(data: bytes, start: int, end: int) -> Iterator[Element]:
    """The elements side by side in ``data[start:end]``; one of unknown length is the last."""
    while start < end:
        id_width = _width(data[start])
        if id_width > 4 or start + id_width >= end:
            return
        at = start + id_width
        width = _width(data[at])
        if width > 8 or at + width > end:
            return
        body = at + width
        length = int.from_bytes(data[at:body], "big") & ((1 << 7 * width) - 1)
        unknown = length == (1 << 7 * width) - 1
        stop = end if unknown else min(end, body + length)
        yield Element(int.from_bytes(data[start:at], "big"), start, body, stop)
        start = stop


def _width(first: int) -> int:
    """How many bytes a number or id has, by the zeros at the beginning of its first byte."""
    return 9 - first.bit_length()


def _void(data: bytearray, element: Element) -> None:
    length = element.end - element.start
    width = 8 if length >= 9 else 1
    size = length - 1 - width
    header = bytes([VOID]) + (size | 1 << 7 * width).to_bytes(width, "big")
    data[element.start : element.end] = header + bytes(size)
