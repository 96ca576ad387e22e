"""Documents in small, built part by part: PDFs, and what office programs write."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pikepdf

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_PAGE = b"<</Type/Page/Parent 2 0 R/Resources<<>>/MediaBox[0 0 99 99]/Contents %d 0 R>>"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def pdf(pages=1, *, info=b"", action=b"", filling=b"") -> bytes:
    """A PDF of so many pages.

    Args:
        info: who made it, with what.
        action: what its catalogue says beside the pages.
        filling: what stands on them.
    """
    kids = b" ".join(b"%d 0 R" % (3 + at) for at in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % action,
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        *[_PAGE % (3 + pages)] * pages,
        b"<</Length %d>>stream\n%s\nendstream" % (len(filling), filling),
        b"<<%s>>" % info,
    ]
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    tail = b"/Info %d 0 R" % len(objects) if info else b""
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n" % size
        + table
        + b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, tail, len(out))
    )


def locked(*, user: str) -> bytes:
    """A PDF of two pages that opens with the password ``user``; empty: for everybody."""
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf(2))) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="owner", user=user))
    return out.getvalue()


def zipped(members: dict[str, str | bytes], compression=zipfile.ZIP_DEFLATED) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def _relations(**targets: tuple[str, str]) -> str:
    """By id: the type of a relation, and the part that it leads to."""
    lines = "".join(
        f'<Relationship Id="{name}" Type="{_R}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{_RELS}">{lines}</Relationships>'


def _types(part: str, kind: str) -> str:
    main = f"application/vnd.openxmlformats-officedocument.{kind}.main+xml"
    return (
        f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/><Default '
        'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{part}" ContentType="{main}"/></Types>'
    )


def docx(text="Bees fly.", *, before="") -> bytes:
    """Args: before: stands in front of the document's markup, where entities are declared."""
    document = (
        f'{before}<w:document xmlns:w="{_W}"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p>'
        "</w:body></w:document>"
    )
    return zipped(
        {
            "[Content_Types].xml": _types("word/document.xml", "wordprocessingml.document"),
            "_rels/.rels": _relations(a=("officeDocument", "word/document.xml")),
            "word/document.xml": document,
        }
    )


def xlsx(*rows: tuple[str, str], name="Figures") -> bytes:
    """A workbook of one sheet; of each cell its place and its text."""
    cells = "".join(
        f'<row r="{place.strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"><c r="{place}" t="inlineStr">'
        f"<is><t>{text}</t></is></c></row>"
        for place, text in rows
    )
    sheets = f'<sheets><sheet name="{name}" sheetId="1" r:id="a"/></sheets>'
    return zipped(
        {
            "[Content_Types].xml": _types("xl/workbook.xml", "spreadsheetml.sheet"),
            "_rels/.rels": _relations(a=("officeDocument", "xl/workbook.xml")),
            "xl/workbook.xml": f'<workbook xmlns="{_S}" xmlns:r="{_R}">{sheets}</workbook>',
            "xl/_rels/workbook.xml.rels": _relations(a=("worksheet", "worksheets/sheet1.xml")),
            "xl/worksheets/sheet1.xml": (
                f'<worksheet xmlns="{_S}"><sheetData>{cells}</sheetData></worksheet>'
            ),
        }
    )


def pptx(text="Bees dance.") -> bytes:
    shape = (
        "<p:sp><p:nvSpPr><p:cNvPr id='2' name='a'/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>"
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    group = "<p:cNvPr id='1' name=''/><p:cNvGrpSpPr/><p:nvPr/>"
    tree = f"<p:nvGrpSpPr>{group}</p:nvGrpSpPr><p:grpSpPr/>"
    spaces = f'xmlns:p="{_P}" xmlns:a="{_A}" xmlns:r="{_R}"'
    slides = '<p:sldIdLst><p:sldId id="256" r:id="a"/></p:sldIdLst>'
    return zipped(
        {
            "[Content_Types].xml": _types("ppt/presentation.xml", "presentationml.presentation"),
            "_rels/.rels": _relations(a=("officeDocument", "ppt/presentation.xml")),
            "ppt/presentation.xml": f"<p:presentation {spaces}>{slides}</p:presentation>",
            "ppt/_rels/presentation.xml.rels": _relations(a=("slide", "slides/slide1.xml")),
            "ppt/slides/slide1.xml": (
                f"<p:sld {spaces}><p:cSld><p:spTree>{tree}{shape}</p:spTree></p:cSld></p:sld>"
            ),
        }
    )


def opendocument(kind: str, body: str, *, manifest="") -> bytes:
    """``kind`` is ``text``, ``spreadsheet`` or ``presentation``."""
    names = ("office", "style", "text", "table")
    spaces = " ".join(f'xmlns:{name}="{_OFFICE}:{name}:1.0"' for name in names)
    content = (
        f"<office:document-content {spaces}><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document-content>"
    )
    parts = "<office:font-face-decls/><office:styles/><office:automatic-styles/>"
    styles = (
        f"<office:document-styles {spaces}>{parts}<office:master-styles/></office:document-styles>"
    )
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": manifest or "<manifest/>",
            "content.xml": content,
            "styles.xml": styles,
        }
    )


def odt(text="Bees hum.") -> bytes:
    return opendocument("text", f"<text:p>{text}</text:p>")


def ods(text="Bees count.") -> bytes:
    cell = (
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    )
    row = f"<table:table-row>{cell}</table:table-row>"
    return opendocument("spreadsheet", f'<table:table table:name="S">{row}</table:table>')


def epub(text="Bees are told of.") -> bytes:
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
        'full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/><manifest><item '
        'id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref '
        'idref="a"/></spine></package>'
    )
    page = f'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>{text}</p></body></html>'
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "book.opf": package,
            "a.xhtml": f"<!DOCTYPE html>{page}",
        }
    )


RTF = rb"{\rtf1\ansi Bees \b sting\b0 .}"
