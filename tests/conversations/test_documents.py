"""Office documents become text, in bounds; PDFs are opened before they are believed."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO

import pikepdf
import pytest

from common.errors import AppError
from conversations.files.formats import office
from conversations.files.formats.inspection import inspect_file
from conversations.files.mediatypes import DOCUMENTS, DOCX, EPUB, ODS, ODT, PPTX, RTF, XLSX
from tests.conversations.documents import (
    RTF as RTF_FILE,
)
from tests.conversations.documents import (
    docx,
    epub,
    locked,
    ods,
    odt,
    opendocument,
    pdf,
    pptx,
    xlsx,
    zipped,
)
from tests.conversations.mediafiles import param_id

ENTITIES = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)


def refusal(data: bytes, name="file") -> AppError:
    with pytest.raises(AppError) as caught:
        inspect_file(data, name)
    return caught.value


@pytest.mark.parametrize(
    ("data", "mime_type", "text"),
    [
        (docx("Bees & <b>".replace("&", "&amp;").replace("<", "&lt;")), DOCX, r"Bees & \<b\>"),
        (pptx("Bees dance."), PPTX, "Bees dance."),
        (xlsx(("A1", "Bees"), ("C2", "a, b")), XLSX, '## Figures\n\nBees,,\n,,"a, b"\n'),
        (odt("Bees hum."), ODT, "Bees hum."),
        (ods("Bees count."), ODS, "## S\n\nBees count.\n"),
        (epub("Bees are told of."), EPUB, "Bees are told of."),
        (RTF_FILE, RTF, "Bees **sting**."),
    ],
    ids=param_id,
)
def test_a_document_is_kept_and_its_text_is_read(data, mime_type, text):
    found = inspect_file(data, "anything.bin")

    assert (found.mime_type, found.data) == (mime_type, None)
    assert text in found.text
    assert found.notice.startswith("Read as text, without its pictures and layout.")
    assert mime_type in DOCUMENTS


def test_a_very_long_document_is_read_in_part_and_said_so(monkeypatch):
    monkeypatch.setattr(office, "MAX_CHARS", 4)
    found = inspect_file(docx("Bees fly."), "a.docx")
    assert found.text == "Bees"
    assert found.notice.startswith("Only the first 4,000,000 characters are read.")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (docx(before=ENTITIES), "declares XML entities"),
        (zipped({"word/document.xml": ENTITIES.encode("utf-16")}), "declares XML entities"),
        (zipped({"word/document.xml": bytes(201 * 2**20)}), "too large once it is unpacked"),
        (zipped({f"word/{n}": "" for n in range(10_001)} | {"word/document.xml": ""}), "too large"),
        (xlsx(("A1", "a"), ("XFD1048576", "b")), "too far apart"),
        (docx(""), "no text in this document"),
        (docx()[:-30], "damaged"),
        (zipped({"word/document.xml": "<w:document"}), "damaged"),
        (opendocument("text", "", manifest="<encryption-data/>"), "protected with a password"),
        (OLE + "EncryptedPackage\0".encode("utf-16-le"), "protected with a password"),
        (OLE + "WordDocument\0".encode("utf-16-le"), "Save it as .docx or PDF"),
        (OLE + "PowerPoint Document\0".encode("utf-16-le"), "Save them as .pptx or PDF"),
        (OLE, "Export a PDF"),
        (opendocument("presentation", ""), "(.odp) cannot be read. Export a PDF"),
        (zipped({"Index/Document.iwa": b""}), "Pages, Numbers and Keynote"),
        (zipped({"a.txt": "a"}), "Unpack it, then send the files in it."),
    ],
    ids=param_id,
)
def test_what_cannot_be_read_is_refused_in_words(data, words):
    assert words in refusal(data).message


def test_a_size_that_is_a_lie_does_not_get_past_the_limit():
    """The directory says ten bytes; what is packed are some millions."""
    bomb = bytearray(zipped({"word/document.xml": bytes(50 * 2**20)}))
    with zipfile.ZipFile(BytesIO(bytes(bomb))) as archive:
        place = archive.start_dir
    bomb[place + 24 : place + 28] = struct.pack("<I", 10)
    assert refusal(bytes(bomb)).code == "bad_file"


def test_no_document_reads_another_file(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("canary")
    rtf = rb"{\rtf1 a {\field{\*\fldinst INCLUDETEXT \"%s\"}} b}" % str(secret).encode()
    assert "canary" not in inspect_file(rtf, "a.rtf").text


def test_a_pdf_with_a_password_is_told_at_once():
    refused = refusal(locked(user="secret"))
    assert refused.message == (
        "This PDF is protected with a password. Save a copy without one, then send that."
    )


def test_a_pdf_that_everybody_can_open_is_kept_unlocked():
    """Some are encrypted only to forbid printing; who reads it for us need not know how."""
    data = inspect_file(locked(user=""), "a.pdf").data
    with pikepdf.open(BytesIO(data)) as opened:
        assert (opened.is_encrypted, len(opened.pages)) == (False, 2)


def test_a_pdf_without_anything_to_mend_is_kept_byte_for_byte():
    assert inspect_file(pdf(2, filling=b"0 0 1 1 re"), "a.pdf").data is None


def test_a_pdf_with_something_before_it_begins_where_it_should():
    data = inspect_file(b"\r\n\r\n" + pdf(), "a.pdf").data
    assert data.startswith(b"%PDF-")
