"""Small files of every kind, made here, and ways to send them."""

from __future__ import annotations

import gzip
import struct
import tarfile
import wave
import zipfile
import zlib
from io import BytesIO

import pillow_heif
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from conversations.artifacts import artifact_upload
from conversations.models import Artifact
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


def wav() -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\1" * 4000)
    return out.getvalue()


def box(kind: bytes, data=b"") -> bytes:
    return struct.pack(">I", 8 + len(data)) + kind + data


def iso(brand: bytes) -> bytes:
    return (
        box(b"ftyp", brand + b"\0\0\2\0isom") + box(b"moov", b"\0" * 100) + box(b"mdat", b"x" * 9)
    )


def ebml(doctype: bytes, *codecs: bytes) -> bytes:
    head = b"\x42\x86\x81\x01\x42\x82" + bytes([0x80 | len(doctype)]) + doctype
    return b"\x1aE\xdf\xa3" + bytes([0x80 | len(head)]) + head + b"".join(codecs)


def ogg(codec: bytes) -> bytes:
    return b"OggS\0\2" + bytes(20) + b"\x01\x1e" + codec + bytes(20)


MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
AAC_FRAME = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)
PDF = b"%PDF-1.7\n1 0 obj<</S/JavaScript/JS(app.alert\\(1\\))>>endobj\ntrailer<<>>\n%%EOF\n"
HTML = b"<!doctype html><script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def zipped() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "a")
    return out.getvalue()


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
    "tagged.mp3": (b"ID3\4\0\0\0\0\0\x0a" + bytes(10) + MP3_FRAME * 3, "audio/mpeg"),
    "a.aac": (AAC_FRAME * 3, "audio/aac"),
    "a.flac": (b"fLaC\0\0\0\x22" + bytes(34), "audio/flac"),
    "a.ogg": (ogg(b"\x01vorbis"), "audio/ogg"),
    "a.opus": (ogg(b"OpusHead"), "audio/ogg"),
    "a.m4a": (iso(b"M4A "), "audio/mp4"),
    "a.mp4": (iso(b"isom"), "video/mp4"),
    "a.mov": (iso(b"qt  "), "video/quicktime"),
    "a.webm": (ebml(b"webm", b"V_VP9", b"A_OPUS"), "video/webm"),
    "voice.webm": (ebml(b"webm", b"A_OPUS"), "audio/webm"),
    "a.pdf": (PDF, "application/pdf"),
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
}
REFUSED = {
    "a.exe": b"MZ\x90\0" + bytes(100),
    "program.txt": b"\x7fELF" + bytes(60),
    "a.zip": zipped(),
    "report.docx": zipped(),
    "zip.png": zipped(),
    "a.tar": tarred(),
    "a.gz": gzip.compress(b"a" * 100),
    "a.rar": b"Rar!\x1a\7\0" + bytes(20),
    "a.mkv": ebml(b"matroska", b"V_VP9"),
    "film.ogv": ogg(b"\x80theora"),
    "a.ico": b"\0\0\1\0\1\0" + bytes(40),
    "wide.txt": "hello".encode("utf-16"),
    "latin.txt": "Grüße".encode("latin-1"),
    "nul.txt": b"hello\0world",
    "random.bin": bytes(range(256)),
    "almost.mp3": MP3_FRAME + b"no second frame",
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
    "cut.mp4": iso(b"isom")[:-3],
    "headless.mp4": box(b"ftyp", b"isom\0\0\2\0isom") + box(b"mdat", b"x"),
    "cut.pdf": PDF[:-8],
    "no.png": b"\x89PNG\r\n\x1a\n" + bytes(40),
    "script.gif": b"GIF89a/*\1\0\0\0\0*/=1;alert(1)//",
}
