"""Sounds and videos in small, built box by box: what tells them apart is all that is in them."""

from __future__ import annotations

import struct


def param_id(value: object) -> str | None:
    """For ``ids=`` of a test's parameters: files are too long for names, and zips tell the time."""
    return "data" if isinstance(value, bytes) else None


CANARY = b"CanaryCam 3000, +52.5164+013.3777/"


def box(kind: bytes, *contents: bytes) -> bytes:
    data = b"".join(contents)
    return struct.pack(">I", 8 + len(data)) + kind + data


def iso(brand: bytes, *handlers: bytes, tail=b"", private=b"") -> bytes:
    """An MP4 or one of its kin with a track for each handler: ``vide``, ``soun``, ``meta``.

    Args:
        private: stands where cameras write place and device.
        tail: behind the last box.
    """
    head = box(b"ftyp", brand, bytes(4), b"isom")
    samples = [bytes([65 + at]) * 20 for at in range(len(handlers))]
    blank = box(b"moov", *_movie(handlers, [0] * len(handlers), private))
    first = len(head) + len(blank) + 8
    places = [first + 20 * at for at in range(len(handlers))]
    movie = box(b"moov", *_movie(handlers, places, private))
    return head + movie + box(b"mdat", *samples) + tail


def _movie(handlers, places, private: bytes) -> list[bytes]:
    when = struct.pack(">II", 3_900_000_000, 3_900_000_001)
    head = box(b"mvhd", bytes(4), when, struct.pack(">II", 1000, 2000), bytes(80))
    tracks = [_track(*pair, when) for pair in zip(handlers, places, strict=True)]
    return [head, *tracks, *([box(b"udta", box(b"\xa9xyz", private))] if private else [])]


def _track(handler: bytes, place: int, when: bytes) -> bytes:
    codec = {b"vide": b"avc1", b"soun": b"mp4a"}.get(handler, b"mebx")
    table = box(
        b"stbl",
        box(b"stsd", struct.pack(">II", 0, 1), box(codec, bytes(78))),
        box(b"stts", struct.pack(">IIII", 0, 1, 2, 1000)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 2, 1)),
        box(b"stsz", struct.pack(">IIIII", 0, 0, 2, 12, 8)),
        box(b"stco", struct.pack(">III", 0, 1, place)),
    )
    media = box(
        b"mdia",
        box(b"mdhd", bytes(4), when, struct.pack(">II", 1000, 2000), bytes(4)),
        box(b"hdlr", bytes(8), handler, bytes(13)),
        box(b"minf", table),
    )
    return box(b"trak", box(b"tkhd", bytes(4), when, bytes(72)), media)


def element(name: str, *contents: bytes) -> bytes:
    data = b"".join(contents)
    return bytes.fromhex(name) + (len(data) | 1 << 28).to_bytes(4, "big") + data


def webm(*codecs: bytes, doctype=b"webm", private=b"", cluster=b"") -> bytes:
    """WebM with a track for each codec, ``A_OPUS`` or ``V_VP9``, and ``cluster`` as its data."""
    tracks = [
        element(
            "ae",
            element("d7", bytes([at])),
            element("83", b"\1" if codec.startswith(b"V") else b"\2"),
            element("86", codec),
        )
        for at, codec in enumerate(codecs, start=1)
    ]
    tag = element("67c8", element("45a3", b"LOCATION"), element("4487", private))
    info = element("1549a966", element("2ad7b1", b"\x0f\x42\x40"), element("7ba9", private))
    return element("1a45dfa3", element("4282", doctype)) + element(
        "18538067",
        info,
        element("1654ae6b", *tracks),
        *([element("1254c367", element("7373", tag))] if private else []),
        element("1f43b675", element("e7", b"\0"), element("a3", b"\x81\0\0\x80" + cluster)),
    )


def riff(kind: bytes, *chunks: tuple[bytes, bytes], order="<") -> bytes:
    """WAV or AVI; with ``order=">"`` the same for AIFF."""
    body = b"".join(_riff_chunk(*chunk, order) for chunk in chunks)
    first = b"RIFF" if order == "<" else b"FORM"
    return first + struct.pack(order + "I", 4 + len(body)) + kind + body


def avi(*inside: tuple[bytes, bytes]) -> bytes:
    """An AVI with one stream of pictures, and ``inside`` among its headers."""
    stream = _riff_chunk(b"strh", b"vidsMJPG" + bytes(48)) + _riff_chunk(b"strf", bytes(40))
    headers = _riff_chunk(b"avih", bytes(24) + b"\1" + bytes(31))
    headers += _riff_chunk(b"LIST", b"strl" + stream)
    headers += b"".join(_riff_chunk(*chunk) for chunk in inside)
    frames = _riff_chunk(b"00dc", b"\xff\xd8\xff" + bytes(60))
    return riff(b"AVI ", (b"LIST", b"hdrl" + headers), (b"LIST", b"movi" + frames))


def _riff_chunk(name: bytes, data: bytes, order="<") -> bytes:
    return name + struct.pack(order + "I", len(data)) + data + bytes(len(data) % 2)


PCM = (b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
SOUND = (b"data", b"\0\1" * 4000)


def wav(*before: tuple[bytes, bytes]) -> bytes:
    return riff(b"WAVE", *before, PCM, SOUND)


def aiff(*before: tuple[bytes, bytes]) -> bytes:
    rate = b"\x40\x0b\xfa\0\0\0\0\0\0\0"  # 8000 as an extended float
    common = (b"COMM", struct.pack(">HIH", 1, 4000, 16) + rate)
    return riff(b"AIFF", *before, common, (b"SSND", bytes(8) + b"\0\1" * 4000), order=">")


def ogg(*packets: bytes) -> bytes:
    """One page for each packet; a checksum is not what tells its kind."""
    return b"".join(_page(at, packet, len(packets)) for at, packet in enumerate(packets))


def _page(at: int, packet: bytes, count: int) -> bytes:
    flags = 2 if at == 0 else 4 if at == count - 1 else 0
    laces = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, 0, 7, at, 0)
    return head + bytes([len(laces)]) + laces + packet


def comments(text: bytes) -> bytes:
    """As Vorbis writes them: who made the program, and a list of words."""
    maker = b"maker"
    return struct.pack("<I", len(maker)) + maker + struct.pack("<II", 1, len(text)) + text


def opus(private=b"ARTIST=nobody") -> bytes:
    head = b"OpusHead" + struct.pack("<BBHIHB", 1, 1, 0, 48000, 0, 0)
    return ogg(head, b"OpusTags" + comments(private), b"\xf8\xff\xfe" * 9)


def flac(private=b"") -> bytes:
    rate = 8000 << 44 | 15 << 36 | 4000  # one channel of 16 bits
    about = struct.pack(">HH", 4096, 4096) + bytes(6) + rate.to_bytes(8, "big") + bytes(16)
    tags = comments(b"ARTIST=" + private)
    blocks = [(0, about), (0x84, tags)]
    return b"fLaC" + b"".join(
        bytes([kind]) + len(data).to_bytes(3, "big") + data for kind, data in blocks
    )


def id3(text: bytes, padding=0) -> bytes:
    """A tag with a title, and zeros behind it as players leave them."""
    frame = b"TIT2" + struct.pack(">IH", 1 + len(text), 0) + b"\0" + text + bytes(padding)
    size = len(frame)
    seven = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + seven + frame


MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
AAC_FRAME = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)
