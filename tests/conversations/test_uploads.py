"""What people may send in: told by its bytes, bounded, and kept under a name of our own."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from conversations.files.names import NAME_CHARS, display_name
from conversations.models import Artifact
from tests.conversations.samples import (
    ACCEPTED,
    DAMAGED,
    HTML,
    PDF,
    REFUSED,
    SVG,
    picture,
    send,
)
from tests.people import client_for

pytestmark = pytest.mark.django_db

MIB = 1024 * 1024


def stored(folder) -> list:
    return [path for path in folder.rglob("*") if path.is_file()]


def assert_nothing_kept(folder):
    assert not Artifact.objects.exists()
    assert stored(folder) == []


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_file_is_what_its_bytes_say(alice, name):
    data, mime_type = ACCEPTED[name]

    answer = send(alice, data, name, content_type="image/svg+xml")

    assert answer.status_code == 201, answer.json()
    stem, _, kind = name.rpartition(".")
    kind = {"image/jpeg": "jpg", "image/png": "png"}.get(mime_type, kind)
    assert (answer.json()["mime_type"], answer.json()["name"]) == (mime_type, f"{stem}.{kind}")


@pytest.mark.parametrize("name", REFUSED)
def test_other_kinds_are_refused_and_not_kept(alice, own_media_folder, name):
    answer = send(alice, REFUSED[name], name, content_type="image/png")

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_file")
    assert re.search(r"Send|Make|Unpack|Save", answer.json()["message"]), "what to do instead"
    assert_nothing_kept(own_media_folder)


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_or_cut_off_is_refused_and_not_kept(alice, own_media_folder, name):
    answer = send(alice, DAMAGED[name], name, content_type="image/png")

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_file")
    assert_nothing_kept(own_media_folder)


def test_a_refusal_names_the_kind_where_it_can_be_told(alice):
    assert "(.zip)" in send(alice, REFUSED["a.zip"], "a.zip").json()["message"]
    assert "(.rar)" not in send(alice, REFUSED["random.bin"], "a.rar").json()["message"]


def test_an_upload_is_told_in_full(alice):
    answer = send(alice, picture(size=(40, 20)), "bee.png").json()

    UUID(answer["id"])
    assert answer == {
        "id": answer["id"],
        "url": f"/api/files/{answer['id']}/",
        "name": "bee.png",
        "mime_type": "image/png",
        "size_bytes": Artifact.objects.get().file.size,
        "kind": "uploaded",
        "width": 40,
        "height": 20,
        "notice": "",
        "thread_id": None,
        "refused": "",
        "created_at": answer["created_at"],
    }
    assert Artifact.objects.get().owner == alice


@pytest.mark.parametrize(
    ("name", "data"),
    [("page.png", HTML), ("a.svg", SVG), ("a.pdf", PDF), ("a.gif", ACCEPTED["a.gif"][0])],
)
def test_what_could_run_comes_back_as_a_download_that_cannot(alice, name, data):
    url = send(alice, data, name, content_type="text/html").json()["url"]
    client = client_for(alice)
    link = client.post(f"{url}link/").json()["url"]

    for answer in (client.get(url), client.get(link)):
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["X-Frame-Options"] == "DENY"
        assert not answer["Content-Type"].startswith(("text/html", "image/svg"))
        inline = answer["Content-Disposition"].startswith("inline")
        assert inline == ("link" in answer.request["QUERY_STRING"] and name == "a.gif")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("../../x", "x"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\a\\bee.png", "bee.png"),
        ("\\\\host\\share\\x", "x"),
        ("a\0b.txt", "a�b.txt"),
        ("CON", "CON"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("a\u2066\u200b\x07b\r\n.txt", "ab .txt"),
        ("bee 🐝.png", "bee 🐝.png"),
        ("👨‍👩‍👧 می‌خواهم.jpg", "👨‍👩‍👧 می‌خواهم.jpg"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("a\ud800b", "a�b"),
        ("..", "file"),
        (" . ", "file"),
        ("", "file"),
        ("///", "file"),
        (".bashrc", "bashrc"),
        ("x" * 5000 + ".png", "x" * 196 + ".png"),
        ("x" * 5000 + "." + "y" * 300, "x" * 200),
    ],
)
def test_a_name_is_kept_for_show_only(raw, name):
    assert display_name(raw) == name
    assert len(name) <= NAME_CHARS


@pytest.mark.parametrize(
    "name",
    ["../../x", "/etc/passwd", "a\0b", "x" * 900, "CON", "a\u202eb.png", "bee 🐝.png", '"; x="y'],
)
def test_whatever_it_is_called_the_path_is_random(alice, own_media_folder, name):
    # Django's own test client would tidy the name.
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="'
        + name.replace('"', '\\"').encode()
        + b'"\r\n\r\nhello\r\n--b--\r\n'
    )
    content_type = "multipart/form-data; boundary=b"
    answer = client_for(alice).generic("POST", "/api/files/", body, content_type)

    assert answer.status_code == 201, answer.json()
    paths = stored(own_media_folder)
    assert paths == [own_media_folder / f"artifacts/{alice.pk}/{UUID(answer.json()['id']).hex}"]
    got = client_for(alice).get(answer.json()["url"])
    assert "\n" not in got["Content-Disposition"]
    assert "\u202e" not in answer.json()["name"]


def test_names_travel_in_downloads_as_rfc_6266_has_it(alice):
    plain = send(alice, b"x", 'a "b".txt').json()
    other = send(alice, b"x", "Grüße 🐝.txt").json()
    client = client_for(alice)

    assert client.get(plain["url"])["Content-Disposition"] == r'attachment; filename="a \"b\".txt"'
    disposition = client.get(other["url"])["Content-Disposition"]
    assert disposition == "attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe%20%F0%9F%90%9D.txt"


def test_an_empty_file_is_refused(alice, own_media_folder):
    answer = send(alice, b"", "a.txt")

    assert (answer.status_code, answer.json()["code"]) == (400, "empty_file")
    assert_nothing_kept(own_media_folder)


def test_a_file_over_the_limit_is_refused_and_one_at_it_is_not(alice, own_media_folder, settings):
    settings.UPLOAD_MAX_BYTES = 100_000

    over = send(alice, b"x" * 100_001)
    assert (over.status_code, over.json()["code"]) == (413, "too_large")
    assert "0.0954 MB" in over.json()["message"]
    assert_nothing_kept(own_media_folder)
    assert send(alice, b"x" * 100_000).status_code == 201


def many(count: int, field="file"):
    return {field: [SimpleUploadedFile(f"{n}.txt", b"hello") for n in range(count)]}


@pytest.mark.parametrize(
    "form", [many(2), many(101), many(1, "other"), {}, {"file": "hello"}, {"file": ["a"] * 2000}]
)
def test_a_form_without_exactly_one_file_is_refused(alice, own_media_folder, form):
    answer = client_for(alice).post("/api/files/", form, format="multipart")

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_file")
    assert_nothing_kept(own_media_folder)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhel', "b"),
        (b"nonsense", "b"),
        (b"--b--", "b"),
        (b"--b\r\n\r\n\r\n--b--", "b"),
        (b"x", "\u00e9"),
        (b"x", "b" * 205),
    ],
)
def test_a_form_that_is_cut_off_or_none_is_refused(alice, own_media_folder, body, content_type):
    content_type = f"multipart/form-data; boundary={content_type}"
    answer = client_for(alice).generic("POST", "/api/files/", body, content_type)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_file")
    assert_nothing_kept(own_media_folder)


def test_fields_beside_the_file_are_bounded_and_without_effect(alice, bob, settings):
    form = {"file": SimpleUploadedFile("a.txt", b"hello"), "owner": bob.pk, "kind": "produced"}
    form |= {"id": "00000000-0000-4000-8000-000000000000", "path": "/etc/passwd", "thread": "x"}
    answer = client_for(alice).post("/api/files/", form, format="multipart").json()

    row = Artifact.objects.get()
    assert (row.owner, row.kind, row.thread, row.size_bytes) == (alice, "uploaded", None, 5)
    assert answer["id"] == str(row.pk) != form["id"]
    form = {"file": SimpleUploadedFile("a.txt", b"hello"), "x": "x" * settings.REQUEST_MAX_BYTES}
    assert client_for(alice).post("/api/files/", form, format="multipart").status_code == 413


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_only_a_form_is_taken_here_and_nowhere_else(alice, content_type):
    client = client_for(alice)
    answer = client.generic("POST", "/api/files/", b'{"file": "x"}', content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert "multipart/form-data" in answer.json()["message"]

    elsewhere = client.post("/api/threads/", {"title": "x"}, format="multipart")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (415, "unsupported_media_type")


ADDRESSES = ["file:///etc/passwd", "http://[::1]:9/x.png", "\\\\host\\x"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_instead_of_a_file_is_never_opened(alice, own_media_folder, address):
    client = client_for(alice)
    assert client.post("/api/files/", {"file": address}, format="multipart").status_code == 400
    assert_nothing_kept(own_media_folder)
    named = send(alice, b"hello", address).json()
    assert client.get(named["url"]).content == b"hello"
