"""Pictures from people: looked at before they are believed, and kept without what they betray."""

from __future__ import annotations

import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Any

from PIL import Image, ImageFile, JpegImagePlugin

from common.errors import AppError
from conversations.mediatypes import PICTURES
from conversations.picturechunks import bare_gif, bare_png, bare_webp, frames_of_gif
from conversations.sniffing import bad_file

MAX_PIXELS = 40_000_000
ORIENTATION = 0x0112
UPRIGHT = 1
TURNS = {  # by EXIF's orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow can raise over a picture that is broken, by accident or on purpose.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    EOFError,
    AttributeError,
    RuntimeError,
    struct.error,
    zlib.error,
)

# About notes that a camera wrote badly, and sizes that are checked here anyway.
warnings.filterwarnings("ignore", module=r"PIL\.")

# A picture at the limit takes a few hundred MB while it is looked at, so: one after the other.
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """What is kept of a picture; width and height in pixels, as it is to be shown."""

    data: bytes
    width: int
    height: int


def clean_picture(data: bytes, mime_type: str) -> Picture:
    """The picture alone, upright, without EXIF, place, XMP, comments or anything behind it.

    Animations keep every frame. JPEGs, pictures that had to be turned and GIFs of one frame are
    encoded anew (JPEGs with their own tables); of all others the pixels are not touched.

    Raises:
        AppError: ``bad_file`` for one that is damaged, cut off or larger than 40 megapixels,
            which the header tells before anything is decoded.
    """
    with _one_at_a_time:
        try:
            return _clean(data, mime_type)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _too_many_pixels() from None
        except BROKEN:
            raise bad_file() from None


def picture_size(data: bytes, mime_type: str) -> tuple[int, int] | None:
    """Width and height as the header has them; None for what is no picture."""
    if mime_type not in PICTURES:
        return None
    try:
        with Image.open(BytesIO(data), formats=[PICTURES[mime_type]]) as image:
            return image.size
    except (*BROKEN, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def first_frame(gif: bytes) -> bytes:
    """The first frame of a GIF that was kept, as a PNG: for whoever reads no GIF.

    Raises:
        AppError: ``bad_file``.
    """
    with _one_at_a_time:
        try:
            with Image.open(BytesIO(gif), formats=["GIF"]) as image:
                return _encoded(image.convert("RGBA"), "PNG").data
        except BROKEN:
            raise bad_file() from None


def _clean(data: bytes, mime_type: str) -> Picture:
    form = PICTURES[mime_type]
    with Image.open(BytesIO(data), formats=[form]) as image:
        if image.width * image.height > MAX_PIXELS:
            raise _too_many_pixels()
        image.load()
        turn = TURNS.get(_orientation(image))
        if form == "JPEG":
            return _jpeg(image, turn)
        moves = form != "GIF" and getattr(image, "is_animated", False)
        if turn is not None and not moves:
            options = {"lossless": True} if b"VP8L" in data[:64] else {"quality": 95}
            return _encoded(image.transpose(turn), form, **options if form == "WEBP" else {})
        if form == "GIF" and frames_of_gif(bare_gif(data)) == 1:
            return _encoded(image, form)
        bare = {"PNG": bare_png, "WEBP": bare_webp, "GIF": bare_gif}[form](data)
        return Picture(bare, image.width, image.height)


def _orientation(image: ImageFile.ImageFile) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, UPRIGHT))
    except BROKEN:
        return UPRIGHT  # the picture is fine; what a camera wrote beside it need not be


def _jpeg(image: Any, turn: Image.Transpose | None) -> Picture:
    """A JPEG with the tables it came with, so that hardly anything is lost."""
    options = {
        "qtables": image.quantization,
        "subsampling": JpegImagePlugin.get_sampling(image),
        "progressive": bool(image.info.get("progressive")),
    }
    return _encoded(image if turn is None else image.transpose(turn), "JPEG", **options)


def _encoded(image: Image.Image, form: str, **options: Any) -> Picture:
    profile = image.info.get("icc_profile")
    # Pillow writes some of what it finds here, comments for one.
    image.info = {name: image.info[name] for name in ("transparency",) if name in image.info}
    out = BytesIO()
    image.save(out, form, icc_profile=profile, **options)
    return Picture(out.getvalue(), image.width, image.height)


def _too_many_pixels() -> AppError:
    return AppError(
        "bad_file", "This picture has more than 40 million pixels. Make it smaller, then send it."
    )
