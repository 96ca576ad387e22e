"""PDFs: whether they can be read at all, and without who made them."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import pikepdf

from conversations.files.formats.results import bad_file

HEADER = b"%PDF-"
HEADER_BYTES = 1024  # readers look for it so far
PRIVATE = ("/Metadata", "/PieceInfo", "/LastModified")


@dataclass(frozen=True, slots=True)
class Pdf:
    """``data`` is None if the file is fine as it is; ``notice`` says what else there is to say."""

    data: bytes | None
    notice: str = ""


def is_pdf(head: bytes) -> bool:
    return HEADER in head[:HEADER_BYTES]


def clean_pdf(data: bytes) -> Pdf:
    """The PDF without author, dates, programs and XMP, mended where its structure is damaged.

    Pages, pictures, fonts, forms and attachments stay, byte for byte in each stream. A PDF with a
    signature is left alone, because any change breaks it.

    Raises:
        AppError: ``bad_file`` for one with a password, without pages, or beyond mending.
    """
    try:
        with pikepdf.open(BytesIO(data), suppress_warnings=True) as pdf:
            if not len(pdf.pages):
                raise bad_file("This PDF has no pages. Export it anew, then send it.")
            if _is_signed(pdf):
                return Pdf(None, "Signed, so its author and dates stay in it.")
            removed = _remove_private(pdf)
            # Encrypted and yet opened: the password is empty, so the lock keeps nobody out. And
            # bytes before the header shift every place that the table of objects names.
            mended = pdf.is_encrypted or not data.startswith(HEADER) or bool(pdf.get_warnings())
            return Pdf(_saved(pdf) if removed or mended else None, _cut_off(data, len(pdf.pages)))
    except pikepdf.PasswordError:
        raise bad_file(
            "This PDF is protected with a password. Save a copy without one, then send that."
        ) from None
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError):
        raise bad_file("This PDF is damaged and cannot be read. Export it anew.") from None


def _is_signed(pdf: pikepdf.Pdf) -> bool:
    form = pdf.Root.get("/AcroForm")
    # Bit 1 of SigFlags: there is a signature, and any byte that changes breaks it.
    flags = form.get("/SigFlags", 0) if isinstance(form, pikepdf.Dictionary) else 0
    return bool(int(flags) & 1)


def _remove_private(pdf: pikepdf.Pdf) -> bool:
    """Remove metadata about people and programs; whether there was any."""
    removed = "/Info" in pdf.trailer
    if removed:
        del pdf.trailer.Info
    # Not the document's alone: pages, pictures and fonts can each have metadata of their own.
    for obj in pdf.objects:
        if isinstance(obj, pikepdf.Dictionary | pikepdf.Stream):
            for name in PRIVATE:
                if name in obj:
                    del obj[name]
                    removed = True
    return removed


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = BytesIO()
    # Streams are copied as they are: what is in them was not looked at, and need not be decoded.
    pdf.save(
        out,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        deterministic_id=True,
        fix_metadata_version=False,
    )
    return out.getvalue()


def _cut_off(data: bytes, pages: int) -> str:
    if b"%%EOF" in data:
        return ""
    return f"The end of this PDF is missing. Pages that can be read: {pages}."
