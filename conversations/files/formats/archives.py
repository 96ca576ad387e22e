"""Zip archives, before anything opens them: whose they are, and that they are no bombs."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

from conversations.files.formats.results import bad_file, unsupported_file
from conversations.files.mediatypes import DOCX, EPUB, ODP, ODS, ODT, PPTX, XLSX

MAX_UNPACKED_BYTES = 200 * 1024 * 1024
MAX_MEMBERS = 10_000
CHUNK_BYTES = 1024 * 1024
# Bytes of one piece that are looked at again with the next: a declaration in UTF-16 is as long.
OVERLAP = 16
# A few entities that name each other ("billion laughs") unpack to gigabytes in whatever parser
# reads the markup later.
ENTITIES = (b"<!ENTITY", "<!ENTITY".encode("utf-16-le"), "<!ENTITY".encode("utf-16-be"))
MARKUP = (".xml", ".rels", ".xhtml", ".html", ".htm", ".opf", ".ncx")

# Word, Excel and PowerPoint are told by the member that each must have. OpenDocument and EPUB say
# what they are in a member of their own, ``mimetype``.
BY_MEMBER = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "ppt/presentation.xml": PPTX}
BY_MIMETYPE = (ODT, ODS, ODP, EPUB)


def document_type(data: bytes) -> str:
    """The MIME type of the office document or book in a zip archive, which is safe to unpack.

    Raises:
        AppError: ``unsupported_file`` for other archives; ``bad_file`` for one that is damaged,
            would unpack to more than 200 MiB, or declares entities.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            kind = _kind(archive)
            _check_members(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError):
        raise bad_file() from None
    return kind


def _kind(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    for member, kind in BY_MEMBER.items():
        if member in names:
            return kind
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
        declared = archive.read("mimetype").decode("ascii", "replace").strip()
        for kind in BY_MIMETYPE:  # templates are called "...text-template"
            if declared.startswith(kind):
                _check_open(archive)
                return kind
    # Pages, Numbers and Keynote write zips as well.
    if any(name.endswith(".iwa") for name in names):
        raise unsupported_file("Pages, Numbers and Keynote files cannot be read. Export a PDF.")
    raise unsupported_file("This is an archive (.zip). Unpack it, then send the files in it.")


def _check_open(archive: zipfile.ZipFile) -> None:
    """OpenDocument encrypts its members, and says so in a list of them."""
    manifest = "META-INF/manifest.xml"
    if manifest in archive.namelist():
        with archive.open(manifest) as members:
            if b"encryption-data" in members.read(CHUNK_BYTES):
                raise bad_file(
                    "This document is protected with a password. Save a copy without one, then "
                    "send that."
                )


def _check_members(archive: zipfile.ZipFile) -> None:
    """The sizes in the directory are checked first, and by unpacking that they are true."""
    members = archive.infolist()
    # The directory is enough to refuse an honest giant without unpacking a byte. It can lie, so
    # every member is unpacked as well, piece by piece: ``zipfile`` reads no more than was
    # announced, and raises when the checksum is another.
    size = sum(member.file_size for member in members)
    if size > MAX_UNPACKED_BYTES or len(members) > MAX_MEMBERS:
        raise bad_file("This document is too large once it is unpacked. Split it, or send a PDF.")
    for member in members:
        with archive.open(member) as unpacked:
            last = b""
            while chunk := unpacked.read(CHUNK_BYTES):
                if member.filename.lower().endswith(MARKUP) and _declares(last + chunk):
                    raise bad_file("This document declares XML entities, so it is not opened.")
                last = chunk[-OVERLAP:]


def _declares(markup: bytes) -> bool:
    return any(entity in markup for entity in ENTITIES)
