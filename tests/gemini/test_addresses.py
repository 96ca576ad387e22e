"""Addresses as files: only public ones that Google fetches, and nothing else reaches it."""

from __future__ import annotations

import pytest

from gemini.addresses import MAX_CHARS, MOST_VIDEOS, address_from
from gemini.error_mapping import error_from_response
from gemini.history import VIDEO_TOKENS_PER_S, content_tokens
from gemini.outputs import Media
from gemini.types import FileRef
from tests.core.scripted import ScriptedModel
from tests.core.team import Shelf, ask, attached, events_of, said

VIDEO = "https://www.youtube.com/watch?v=lCdaVNyHtjU"
PDF = "https://example.com/papers/bees.pdf"


def attachment(url, mime_type="", **offsets) -> FileRef:
    found = address_from(url, mime_type, *offsets.values())
    names = {"start_s": "startS", "end_s": "endS"}
    place = {names[name]: offset for name, offset in offsets.items()}
    place["address"] = found.url
    known = {"id": found.id, "mimeType": found.mime_type, "name": found.name}
    return FileRef(**known, size=found.assumed_bytes, **place)


async def parts_of(*files: FileRef, **turn):
    scripted = ScriptedModel(said("Well."), said("Well."))
    await events_of(ask(scripted, "What is it?", attachments=files, **turn))
    return scripted.requests[0].contents[-1]["parts"]


@pytest.mark.parametrize(
    ("link", "start", "end"),
    [
        ("https://youtu.be/lCdaVNyHtjU", None, None),
        ("https://youtu.be/lCdaVNyHtjU?si=x&t=90", 90, None),
        ("https://youtube.com/watch?v=lCdaVNyHtjU&list=PL1&t=1m30s", 90, None),
        ("https://www.youtube.com/watch?app=desktop&v=lCdaVNyHtjU#t=1h2m3s", 3723, None),
        ("https://m.youtube.com/watch/?v=lCdaVNyHtjU&t=0", None, None),
        ("https://music.youtube.com/watch?v=lCdaVNyHtjU&t=soon", None, None),
        ("https://www.youtube.com/shorts/lCdaVNyHtjU", None, None),
        ("https://www.youtube.com/live/lCdaVNyHtjU/", None, None),
        ("https://www.youtube.com:443/embed/lCdaVNyHtjU?start=10&end=20", 10, 20),
    ],
)
def test_a_link_to_a_video_is_that_video_and_its_part(link, start, end):
    found = address_from(link)
    assert (found.url, found.mime_type) == (VIDEO, "video/mp4")
    assert (found.start_s, found.end_s) == (start, end)


def test_offsets_that_are_given_go_before_those_of_the_link():
    found = address_from("https://youtu.be/lCdaVNyHtjU?t=90", "", 5, 60)
    assert (found.start_s, found.end_s) == (5, 60)
    assert found.id != address_from(VIDEO).id == address_from("https://youtu.be/lCdaVNyHtjU").id


