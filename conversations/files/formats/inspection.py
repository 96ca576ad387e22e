"""What a file from a person is, by its bytes, and what is stored of it.

Neither its name nor what the browser says is believed; of a text the name says which kind it is.
Pictures are not for here: see ``conversations.files.formats.pictures``.
"""

from __future__ import annotations

import puremagic

from common.errors import AppError
from conversations.files.formats.archives import document_type
from conversations.files.formats.charsets import Text, clean_controls, read_text
from conversations.files.formats.media import media_type, read_media
from conversations.files.formats.media_metadata import without_tags
from conversations.files.formats.office import MAX_CHARS, OLE, ole_type, read_document
from conversations.files.formats.pdf import clean_pdf, is_pdf
from conversations.files.formats.results import ACCEPTED, ReadFile, bad_file, unsupported_file
from conversations.files.mediatypes import RTF, TEXT_BY_EXTENSION
from conversations.files.names import extension_of

MAGIC_BYTES = 4096
ZIP = b"PK\x03\x04"
UTF8 = "UTF-8"
TEXT_EXTENSIONS = frozenset({*TEXT_BY_EXTENSION, ".txt", ".log", ".tsv", ".xml", ".ini", ".srt"})
# What begins like one of these and has neither picture nor sound that can be found.
DAMAGED_WHEN_UNKNOWN = frozenset(
    {".wav", ".mp3", ".mpga", ".ogg", ".oga", ".opus", ".flac", ".m4a", ".aac", ".aiff", ".aif"}
    | {".mp4", ".m4v", ".webm", ".mov", ".3gp", ".avi", ".wmv", ".asf", ".flv", ".mpg", ".mpeg"}
    | {".pdf", ".docx", ".xlsx", ".pptx", ".xls", ".odt", ".ods", ".rtf", ".epub"}
)


def inspect_file(data: bytes, name: str) -> ReadFile:
    """Find out what ``data`` is, take out its metadata, and read what Gemini cannot read itself.

    Raises:
        AppError: ``bad_file`` for what is damaged, protected or empty in itself;
            ``unsupported_file`` (415) for what Gemini does not take, with what to send instead.
    """
    # The order is from certain to guessed. Signatures that no text begins with come first. Valid
    # UTF-8 comes before sound and video, texts in other encodings after them: nearly any bytes can
    # be read in some of those.
    if data.startswith(ZIP):
        return _document(data, document_type(data))
    if data.startswith(OLE):
        return _document(data, ole_type(data))
    if data.startswith(b"{\\rtf"):
        return _document(data, RTF)
    text = read_text(data)
    if is_pdf(data) and not _mentions_pdf(data, text):
        pdf = clean_pdf(data)
        return ReadFile("application/pdf", pdf.data, notice=pdf.notice)
    if text is not None and text.encoding == UTF8:
        return _text(text, data, name)
    if media := read_media(data):
        mime_type = media_type(media)
        bare, notice = without_tags(data, mime_type)
        return ReadFile(mime_type, bare, notice=notice)
    if text is not None and not _is_known(data):
        return _text(text, data, name)
    raise _unknown(data, name)


def _document(data: bytes, mime_type: str) -> ReadFile:
    """An office document is stored as it is; a model is given its text."""
    reading = read_document(data, mime_type)
    notice = "Read as text, without its pictures and layout. Send a PDF if those matter."
    if not reading.complete:
        notice = f"Only the first {MAX_CHARS:,} characters are read. {notice}"
    return ReadFile(mime_type, text=reading.text, notice=notice)


def _mentions_pdf(data: bytes, text: Text | None) -> bool:
    """A text about PDFs can name their first bytes; a PDF begins with them, or soon after."""
    return (
        text is not None and not data.lstrip().startswith(b"%PDF-") and b"\nstartxref" not in data
    )


def _text(text: Text, data: bytes, name: str) -> ReadFile:
    mime_type = TEXT_BY_EXTENSION.get(extension_of(name), "text/plain")
    # A log of one object per line, or notes, under the name of JSON.
    if mime_type == "application/json" and text.text.lstrip("\ufeff \t\r\n")[:1] not in ("[", "{"):
        mime_type = "text/plain"
    read = clean_controls(text.text)
    if not read.strip("\ufeff \t\r\n\f"):
        raise AppError("empty_file", "There is nothing in this file but spaces. Choose another.")
    if text.encoding == UTF8 and read == text.text:
        return ReadFile(mime_type)
    notices = [f"Read as {text.encoding}."] if text.encoding != UTF8 else []
    if read != text.text:
        notices.append("Read with signs in place of its control characters.")
    return ReadFile(mime_type, text=read, notice=" ".join(notices))


def _is_known(data: bytes) -> bool:
    """Whether it begins like a kind of file that is no text."""
    return any(match.confidence >= 0.8 and len(match.byte_match) > 3 for match in _guesses(data))


def _unknown(data: bytes, name: str) -> AppError:
    """The refusal, naming the kind of file if it is known."""
    guesses = [guess for guess in _guesses(data) if any(guess.byte_match)]  # zeros are no sign
    kinds = {guess.extension for guess in guesses if guess.extension}
    own = extension_of(name)
    kind = own if own in kinds else kinds.pop() if len(kinds) == 1 else ""
    if not kind and own in TEXT_EXTENSIONS:
        return unsupported_file(
            "This is no text in an encoding that can be told. Save it as UTF-8, then send it."
        )
    if kind in DAMAGED_WHEN_UNKNOWN:
        return bad_file()
    kind = f"Files of this kind ({kind})" if kind else "Files of this kind"
    return unsupported_file(f"{kind} cannot be read. {ACCEPTED}")


def _guesses(data: bytes) -> list[puremagic.PureMagicWithConfidence]:
    try:
        return puremagic.magic_string(data[:MAGIC_BYTES])
    except (puremagic.PureError, ValueError):
        return []
