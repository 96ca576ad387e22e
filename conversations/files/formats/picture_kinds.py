"""Which kind of picture a file is, told by its first bytes. Whether it is one, Pillow says."""

from __future__ import annotations

# Taken from people and kept as JPEG or PNG, which every browser shows; and what Pillow calls them.
CONVERTED = {
    "image/heic": "HEIF",
    "image/avif": "AVIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
}
BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
}
HEIC_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
AVIF_BRANDS = frozenset((b"avif", b"avis"))
BMP_HEADERS = frozenset((12, 40, 52, 56, 64, 108, 124))


def picture_type(head: bytes) -> str:
    """The MIME type of a picture that begins so; empty for what is no picture."""
    for beginning, mime_type in BEGINNINGS.items():
        if head.startswith(beginning):
            return mime_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in BMP_HEADERS:
        return "image/bmp"
    return _iso_picture(head) if head[4:8] == b"ftyp" else ""


def _iso_picture(head: bytes) -> str:
    """HEIC or AVIF: by the first brand, which may leave it to the others."""
    end = int.from_bytes(head[:4], "big")
    brands = [head[at : at + 4] for at in (8, *range(16, min(end, len(head), 512), 4))]
    if brands[0] not in HEIC_BRANDS | AVIF_BRANDS:
        return ""
    return "image/avif" if AVIF_BRANDS.intersection(brands) else "image/heic"
