"""Files on their way from the upload to the model: what is kept, counted, shown and deleted."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.files.storage import default_storage

from conversations.files.attachments import stored_artifact
from conversations.files.housekeeping import media_clean
from conversations.files.quota import used_bytes
from conversations.history import user_content
from conversations.models import Artifact
from tests.conversations.documents import docx, pdf
from tests.conversations.factories import open_run
from tests.conversations.mediafiles import CANARY, iso
from tests.conversations.samples import send, uploaded
from tests.people import client_for

pytestmark = pytest.mark.django_db

TEXT = "Grüße aus Köln"


def stored(folder) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_document_is_kept_with_its_text_beside_it(alice, own_media_folder):
    data = docx("Bees fly.")
    answer = send(alice, data, "letter.docx").json()

    assert answer["notice"].startswith("Read as text, without its pictures and layout.")
    row = Artifact.objects.get()
    assert stored(own_media_folder) == [row.pk.hex, f"{row.pk.hex}.txt"]
    got = client_for(alice).get(answer["url"])
    assert (got.content, got["Content-Type"]) == (data, answer["mime_type"])
    with default_storage.open(row.read_name) as file:
        assert file.read() == b"Bees fly.\n"


def test_a_model_is_given_the_text_and_its_owner_the_file(alice):
    notes = uploaded(alice, TEXT.encode("cp1252"), "notes.csv")
    attachment = stored_artifact(notes)

    assert (attachment["mime_type"], attachment["size_bytes"]) == ("text/csv", 14)
    assert attachment["notice"] == "Read as Windows-1252."
    file = user_content("", [attachment])["parts"][0]["artifact"]
    assert (file["mimeType"], file["size"]) == ("text/plain", len(TEXT.encode()))
    got = client_for(alice).get(f"/api/files/{notes.pk}/")
    assert (got.content, got["Content-Type"]) == (TEXT.encode("cp1252"), "text/csv")


def test_a_message_tells_how_its_files_are_read(alice):
    opened = open_run(alice, "Read this.", attachments=[uploaded(alice, docx(), "a.docx").pk])
    path = f"/api/threads/{opened.thread_id}/messages/"

    [file] = client_for(alice).get(path).json()["messages"][0]["attachments"]

    assert file.keys() == {"id", "name", "mime_type", "size_bytes", "notice"}
    [listed] = client_for(alice).get("/api/files/").json()["results"]
    assert file["notice"] == listed["notice"] != ""


def test_a_text_counts_for_the_quota_and_goes_with_its_file(
    alice, own_media_folder, settings, django_capture_on_commit_callbacks
):
    data = docx("Bees. " * 500)
    row = uploaded(alice, data, "a.docx")
    assert used_bytes(alice.pk) == len(data) + row.text_bytes == len(data) + 3000

    settings.USER_STORAGE_BYTES = used_bytes(alice.pk) + len(data) + 10
    assert send(alice, data, "b.docx").json()["code"] == "storage_full"
    assert len(stored(own_media_folder)) == 2

    with django_capture_on_commit_callbacks(execute=True):
        row.delete()
    assert stored(own_media_folder) == []


def test_cleaning_keeps_a_text_as_long_as_its_file(alice, own_media_folder):
    row = uploaded(alice, docx(), "a.docx")
    for name in (row.pk.hex, f"{row.pk.hex}.txt"):
        [path] = own_media_folder.rglob(name)
        lost = path.with_name(name.replace(row.pk.hex, "f" * 32))
        lost.write_bytes(b"x")
        for each in (path, lost):
            os.utime(each, (0, 0))

    assert media_clean().files_without_row == 2
    assert len(stored(own_media_folder)) == 2


def test_what_is_stored_and_sent_out_has_no_place_in_it(alice):
    film, paper = iso(b"isom", b"vide", private=CANARY), pdf(info=b"/Author(%s)" % CANARY)
    for data, name in ((film, "a.mp4"), (paper, "a.pdf")):
        assert CANARY in data
        got = client_for(alice).get(send(alice, data, name).json()["url"])
        assert got.content
        assert CANARY not in got.content


@pytest.mark.server
def test_the_server_itself_loads_no_parser():
    """They are for the workers: half a second at the start, 30 MiB, and reach of foreign bytes."""
    code = (
        "import django, sys; django.setup(); import conversations.files.artifacts; "
        "print(*{'pikepdf', 'pymediainfo', 'mutagen', 'python_calamine'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