@pytest.mark.parametrize(
    ("url", "declared", "kind"),
    [
        (PDF, "", "application/pdf"),
        (f"{PDF}?sig=abc#page=2", "image/png", "application/pdf"),
        ("https://example.com/a.JPEG", "", "image/jpeg"),
        ("https://example.com/download?id=7", "application/pdf", "application/pdf"),
        ("https://xn--bcher-kva.de/x.webp", "", "image/webp"),
    ],
)
def test_a_pdf_or_picture_is_known_by_its_end_or_by_what_is_declared(url, declared, kind):
    found = address_from(url, declared)
    assert (found.mime_type, found.url) == (kind, url.partition("#")[0])


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/a.pdf", "ftp://example.com/a.pdf", "gs://bucket/a.pdf", "a.pdf"),
        *("//example.com/a.pdf", "https:a.pdf", "https:///a.pdf", "file:///etc/a.pdf", ""),
        *("https://user@example.com/a.pdf", "https://user:pw@example.com/a.pdf"),
        *(
            "https://example.com:8443/a.pdf",
            "https://example.com:x/a.pdf",
            "https://@example.com/a.pdf",
        ),
        *("https://localhost/a.pdf", "https://printer/a.pdf", "https://nas.local/a.pdf"),
        *("https://db.internal/a.pdf", "https://x.home.arpa/a.pdf", "https://a.onion/a.pdf"),
        *("https://127.0.0.1/a.pdf", "https://10.0.0.1/a.pdf", "https://169.254.169.254/a.pdf"),
        *("https://2130706433/a.pdf", "https://0x7f.0x1/a.pdf", "https://0177.0.0.01/a.pdf"),
        *("https://[::1]/a.pdf", "https://[::ffff:7f00:1]/a.pdf", "https://8.8.8.8/a.pdf"),
        *("https://example.com./a.pdf", "https://-a.com/a.pdf", "https://a..com/a.pdf"),
        *("https://example.com\\@evil.com/a.pdf", "https://exa mple.com/a.pdf"),
        *("https://example.com/a\n.pdf", "https://bücher.de/a.pdf", "https://example.com/\0.pdf"),
        *("https://example.com/", "https://example.com/a.exe", "https://example.com/film.mp4"),
        *("https://www.youtube.com/", "https://www.youtube.com/watch?v=short"),
        *("https://www.youtube.com/@somebody", "https://youtu.be/", "https://youtu.be/a/b.pdf"),
        f"https://example.com/{'a' * MAX_CHARS}.pdf",
    ],
)
def test_anything_else_is_refused_in_words(url):
    with pytest.raises(ValueError, match=r"^(An address must be|This address of YouTube)"):
        address_from(url)


@pytest.mark.parametrize(("start", "end"), [(-1, None), (5, 5), (9, 3), (None, 0), (None, 90_000)])
def test_a_part_that_is_none_is_refused(start, end):
    with pytest.raises(ValueError, match="video"):
        address_from(VIDEO, "", start, end)


def test_a_pdf_has_no_beginning():
    with pytest.raises(ValueError, match="Only a video"):
        address_from(PDF, "", 3)


async def test_google_is_sent_the_address_and_the_part_as_it_writes_them():
    video, _ = await parts_of(attachment(VIDEO, start_s=90, end_s=150))
    assert video == {
        "fileData": {"fileUri": VIDEO, "mimeType": "video/mp4"},
        "videoMetadata": {"startOffset": "90s", "endOffset": "150s"},
    }
    [paper, _] = await parts_of(attachment(PDF), agent="direct")
    assert paper == {"fileData": {"fileUri": PDF, "mimeType": "application/pdf"}}


async def test_what_a_model_cannot_read_is_mentioned():
    video, _ = await parts_of(attachment(VIDEO), agent="media", output="image")
    assert video == {"text": "[File: YouTube video lCdaVNyHtjU, video/mp4]"}


async def test_a_request_has_no_more_videos_than_google_takes_and_the_newest():
    videos = [attachment(f"https://youtu.be/lCdaVNyHt{n:02}") for n in range(MOST_VIDEOS + 2)]
    parts = await parts_of(*videos)
    assert [("fileData" in part) for part in parts[:-1]] == [False] * 2 + [True] * MOST_VIDEOS


def test_the_estimate_knows_the_part_and_is_high_where_it_is_not_known():
    part, whole = attachment(VIDEO, start_s=10, end_s=70), attachment(VIDEO)
    counts = [
        content_tokens({"role": "user", "parts": [{"artifact": one}]}) for one in (part, whole)
    ]
    assert counts[0] == pytest.approx(60 * VIDEO_TOKENS_PER_S, rel=0.05)
    assert counts[1] == pytest.approx(600 * VIDEO_TOKENS_PER_S, rel=0.05)


async def test_a_refusal_names_it():
    body = {"error": {"message": "Cannot fetch content from the provided URL."}}
    scan = Media(b"%PDF", "application/pdf", "scan.pdf", id="scan")
    answer = ask(
        *(ScriptedModel([error_from_response(400, body)]), "What?"),
        attachments=[attached(scan), attachment(PDF)],
        shelf=Shelf(scan),
        agent="direct",
    )
    events = await events_of(answer)
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "file_refused")
    assert "cannot fetch “bees.pdf”." in events[-1]["message"]
    assert list(answer.record.refused) == [attachment(PDF)["id"]]
