"""Small files of every kind, made here, and ways to send them."""

from __future__ import annotations

import gzip
import struct
import tarfile
import zlib
from io import BytesIO

import pillow_heif
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from conversations.files.artifacts import artifact_upload
from conversations.files.mediatypes import DOCX
from conversations.models import Artifact
from tests.conversations.documents import docx, pdf, zipped
from tests.conversations.mediafiles import (
    AAC_FRAME,
    MP3_FRAME,
    aiff,
    box,
    flac,
    id3,
    iso,
    ogg,
    opus,
    wav,
    webm,
)
from tests.people import client_for

CAMERA = "CanaryCam 3000"
PLACE = (52.0, 30.0, 59.0)


def send(owner, data: bytes, name="file", content_type="application/octet-stream"):
    """The answer to an upload; the type is what the browser claims."""
    form = {"file": SimpleUploadedFile(name, data, content_type)}
    return client_for(owner).post("/api/files/", form, format="multipart")


def uploaded(owner, data=b"hello", name="notes.txt") -> Artifact:
    """An upload past the API."""
    size = len(data)
    return artifact_upload(owner_id=owner.pk, file=BytesIO(data), size_bytes=size, name=name)


def picture(form="PNG", size=(40, 20), mode="RGB", **options) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 60).convert(mode).save(out, form, **options)
    return out.getvalue()


def photo(form="JPEG", orientation=6, **options) -> bytes:
    """A picture as a phone takes it: turned, with the camera's name and the place."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, CAMERA
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", PLACE
    return picture(form, exif=exif, **options)


def heic(size=(40, 20), **options) -> bytes:
    """As a phone takes it."""
    out = BytesIO()
    image = Image.effect_noise(size, 60).convert("RGB")
    pillow_heif.from_pillow(image).save(out, quality=50, **options)
    return out.getvalue()


def scanned_jpeg(scans: int, size=(5000, 3000)) -> bytes:
    """A progressive JPEG whose last scan is there many times: few bytes, much work."""
    out = BytesIO()
    Image.new("L", size, 100).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + b"\xff\xd9"


def many_frames(count: int) -> bytes:
    """A GIF of frames that hold nothing, a few bytes each."""
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\0"
    colours = b"\x80\0\0" + bytes(6)
    return b"GIF89a" + struct.pack("<HH", 1, 1) + colours + frame * count + b"\x3b"


def moving(form="GIF", frames=5, **options) -> bytes:
    images = [Image.effect_noise((30, 30), 20 * n).convert("RGB") for n in range(1, frames + 1)]
    out = BytesIO()
    options = {"save_all": True, "append_images": images[1:], "duration": 100, "loop": 0, **options}
    images[0].save(out, form, **options)
    return out.getvalue()


def huge_png(width=30_000, height=30_000) -> bytes:
    """A PNG of a few bytes whose header claims to be very large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    crc = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + crc


PDF = pdf(action=b"/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>")
HTML = b"<!doctype html><script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def tarred() -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return out.getvalue()


ACCEPTED = {  # by the name it is sent under: the bytes, and the type they have
    "a.png": (picture(), "image/png"),
    "a.jpg": (picture("JPEG"), "image/jpeg"),
    "a.webp": (picture("WEBP"), "image/webp"),
    "a.gif": (picture("GIF"), "image/gif"),
    "a.bmp": (picture("BMP"), "image/png"),
    "a.tiff": (picture("TIFF"), "image/jpeg"),
    "fax.tiff": (picture("TIFF", mode="1"), "image/png"),
    "a.avif": (picture("AVIF"), "image/jpeg"),
    "a.heic": (heic(), "image/jpeg"),
    "ended.jpg": (picture("JPEG")[:-2], "image/jpeg"),
    "a.wav": (wav(), "audio/wav"),
    "a.mp3": (MP3_FRAME * 3, "audio/mpeg"),
    "tagged.mp3": (id3(b"Bees", padding=10) + MP3_FRAME * 3, "audio/mpeg"),
    "a.aac": (AAC_FRAME * 8, "audio/aac"),
    "a.aiff": (aiff(), "audio/aiff"),
    "a.flac": (flac(), "audio/flac"),
    "a.opus": (opus(), "audio/ogg"),
    "a.m4a": (iso(b"M4A ", b"soun"), "audio/mp4"),
    "a.mp4": (iso(b"isom", b"vide", b"soun"), "video/mp4"),
    "cut.mp4": (iso(b"isom", b"vide")[:-3], "video/mp4"),
    "a.mov": (iso(b"qt  ", b"vide"), "video/quicktime"),
    "a.3gp": (iso(b"3gp4", b"vide"), "video/3gpp"),
    "a.webm": (webm(b"V_VP9", b"A_OPUS"), "video/webm"),
    "voice.webm": (webm(b"A_OPUS"), "audio/webm"),
    "a.pdf": (PDF, "application/pdf"),
    "cut.pdf": (PDF[:-8], "application/pdf"),
    "a.docx": (docx(), DOCX),
    "a.txt": ("Grüße 🐝\n".encode(), "text/plain"),
    "a.md": (b"# Bees\n", "text/markdown"),
    "a.csv": (b"a,b\n1,2\n", "text/csv"),
    "a.json": (b'{"a": 1}', "application/json"),
    "no.json": (b"a: 1", "text/plain"),
    "a.py": (b"import os\n", "text/plain"),
    "a.html": (HTML, "text/plain"),
    "a.svg": (SVG, "text/plain"),
    "page.png": (HTML, "text/plain"),
    "pdf.txt": (PDF, "application/pdf"),
    "wide.txt": ("hello".encode("utf-16"), "text/plain"),
    "latin.txt": ("Grüße".encode("latin-1"), "text/plain"),
}
REFUSED = {
    "a.exe": b"MZ\x90\0" + bytes(100),
    "program.txt": b"\x7fELF" + bytes(60),
    "a.zip": zipped({"a.txt": "a"}),
    "report.docx": zipped({"a.txt": "a"}),
    "zip.png": zipped({"a.txt": "a"}),
    "a.tar": tarred(),
    "a.gz": gzip.compress(b"a" * 100),
    "a.rar": b"Rar!\x1a\7\0" + bytes(20),
    "a.mkv": webm(b"V_VP9", doctype=b"matroska"),
    "film.ogv": ogg(b"\x80theora"),
    "a.ico": b"\0\0\1\0\1\0" + bytes(40),
    "nul.txt": b"hello\0world",
    "random.bin": bytes(range(256)),
    "a.class": b"\xca\xfe\xba\xbe" + bytes(30),
    "a.wasm": b"\0asm\1\0\0\0",
}
DAMAGED = {
    "cut.png": picture()[:-20],
    "cut.jpg": picture("JPEG")[:-300],
    "cut.heic": heic()[:-100],
    "cut.tiff": picture("TIFF")[:-100],
    "cut.webp": picture("WEBP")[:-20],
    "cut.gif": picture("GIF")[:-20],
    "cut-moving.gif": moving("GIF")[:-1],
    "cut-moving.webp": moving("WEBP")[:-30],
    "trackless.mp4": iso(b"isom"),
    "headless.mp4": box(b"ftyp", b"isom\0\0\2\0isom") + box(b"mdat", b"x"),
    "cut.pdf": PDF[:100],
    "almost.mp3": MP3_FRAME + b"no second frame",
    "no.png": b"\x89PNG\r\n\x1a\n" + bytes(40),
    "script.gif": b"GIF89a/*\1\0\0\0\0*/=1;alert(1)//",
}
