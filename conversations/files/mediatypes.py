"""The media types of files that are accepted, stored and sent out."""

from __future__ import annotations

PICTURES = {  # and what Pillow calls them
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
}
# Sounds and videos as people know them, and documents that a model is given the text of.
SOUNDS = {
    "audio/wav": "WAV",
    "audio/mpeg": "MP3",
    "audio/ogg": "Ogg",
    "audio/flac": "FLAC",
    "audio/mp4": "M4A",
    "audio/aac": "AAC",
    "audio/aiff": "AIFF",
    "audio/webm": "WebM",
}
VIDEOS = {"video/mp4": "MP4", "video/webm": "WebM", "video/quicktime": "MOV"}
FILMS = {  # videos that Gemini takes and no browser plays
    "video/3gpp": "3GP",
    "video/x-msvideo": "AVI",
    "video/x-ms-wmv": "WMV",
    "video/x-flv": "FLV",
    "video/mpeg": "MPEG",
}
_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
DOCX = f"{_OOXML}.wordprocessingml.document"
XLSX = f"{_OOXML}.spreadsheetml.sheet"
PPTX = f"{_OOXML}.presentationml.presentation"
ODT, ODS, ODP = f"{_ODF}.text", f"{_ODF}.spreadsheet", f"{_ODF}.presentation"
XLS, RTF, EPUB = "application/vnd.ms-excel", "application/rtf", "application/epub+zip"
DOCUMENTS = {
    DOCX: "Word (.docx)",
    XLSX: "Excel (.xlsx)",
    XLS: "Excel (.xls)",
    PPTX: "PowerPoint (.pptx)",
    ODT: "OpenDocument (.odt)",
    ODS: "OpenDocument (.ods)",
    RTF: "RTF",
    EPUB: "EPUB",
}
TEXTS = frozenset({"text/plain", "text/markdown", "text/csv", "application/json"})
PLAYED_TYPES = PICTURES.keys() | SOUNDS.keys() | VIDEOS.keys()  # in a browser, which runs none

# What files may be sent as; anything else is a download of unknown kind.
SHOWN_TYPES = PLAYED_TYPES | FILMS.keys() | DOCUMENTS.keys() | TEXTS | {"application/pdf"}
OTHER_TYPE = "application/octet-stream"
# Search suggestions: made by us from what Google sent, never by a person, and shown in a sandbox.
SANDBOXED_TYPE = "text/html"

TEXT_BY_EXTENSION = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".csv": "text/csv",
    ".json": "application/json",
}


def stored_type(mime_type: str) -> str:
    """The type under which a produced file is stored: its own if it is on the list.

    Of a document nobody made a text, so it is a file as any.
    """
    if mime_type in SHOWN_TYPES - DOCUMENTS.keys() or mime_type == SANDBOXED_TYPE:
        return mime_type
    return OTHER_TYPE
