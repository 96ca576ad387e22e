"""Office documents as text: writing and slides by Pandoc, as Markdown; workbooks by calamine."""

from __future__ import annotations

import csv
import re
import subprocess
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO, StringIO

from python_calamine import CalamineError, CalamineWorkbook

from conversations.files.formats.results import bad_file, unsupported_file
from conversations.files.mediatypes import DOCX, EPUB, ODP, ODS, ODT, PPTX, RTF, XLS, XLSX

READERS = {DOCX: "docx", PPTX: "pptx", ODT: "odt", EPUB: "epub", RTF: "rtf"}
TABLES = (XLSX, XLS, ODS)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Office before 2007, and what newer ones encrypted

PANDOC = str(files("pypandoc") / "files" / "pandoc")
PANDOC_HEAP = "-M400m"
# Of the clock; the worker's is three times DECODING_CPU_S, 30 seconds by default.
PANDOC_S = 20
MAX_CHARS = 4_000_000  # about as much as the largest context holds
MAX_CELLS = 5_000_000  # between the first and the last one in use
CELL = re.compile(rb'<(?:\w+:)?c [^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document says, and whether that is all of it."""

    text: str
    complete: bool


def read_document(data: bytes, mime_type: str) -> Reading:
    """The text of a document: Markdown, or of a workbook each sheet as CSV below its name.

    Raises:
        AppError: ``bad_file`` for what is damaged or has no text, ``unsupported_file`` for ODP.
    """
    if mime_type == ODP:
        raise unsupported_file("OpenDocument slides (.odp) cannot be read. Export a PDF.")
    text = _tables(data, mime_type) if mime_type in TABLES else _markdown(data, READERS[mime_type])
    if not text.strip():
        raise bad_file("There is no text in this document. If it shows pictures, send a PDF of it.")
    return Reading(text[:MAX_CHARS], len(text) <= MAX_CHARS)


def ole_type(data: bytes) -> str:
    """The MIME type of a document in the format of before 2007, if it can be read.

    Raises:
        AppError: ``bad_file`` for an encrypted one, ``unsupported_file`` for other kinds.
    """
    if _has_stream(data, "EncryptedPackage"):
        raise bad_file(
            "This document is protected with a password. Save a copy without one, then send that."
        )
    if _has_stream(data, "Workbook") or _has_stream(data, "Book"):
        return XLS
    if _has_stream(data, "WordDocument"):
        raise unsupported_file("Old Word documents (.doc) cannot be read. Save it as .docx or PDF.")
    if _has_stream(data, "PowerPoint Document"):
        raise unsupported_file("Old slides (.ppt) cannot be read. Save them as .pptx or PDF.")
    raise unsupported_file("Files of this kind (OLE) cannot be read. Export a PDF, then send it.")


def _has_stream(data: bytes, name: str) -> bool:
    # Names stand in the directory of such a file as UTF-16 with a NUL behind them. Looked for
    # anywhere, without following its chain of sectors, which can be made to go in circles.
    return f"{name}\0".encode("utf-16-le") in data


def _markdown(data: bytes, reader: str) -> str:
    """What Pandoc makes of it, without touching another file or the network (``--sandbox``)."""
    # No other file, and nothing from the network, whatever the document refers to (``--sandbox``).
    # A heap and a time of its own, below those of the worker: over them the document is refused in
    # words that fit, and the worker lives.
    command = [
        *(PANDOC, "+RTS", PANDOC_HEAP, "-RTS", "--sandbox", "--wrap=none"),
        *(f"--from={reader}", "--to=gfm-raw_html"),
    ]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=PANDOC_S)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise bad_file("This document takes too long to read. Split it, or send a PDF.") from None
    if done.returncode:
        raise bad_file()
    return done.stdout.decode("utf-8", "replace")


def _tables(data: bytes, mime_type: str) -> str:
    if mime_type == XLSX:
        _check_extent(data)
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        sheets = [(name, workbook.get_sheet_by_name(name)) for name in workbook.sheet_names]
    except CalamineError as error:
        if "password" in str(error).lower():
            raise bad_file(
                "This workbook is protected with a password. Save a copy without one."
            ) from None
        raise bad_file() from None
    parts = [f"## {name}\n\n{_csv(sheet.to_python())}" for name, sheet in sheets if sheet.height]
    return "\n".join(parts)


def _csv(rows: Sequence[Sequence[object]]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows([_plain(cell) for cell in row] for row in rows)
    return out.getvalue()


def _plain(cell: object) -> object:
    """A workbook knows only fractions: 3 comes as 3.0."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def _check_extent(data: bytes) -> None:
    """A sheet is held whole, with every empty cell, so two cells far apart can fill the memory."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and _extent(archive.read(name)) > MAX_CELLS:
                raise bad_file(
                    "Cells of this workbook are too far apart, or too many. Delete what stands "
                    "far out, or save the sheet as CSV."
                )


def _extent(sheet: bytes) -> int:
    """How many cells there are from the first to the last one in use."""
    last_row, columns = 0, set()
    for cell in CELL.finditer(sheet):
        last_row = max(last_row, int(cell[2]))
        columns.add(cell[1])
    return last_row * max(map(_column, columns), default=0)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
