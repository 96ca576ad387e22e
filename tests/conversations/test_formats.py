"""Kinds by content and tracks: neither a brand nor chance bytes decide."""

from __future__ import annotations

import random

import pytest

from common.errors import AppError
from conversations.files.formats.inspection import inspect_file
from conversations.files.formats.results import ACCEPTED
from tests.conversations.documents import pdf
from tests.conversations.mediafiles import (
    AAC_FRAME,
    MP3_FRAME,
    aiff,
    avi,
    id3,
    iso,
    opus,
    param_id,
    wav,
    webm,
)

CHANCE = random.Random(7).randbytes(64 * 1024) + b"V_VP9 A_OPUS"


def refusal(data: bytes, name="file") -> AppError:
    with pytest.raises(AppError) as caught:
        inspect_file(data, name)
    return caught.value


@pytest.mark.parametrize(
    ("name", "data", "mime_type"),
    [
        ("sound in a video's clothes.webm", webm(b"A_OPUS", cluster=CHANCE), "audio/webm"),
        ("silent film.webm", webm(b"V_VP9", cluster=CHANCE), "video/webm"),
        *[
            (f"brand {brand.decode()}.mp4", iso(brand, b"soun", b"vide"), "video/mp4")
            for brand in (b"M4VP", b"XAVC", b"MSNV", b"f4v ", b"ndsc", b"????")
        ],
        *[
            (f"voice {brand.decode()}.m4a", iso(brand, b"soun"), "audio/mp4")
            for brand in (b"isom", b"mp42", b"M4A ", b"M4B ", b"qt  ", b"3gp4", b"3g2a")
        ],
        ("phone.3gp", iso(b"3gp5", b"vide", b"soun"), "video/3gpp"),
        ("phone.mov", iso(b"qt  ", b"vide", b"soun", b"meta"), "video/quicktime"),
        ("padded.mp4", iso(b"isom", b"vide", tail=bytes(1000)), "video/mp4"),
        ("two tags.mp3", id3(b"a") + id3(b"b") + MP3_FRAME * 9, "audio/mpeg"),
        ("padding.mp3", id3(b"a", padding=4000) + bytes(900) + MP3_FRAME * 9, "audio/mpeg"),
        ("tagged.aac", id3(b"a") + AAC_FRAME * 9, "audio/aac"),
        ("long.wav", wav((b"LIST", b"INFO" + bytes(100_000)), (b"bext", bytes(602))), "audio/wav"),
        ("a.aiff", aiff(), "audio/aiff"),
        ("a.opus", opus(), "audio/ogg"),
        ("a.avi", avi(), "video/x-msvideo"),
        ("first.pdf", b"\r\n \x00\xff" * 100 + pdf(), "application/pdf"),
        ("behind.pdf", pdf() + b"<!-- served -->" * 400, "application/pdf"),
        ("about.md", b"# PDFs\n\nThey begin with `%PDF-1.7`.\n", "text/markdown"),
    ],
    ids=param_id,
)
def test_a_file_is_what_every_reader_takes_it_for(name, data, mime_type):
    assert inspect_file(data, name).mime_type == mime_type


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (webm(b"V_VP9", doctype=b"matroska"), "no video in this format (Matroska). Make an MP4"),
        (webm(b"A_AAC", doctype=b"matroska"), "no sound in this format (Matroska). Make an MP3"),
        (b"#!AMR\n" + (b"\x3c" + bytes(31)) * 20, "no sound in this format (AMR). Make an MP3"),
        (iso(b"mp42"), "No picture and no sound can be found in this file."),
        (pdf(0), "This PDF has no pages. Export it anew"),
        (b"%PDF-1.7\nnothing else", "This PDF is damaged and cannot be read."),
    ],
    ids=param_id,
)
def test_a_refusal_names_the_reason_and_the_way_out(data, words):
    assert words in refusal(data).message


@pytest.mark.parametrize(
    "name", ["a.mp4", "a.webm", "a.mp3", "a.wav", "a.ogg", "a.flac", "a.pdf", "a.xlsx"]
)
@pytest.mark.parametrize(
    "data",
    [iso(b"mp42"), webm(), MP3_FRAME + b"x", b"RIFF\0\0\0\0WAVE", b"%PDF-1.4", b"fLaC\0\0"],
    ids=param_id,
)
def test_no_refusal_contradicts_itself(name, data):
    """What it says cannot be sent is not what it asks for."""
    refused = refusal(data, name).message
    assert name[1:] not in refused
    assert not refused.startswith("Files of this kind (.") or ACCEPTED not in refused


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_nothing(seed):
    noise = random.Random(seed).randbytes(5000)
    assert refusal(noise, "noise.txt").code == "unsupported_file"


def test_what_lacks_its_end_is_taken_and_said_so():
    whole = iso(b"isom", b"vide", b"soun")
    assert inspect_file(whole, "a.mp4").notice == ""
    assert inspect_file(whole[:-5], "a.mp4").notice.startswith("The end of this file is missing")
    assert "can be read: 3." in inspect_file(pdf(3)[:-8], "a.pdf").notice


def test_a_file_with_its_index_cut_off_is_refused():
    """As a recorder leaves it that lost its battery: the data is there, what it means is not."""
    movie = iso(b"isom", b"vide")
    without = movie[: movie.index(b"moov") - 4]
    assert refusal(without + movie[movie.index(b"mdat") - 4 :]).code == "bad_file"
