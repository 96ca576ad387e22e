"""The frame reader: whatever way the bytes come, the same frames leave."""

from __future__ import annotations

import json

import pytest

from gemini.sse import BadSSE, SSEDecoder

FRAMES = [
    {"text": "Grüße, 世界 👋"},
    {"text": "a line\u2028separator\u2029 and\u0085 more"},
    {"text": "data: not a frame\r\n\r\ndata: []"},
    {},
]
ERROR = {"error": {"code": 503, "message": "Overloaded.\n\nTry again.", "details": [{"a": [1]}]}}


def frame(value: object, end: bytes = b"\r\n\r\n") -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + end


def read(*pieces: bytes) -> list[object]:
    reader = SSEDecoder()
    found = [frame for piece in pieces for frame in reader.feed(piece)]
    return [*found, *reader.close()]


WIRE = b"".join(map(frame, FRAMES))
TAIL = json.dumps(ERROR, indent=2).encode() + b"\n"


@pytest.mark.parametrize("end", [b"\r\n\r\n", b"\n\n", b"\n"])
def test_frames_are_read_whatever_ends_their_lines(end):
    assert read(b"".join(frame(value, end) for value in FRAMES)) == FRAMES


@pytest.mark.parametrize("wire", [WIRE, WIRE + TAIL, WIRE.replace(b"data: {", b"data:{")])
def test_frames_are_the_same_split_anywhere(wire):
    whole = read(wire)
    assert whole[: len(FRAMES)] == FRAMES
    for at in range(len(wire) + 1):
        assert read(wire[:at], wire[at:]) == whole
    assert read(*(wire[at : at + 1] for at in range(len(wire)))) == whole


def test_frames_leave_as_soon_as_their_line_ends():
    reader = SSEDecoder()
    assert list(reader.feed(frame({"a": 1}, end=b""))) == []
    assert list(reader.feed(b"\r\n")) == [{"a": 1}]
    assert list(reader.feed(b"\r\n")) == []


def test_bare_error_behind_the_frames_is_a_frame():
    assert read(WIRE, TAIL) == [*FRAMES, ERROR]
    assert read(TAIL.rstrip()) == [ERROR]


def test_bare_error_in_an_array_is_a_frame_too():
    assert read(WIRE, b"[" + TAIL.rstrip() + b"]\n") == [*FRAMES, ERROR]
    assert read(b'data: [{"error": {"code": 429}}]\n') == [{"error": {"code": 429}}]


def test_last_frame_without_its_line_end_is_read():
    assert read(frame({"a": 1}, end=b"")) == [{"a": 1}]


def test_comments_and_names_of_events_are_no_frames():
    assert read(b": keep-alive\r\n\r\nevent: x\r\nid: 1\r\nretry: 5\r\n" + frame({})) == [{}]


@pytest.mark.parametrize(
    "wire",
    [
        frame({"text": "cut"})[:-9],
        frame({"text": "世"}, end=b"")[:-3],
        TAIL[:-4],
        b"data: \r\n",
        b"data: [DONE]\r\n",
        b"data: [1]\r\n",
        b"data: null\r\n",
        b'data: {"a": \xff}\r\n',
        b"<html>Bad gateway</html>",
    ],
)
def test_what_is_no_json_object_is_a_bad_frame_that_keeps_its_content_to_itself(wire):
    with pytest.raises(BadSSE) as caught:
        read(WIRE, wire)
    assert str(caught.value) == ""
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_frames_before_a_bad_one_are_given():
    reader = SSEDecoder()
    found = []
    with pytest.raises(BadSSE):  # noqa: PT012 - the frames before it are what is tested
        for frame in reader.feed(WIRE + b"data: {\n"):
            found.append(frame)
    assert found == FRAMES


def test_half_a_character_is_given_as_it_came_for_the_other_half_may_follow():
    assert read(rb'data: {"text": "x\ud83d"}' + b"\n", rb'data: {"text": "\ude00"}' + b"\n") == [
        {"text": "x\ud83d"},
        {"text": "\ude00"},
    ]


def test_json_nested_without_end_is_a_bad_frame():
    with pytest.raises(BadSSE):
        read(b"data: " + b"[" * 200_000 + b"\n")


def test_a_line_of_megabytes_is_not_copied_with_each_piece():
    reader, piece = SSEDecoder(), b"x" * 65536
    list(reader.feed(b'data: {"a": "'))
    for _ in range(512):
        assert list(reader.feed(piece)) == []
    [found] = reader.feed(b'"}\n')
    assert len(found["a"]) == 512 * 65536
