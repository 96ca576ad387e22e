"""What a file is, told by its bytes. Neither its name nor what the browser says is believed.

The checks are strict: the beginning has to be right and, where the format says so, also what
follows it. What only resembles a kind we know is refused like what we do not know.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

import puremagic

from common.errors import AppError
from conversations.filenames import extension_of
from conversations.mediatypes import TEXT_BY_EXTENSION
from conversations.picturekinds import picture_type

HEAD_BYTES = 64 * 1024
MAGIC_BYTES = 4096
CHUNK_BYTES = 256 * 1024
MAX_BOXES = 10_000

ACCEPTED = (
    "Send a picture (PNG, JPEG, WebP, GIF, HEIC, AVIF, BMP, TIFF), a sound (WAV, MP3, Ogg, FLAC, "
    "M4A, AAC), a video (MP4, WebM, MOV), a PDF, or a text in UTF-8."
)
ISO_TYPES = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    **dict.fromkeys(
        (
            b"isom",
            *(b"iso%d" % n for n in range(2, 10)),
            b"mp41",
            b"mp42",
            b"avc1",
            b"M4V ",
            b"dash",
        ),
        "video/mp4",
    ),
}
OGG_SOUNDS = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")
CONTROLS = bytes(set(range(32)) - set(b"\t\n\f\r\x1b")) + b"\x7f"

# By the two bits of the version and the four of the rate: MPEG 1 layer III, then MPEG 2 and 2.5.
MP3_KBITS = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
)
MP3_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def sniff(file: BinaryIO, name: str) -> str:
    """The MIME type of ``file``, which is left at its beginning.

    Args:
        name: which kind of text a text is; nothing else is read from it.

    Raises:
        AppError: ``empty_file``, ``bad_file``, or ``unsupported_file`` (415).
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not head:
        raise AppError("empty_file", "This file is empty. Choose another one.")
    mime_type = next(filter(None, (check(head, file) for check in CHECKS)), "")
    mime_type = mime_type or _text(head, file, name)
    file.seek(0)
    if not mime_type:
        raise unsupported_file(head, name)
    return mime_type


def bad_file() -> AppError:
    return AppError("bad_file", "This file is damaged or incomplete. Try another copy of it.")


def unsupported_file(head: bytes, name: str) -> AppError:
    """The refusal, naming the kind of file if that can be told."""
    try:
        guesses = puremagic.magic_string(head[:MAGIC_BYTES])
    except (puremagic.PureError, ValueError):
        guesses = []
    kinds = {guess.extension for guess in guesses if guess.extension}
    own = extension_of(name)
    kind = own if own in kinds else kinds.pop() if len(kinds) == 1 else ""
    kind = f"Files of this kind ({kind})" if kind else "Files of this kind"
    return AppError("unsupported_file", f"{kind} cannot be sent. {ACCEPTED}", status=415)


def _picture(head: bytes, file: BinaryIO) -> str:
    """Whether it really is one is for Pillow to say."""
    return picture_type(head)


def _wav(head: bytes, file: BinaryIO) -> str:
    is_wave = head[:4] == b"RIFF" and head[8:12] == b"WAVE"
    return "audio/wav" if is_wave and b"fmt " in head[12:MAGIC_BYTES] else ""


def _flac(head: bytes, file: BinaryIO) -> str:
    return "audio/flac" if head.startswith(b"fLaC") and head[5:8] == b"\0\0\x22" else ""


def _ogg(head: bytes, file: BinaryIO) -> str:
    """An Ogg file whose first stream is a sound: its first page begins with the codec's name."""
    if not head.startswith(b"OggS\0") or len(head) < 28:
        return ""
    return "audio/ogg" if head[27 + head[26] :].startswith(OGG_SOUNDS) else ""


def _mp3(head: bytes, file: BinaryIO) -> str:
    """Two frames in a row, after the tag if there is one: their first two bytes prove little."""
    at = 0
    if head.startswith(b"ID3") and len(head) > 10 and max(head[6:10]) < 128:
        at = 10 + sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    return "audio/mpeg" if _frames_at(file, at, _mp3_frame_bytes) else ""


def _aac(head: bytes, file: BinaryIO) -> str:
    return "audio/aac" if _frames_at(file, 0, _aac_frame_bytes) else ""


def _frames_at(file: BinaryIO, at: int, length_of: Callable[[bytes], int]) -> bool:
    for _ in range(2):
        file.seek(at)
        length = length_of(file.read(8))
        if not length:
            return False
        at += length
    return True


def _mp3_frame_bytes(header: bytes) -> int:
    """The length of the layer III frame that begins so; 0 if none does."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, rate = header[1] >> 3 & 3, header[2] >> 2 & 3
    kbits = MP3_KBITS[version != 3][header[2] >> 4]
    if version == 1 or rate == 3 or not kbits:
        return 0
    samples = 144 if version == 3 else 72
    return samples * kbits * 1000 // MP3_RATES[version][rate] + (header[2] >> 1 & 1)


def _aac_frame_bytes(header: bytes) -> int:
    """The length of the ADTS frame that begins so; 0 if none does."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 and header[2] >> 2 & 15 < 13 else 0


def _iso(head: bytes, file: BinaryIO) -> str:
    """MP4 and its kin, by brand. Raises ``bad_file`` when the boxes do not fill the file."""
    if head[4:8] != b"ftyp" or head[8:12] not in ISO_TYPES:
        return ""
    if b"moov" not in set(_boxes(file)):
        raise bad_file()
    return ISO_TYPES[head[8:12]]


def _boxes(file: BinaryIO) -> Iterator[bytes]:
    end = file.seek(0, 2)
    at = 0
    for _ in range(MAX_BOXES):
        file.seek(at)
        header = file.read(16)
        if len(header) < 8:
            raise bad_file()
        length, kind = struct.unpack(">I4s", header[:8])
        if length == 1 and len(header) == 16:
            length = int.from_bytes(header[8:], "big")
        elif length == 0:  # up to the end of the file
            length = end - at
        at += length
        if length < 8 or at > end:
            raise bad_file()
        yield kind
        if at == end:
            return
    raise bad_file()


def _webm(head: bytes, file: BinaryIO) -> str:
    """WebM, but not other Matroska; a sound if no track of it is a video."""
    if not head.startswith(b"\x1aE\xdf\xa3") or b"\x42\x82\x84webm" not in head[:64]:
        return ""
    sound = b"A_OPUS" in head or b"A_VORBIS" in head
    return "audio/webm" if sound and b"V_" not in head else "video/webm"


def _pdf(head: bytes, file: BinaryIO) -> str:
    if not head.startswith((b"%PDF-1.", b"%PDF-2.")):
        return ""
    file.seek(max(0, file.seek(0, 2) - 2048))
    if b"%%EOF" not in file.read():
        raise bad_file()
    return "application/pdf"


def _text(head: bytes, file: BinaryIO, name: str) -> str:
    """Text in UTF-8 without control characters; a page for browsers is plain text like any."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK_BYTES):
            decoder.decode(chunk)
            if len(chunk.translate(None, CONTROLS)) != len(chunk):
                return ""
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return ""
    mime_type = TEXT_BY_EXTENSION.get(extension_of(name), "text/plain")
    if mime_type == "application/json" and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in b"[{":
        return "text/plain"
    return mime_type


CHECKS: tuple[Callable[[bytes, BinaryIO], str], ...] = (
    _picture,
    _wav,
    _flac,
    _ogg,
    _mp3,
    _aac,
    _iso,
    _webm,
    _pdf,
)
