"""Files on their way out: to their owner, by signed address, in parts, and to nobody else."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from conversations.files import selectors
from conversations.files.serving import PART_BYTES
from conversations.models import Artifact
from tests.conversations.factories import make_artifact
from tests.conversations.mediafiles import MP3_FRAME
from tests.conversations.samples import HTML, picture, send, uploaded
from tests.people import client_for

pytestmark = pytest.mark.django_db

NOBODY = Client()
FRAMED = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'self'"
)


def address(artifact) -> str:
    return f"/api/files/{artifact.pk}/"


def link(owner, artifact) -> str:
    return client_for(owner).post(f"{address(artifact)}link/").json()["url"]


def not_there(answer) -> bool:
    return (answer.status_code, answer.json()["code"]) == (404, "file_not_found")


def test_files_are_listed_latest_first_in_pages_with_the_room_they_take(alice, bob, settings):
    settings.USER_STORAGE_BYTES = 5000
    uploaded(bob)
    made = make_artifact(alice, data=b"12345")
    sent = [uploaded(alice, b"x" * n, f"{n}.txt") for n in range(1, selectors.PAGE_SIZE + 1)]
    now = timezone.now()
    Artifact.objects.filter(pk__in=[one.pk for one in sent]).update(created_at=now)
    client = client_for(alice)

    first = client.get("/api/files/").json()
    second = client.get("/api/files/", {"cursor": first["next"]}).json()

    listed = [row["id"] for row in first["results"] + second["results"]]
    assert len(listed) == len(set(listed)) == len(sent) + 1
    assert listed[-1] == str(made.pk)
    assert second["next"] is None
    total = 5 + sum(range(1, selectors.PAGE_SIZE + 1))
    assert (first["used_bytes"], first["quota_bytes"]) == (total, 5000)
    assert (second["results"][0]["kind"], first["results"][0]["kind"]) == ("produced", "uploaded")
    assert second["results"][0]["thread_id"] == str(made.thread_id)


def test_the_list_takes_few_queries(alice, django_assert_max_num_queries):
    for _ in range(5):
        uploaded(alice)
    client = client_for(alice)

    with django_assert_max_num_queries(4):
        client.get("/api/files/")


def test_a_made_up_cursor_is_refused(alice):
    answer = client_for(alice).get("/api/files/", {"cursor": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


def test_a_deleted_file_is_gone_with_its_bytes(
    alice, own_media_folder, django_capture_on_commit_callbacks
):
    artifact, client = uploaded(alice), client_for(alice)

    with django_capture_on_commit_callbacks(execute=True):
        assert client.delete(address(artifact)).status_code == 204

    assert not_there(client.get(address(artifact)))
    assert not_there(client.delete(address(artifact)))
    assert not [path for path in own_media_folder.rglob("*") if path.is_file()]
    assert client.get("/api/files/").json()["used_bytes"] == 0


def test_nobody_else_reads_links_or_deletes_it(alice, charlie, client):
    artifact = uploaded(alice)
    stranger = client_for(charlie)
    calls = [("get", ""), ("delete", ""), ("post", "link/")]

    for method, rest in calls:
        foreign = getattr(stranger, method)(address(artifact) + rest)
        unknown = getattr(stranger, method)(f"/api/files/{uuid4()}/{rest}")
        assert not_there(foreign)
        assert foreign.content == unknown.content
        assert getattr(client, method)(address(artifact) + rest).status_code == 401
    assert client.get("/api/files/").status_code == client.post("/api/files/").status_code == 401
    assert stranger.get("/api/files/").json()["results"] == []
    assert Artifact.objects.filter(pk=artifact.pk).exists()


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-", (0, 999)),
        ("bytes=0-0", (0, 0)),
        ("bytes=10-19", (10, 19)),
        ("bytes=990-5000", (990, 999)),
        ("bytes=999-", (999, 999)),
        ("bytes=-1", (999, 999)),
        ("bytes=-5000", (0, 999)),
    ],
)
def test_a_range_is_answered_with_that_part(alice, wanted, part):
    data = bytes(n % 50 + 60 for n in range(1000))
    artifact = uploaded(alice, data)
    first, last = part

    for answer in (
        client_for(alice).get(address(artifact), headers={"Range": wanted}),
        NOBODY.get(link(alice, artifact), headers={"Range": wanted}),
    ):
        assert (answer.status_code, answer.content) == (206, data[first : last + 1])
        assert answer["Content-Range"] == f"bytes {first}-{last}/1000"
        assert answer["Content-Length"] == str(last - first + 1)
        assert answer["Accept-Ranges"] == "bytes"
        assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("wanted", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(alice, wanted):
    artifact = uploaded(alice, b"x" * 1000)

    answer = client_for(alice).get(address(artifact), headers={"Range": wanted})

    assert (answer.status_code, answer.json()["code"]) == (416, "bad_range")
    assert answer["Content-Range"] == "bytes */1000"


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=0-1,5-6",
        "lines=1-2",
        "bytes=5-2",
        "bytes=-",
        "bytes=x",
        "bytes=٣-٤",
        "bytes=-" + "9" * 99,
    ],
)
def test_what_is_no_single_range_is_answered_with_the_whole(alice, wanted):
    artifact = uploaded(alice, b"x" * 1000)

    answer = client_for(alice).get(address(artifact), headers={"Range": wanted})

    assert (answer.status_code, len(answer.content)) == (200, 1000)
    assert "Content-Range" not in answer


def test_a_condition_on_a_version_nobody_was_told_gets_the_whole(alice):
    headers = {"Range": "bytes=0-1", "If-Range": '"v1"'}
    answer = client_for(alice).get(address(uploaded(alice, b"x" * 9)), headers=headers)
    assert (answer.status_code, len(answer.content)) == (200, 9)


def test_a_part_is_bounded_and_says_so(alice):
    artifact = uploaded(alice, b"x" * (PART_BYTES + 10))

    answer = client_for(alice).get(address(artifact), headers={"Range": "bytes=5-"})

    assert len(answer.getvalue()) == PART_BYTES
    assert answer["Content-Range"] == f"bytes 5-{PART_BYTES + 4}/{PART_BYTES + 10}"


def test_sounds_and_pictures_are_shown_in_place_by_signed_address_only(alice):
    for data, name in ((MP3_FRAME * 3, "a.mp3"), (picture("WEBP"), "a.webp")):
        artifact = uploaded(alice, data, name)
        by_token = client_for(alice).get(address(artifact))
        by_link = NOBODY.get(link(alice, artifact))
        assert by_token["Content-Disposition"].startswith("attachment;")
        assert by_link["Content-Disposition"].startswith("inline;")
        assert by_link["Content-Type"] == artifact.mime_type
        assert by_link["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_suggestions_are_shown_in_a_sandboxed_frame_by_signed_address_only(alice):
    page = b"<style>a{color:red}</style><a href='https://www.google.com/search?q=bees'>bees</a>"
    artifact = make_artifact(alice, data=page, mime_type="text/html", name="suggestions.html")

    framed = NOBODY.get(link(alice, artifact))
    assert (framed.status_code, framed.content) == (200, page)
    assert framed["Content-Type"] == "text/html; charset=utf-8"
    assert framed["Content-Disposition"].startswith("inline")
    assert framed["Content-Security-Policy"] == FRAMED
    assert framed["X-Content-Type-Options"] == "nosniff"
    assert "X-Frame-Options" not in framed

    by_token = client_for(alice).get(address(artifact))
    assert by_token["Content-Type"] == "application/octet-stream"
    assert by_token["Content-Disposition"].startswith("attachment")
    assert by_token["X-Frame-Options"] == "DENY"


def test_html_that_somebody_sent_is_never_shown(alice):
    sent = Artifact.objects.get(pk=send(alice, HTML, "a.html").json()["id"])
    Artifact.objects.filter(pk=sent.pk).update(mime_type="text/html")  # as if we had erred

    answer = NOBODY.get(link(alice, sent))

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Frame-Options"] == "DENY"


def test_a_produced_file_of_unknown_type_has_none(alice):
    for mime_type in ("image/svg+xml", "application/x-sh", "text/html; charset=utf-7", ""):
        assert make_artifact(alice, mime_type=mime_type).mime_type == "application/octet-stream"


def test_a_produced_file_may_have_an_id_that_was_told_before(alice):
    wanted = uuid4()
    artifact = make_artifact(alice, artifact_id=wanted)
    assert (artifact.pk, artifact.kind) == (wanted, "produced")
