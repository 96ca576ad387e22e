"""What sounds, videos and PDFs say of people, places and devices goes; the rest stays."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

import pikepdf
import pytest

from common.errors import AppError
from conversations.files.formats.inspection import inspect_file
from conversations.files.formats.media import read_media
from tests.conversations.documents import pdf
from tests.conversations.mediafiles import (
    AAC_FRAME,
    CANARY,
    MP3_FRAME,
    SOUND,
    aiff,
    avi,
    box,
    flac,
    id3,
    iso,
    opus,
    wav,
    webm,
)

ARTIST = b"INFOIART" + len(CANARY).to_bytes(4, "little") + CANARY + b"\0"
WHEN_MADE = (3_900_000_000).to_bytes(4, "big")
SOUNDS_AND_VIDEOS = {
    "a.mp4": iso(b"isom", b"vide", b"soun", private=CANARY),
    "a.mov": iso(b"qt  ", b"vide", private=CANARY),
    "a.3gp": iso(b"3gp4", b"vide", private=CANARY),
    "a.m4a": iso(b"M4A ", b"soun", private=CANARY),
    "xmp.mp4": iso(b"isom", b"vide", tail=box(b"uuid", bytes(16), CANARY)),
    "a.webm": webm(b"V_VP9", b"A_OPUS", private=CANARY),
    "voice.webm": webm(b"A_OPUS", private=CANARY),
    "a.wav": wav((b"LIST", ARTIST), (b"bext", CANARY.ljust(602, b"\0")), (b"id3 ", id3(CANARY))),
    "a.aiff": aiff((b"AUTH", CANARY), (b"ID3 ", id3(CANARY))),
    "a.avi": avi((b"IDIT", CANARY), (b"LIST", ARTIST)),
    "a.mp3": id3(CANARY) + id3(CANARY, padding=50) + MP3_FRAME * 9 + b"TAG" + CANARY.ljust(125),
    "a.aac": id3(CANARY) + AAC_FRAME * 9,
    "a.opus": opus(b"LOCATION=" + CANARY),
    "a.flac": flac(CANARY),
}


@pytest.mark.parametrize("name", SOUNDS_AND_VIDEOS)
def test_tags_go_and_the_tracks_stay(name):
    data = SOUNDS_AND_VIDEOS[name]
    found = inspect_file(data, name)

    assert CANARY in data
    assert CANARY not in found.data
    assert found.notice == ""
    assert read_media(found.data) == read_media(data)


def test_in_a_video_nothing_moves():
    data = SOUNDS_AND_VIDEOS["a.mp4"]
    bare = inspect_file(data, "a.mp4").data
    samples = data[data.index(b"mdat") :]
    assert (len(bare), bare[-len(samples) :]) == (len(data), samples)
    assert WHEN_MADE in data
    assert WHEN_MADE not in bare


def test_a_track_of_places_goes_with_its_samples():
    """Action cameras write where they are, again and again, in a track of its own."""
    data = iso(b"qt  ", b"vide", b"meta")
    bare = inspect_file(data, "a.mov").data
    assert b"A" * 20 in bare
    assert b"B" * 20 in data
    assert b"B" * 20 not in bare
    assert read_media(bare).tracks == {"Video"}


def test_sound_and_picture_stay_byte_for_byte():
    assert inspect_file(SOUNDS_AND_VIDEOS["a.mp3"], "a.mp3").data == MP3_FRAME * 9
    assert SOUND[1] in inspect_file(SOUNDS_AND_VIDEOS["a.wav"], "a.wav").data
    cluster = bytes(range(256)) * 40
    film = webm(b"V_VP9", private=CANARY, cluster=cluster)
    assert cluster in inspect_file(film, "a.webm").data


@pytest.mark.parametrize("cut", [3, 40, 90, 150, 250, 400])
@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.wav", "a.avi", "a.opus", "a.flac"])
def test_what_is_broken_breaks_nothing(name, cut):
    """A length that leads nowhere ends the walk: no error of ours, no byte too many."""
    data = bytearray(SOUNDS_AND_VIDEOS[name])
    data[cut : cut + 4] = b"\xff\xff\xff\xff"
    with suppress(AppError):
        found = inspect_file(bytes(data), name)
        assert found.data is None or len(found.data) <= len(data)


def test_a_video_that_keeps_its_tags_says_so():
    """In FLV they stand among the frames, where they cannot be blanked."""
    tag = b"\x12\0\0\x0d\0\0\0\0\0\0\0" + b"\x02\0\x0aonMetaData" + b"\0\0\0\x18"
    frame = b"\x09\0\0\x06\0\0\0\0\0\0\0" + b"\x12\0\0\0\0\0" + b"\0\0\0\x11"
    found = inspect_file(b"FLV\1\1\0\0\0\x09\0\0\0\0" + tag + frame * 3, "a.flv")
    assert found.mime_type == "video/x-flv"
    assert found.notice == "Who made it, when and where can still stand in it."


def described_pdf() -> bytes:
    with pikepdf.open(
        BytesIO(pdf(3, filling=b"0 0 9 9 re f", info=b"/Author(%s)" % CANARY))
    ) as opened:
        opened.pages[0].PieceInfo = pikepdf.Dictionary(Program=pikepdf.String(CANARY.decode()))
        with opened.open_metadata() as metadata:
            metadata["dc:creator"] = [CANARY.decode()]
        opened.attachments["notes.txt"] = pikepdf.AttachedFileSpec(opened, b"attached")
        out = BytesIO()
        opened.save(out, compress_streams=False)
    return out.getvalue()


def test_a_pdf_loses_its_author_and_keeps_its_pages():
    data = described_pdf()
    bare = inspect_file(data, "a.pdf").data

    assert data.count(CANARY) >= 3
    assert CANARY not in bare
    with pikepdf.open(BytesIO(data)) as before, pikepdf.open(BytesIO(bare)) as after:
        streams = [
            [page.Contents.read_raw_bytes() for page in one.pages] for one in (before, after)
        ]
        assert streams[0] == streams[1] == [b"0 0 9 9 re f"] * 3
        assert list(after.attachments) == ["notes.txt"]


def test_a_signed_pdf_is_left_alone_and_says_so():
    form = b"/AcroForm<</SigFlags 3/Fields[]>>"
    data = pdf(info=b"/Author(%s)" % CANARY, action=form)
    found = inspect_file(data, "a.pdf")
    assert (found.data, found.notice) == (None, "Signed, so its author and dates stay in it.")
