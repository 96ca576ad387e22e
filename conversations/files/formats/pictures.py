"""Pictures from people: decoded to see that they are ones, and stored without metadata.

All of it is done in worker processes (``decoding``); nothing here knows Django.
"""

from __future__ import annotations

import math
import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageChops, ImageFile, JpegImagePlugin

from conversations.files.formats.picture_bytes import (
    CONVERTED,
    MAX_PIXELS,
    bare_gif,
    bare_png,
    bare_webp,
    check_bounds,
    frames_of,
    scans_of_jpeg,
    too_many_pixels,
)
from conversations.files.formats.results import bad_file
from conversations.files.mediatypes import PICTURES

FORMS = {**PICTURES, **CONVERTED}
TYPES = {form: mime_type for mime_type, form in PICTURES.items()}
WHOLE_PIXELS = 40_000_000  # what has more is scaled down
SCALED_PIXELS = 12_000_000  # to at most this
BAND_ROWS = 256
JPEG_QUALITY = 92
ROWS_NEEDED = 3 / 4  # of a JPEG that broke off
JPEG_END = b"\xff\xd9"
CHANCE = bytes(range(1, 255)) * 4
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
    AssertionError,
)
LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)

# About notes that a camera wrote badly, and sizes that are checked here anyway.
warnings.filterwarnings("ignore", module=r"PIL\.")
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


@dataclass(frozen=True, slots=True)
class Picture:
    """What is stored of a picture; width and height in pixels, as it is to be shown."""

    data: bytes
    width: int
    height: int
    mime_type: str


def clean_picture(data: bytes, mime_type: str) -> Picture:
    """The picture alone, upright, without EXIF, place, XMP, comments or anything behind it.

    Animations keep every frame. JPEGs, pictures that had to be turned and GIFs of one frame are
    encoded anew (JPEGs with their own tables); of all others the pixels are not touched. What has
    more than 40 megapixels is scaled down. HEIC, AVIF and TIFF become JPEG, or PNG where that
    would lose something; BMP becomes PNG.

    Raises:
        AppError: ``bad_file`` for one that is damaged, cut off, or asks for too much work.
    """
    try:
        return _clean(data, FORMS[mime_type])
    except LARGE:
        raise too_many_pixels() from None
    except BROKEN:
        raise bad_file() from None


def picture_size(data: bytes, mime_type: str) -> tuple[int, int] | None:
    """Width and height as the header has them; None for what is no picture."""
    if mime_type not in PICTURES:
        return None
    try:
        with Image.open(BytesIO(data), formats=[PICTURES[mime_type]]) as image:
            return image.size
    except (*BROKEN, *LARGE):
        return None


def first_frame(gif: bytes) -> bytes:
    """The first frame of a stored GIF as a PNG: for whoever reads no GIF.

    Raises:
        AppError: ``bad_file``.
    """
    try:
        with Image.open(BytesIO(gif), formats=["GIF"]) as image:
            return _encoded(image.convert("RGBA"), "PNG").data
    except (*BROKEN, *LARGE):
        raise bad_file() from None


def _clean(data: bytes, form: str) -> Picture:
    with _opened(data, form) as image:
        check_bounds(data, form, image.size)
        # Before anything is decoded: it may be read at a half or less right away.
        if form == "JPEG":
            return _jpeg(data, image)
        is_large = image.width * image.height > WHOLE_PIXELS
        # Decoded even if its bytes are then stored as they came: only that shows whether it is
        # whole.
        image.load()
        # Turned for good: without its EXIF nobody would turn it any more.
        turn = TURNS.get(_orientation(image))
        if form in CONVERTED.values():
            return _converted(image, form, turn)
        moves = frames_of(data, form) > 1
        if is_large or (turn is not None and not moves):
            # A WebP says by its first chunk whether it was stored without loss.
            options = {"lossless": True} if b"VP8L" in data[:64] else {"quality": 95}
            return _encoded(_upright(image, turn), form, **options if form == "WEBP" else {})
        if form == "GIF" and not moves:
            return _encoded(image, form)
        bare = {"PNG": bare_png, "WEBP": bare_webp, "GIF": bare_gif}[form](data)
        return Picture(bare, image.width, image.height, TYPES[form])


def _opened(data: bytes, form: str) -> ImageFile.ImageFile:
    if form == "HEIF":
        # Only here: it takes a while to import, and most pictures are none.
        from pillow_heif import register_heif_opener

        register_heif_opener(thumbnails=False)
    return Image.open(BytesIO(data), formats=[form])


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, UPRIGHT))
    except BROKEN:
        return UPRIGHT  # the picture is fine; what a camera wrote beside it need not be


def _jpeg(data: bytes, image: Any) -> Picture:
    """A JPEG with the tables it came with, so that hardly anything is lost."""
    turn = TURNS.get(_orientation(image))
    whole = _loaded_jpeg(data, image)
    options = {
        "qtables": whole.quantization,
        "subsampling": JpegImagePlugin.get_sampling(whole),
        "progressive": bool(whole.info.get("progressive")),
    }
    return _encoded(_upright(whole, turn), "JPEG", **options)


def _loaded_jpeg(data: bytes, image: Any) -> Any:
    """The picture, decoded; one that only lacks its last bytes is as every reader shows it."""
    _draft(image)
    try:
        image.load()
    except OSError:
        return _ended_jpeg(data)
    return image


def _ended_jpeg(data: bytes) -> Any:
    """A JPEG that broke off, with an end. Raises ``OSError`` if too much of it is missing.

    Where other bytes behind it make another picture, something was missing; in a progressive one
    that is detail.
    """
    image, other = (_opened(data + behind + JPEG_END, "JPEG") for behind in (b"", CHANCE))
    for one in (image, other):
        _draft(one)
        one.load()
    # A decoder makes up what is missing. Pixels that change with the bytes put behind the end were
    # not in the file.
    missing = ImageChops.difference(image, other).getbbox()
    if missing and missing[1] < image.height * ROWS_NEEDED and scans_of_jpeg(data) < 2:
        raise OSError("cut off")
    return image


def _draft(image: Any) -> None:
    """Have a large JPEG decoded to a half, a quarter or an eighth: that takes less memory."""
    factor = _factor(image)
    if factor > 1:
        image.draft(None, (image.width // factor, image.height // factor))


def _converted(image: Any, form: str, turn: Image.Transpose | None) -> Picture:
    """A picture of a kind that not every browser shows, as one that all of them do."""
    image = _upright(image, turn)
    if image.mode in ("CMYK", "LAB", "YCbCr"):
        # A profile for inks, applied to screen colours, shows a picture in wrong ones.
        image.info.pop("icc_profile", None)
    if image.has_transparency_data:
        return _encoded(image.convert("RGBA"), "PNG")
    if form == "BMP" or image.mode in ("1", "P") or image.mode.startswith("I"):
        return _encoded(image, "PNG")
    return _encoded(image.convert("RGB"), "JPEG", quality=JPEG_QUALITY)


def _upright(image: Any, turn: Image.Transpose | None) -> Any:
    """The picture as it is to be seen, scaled down if it is too large."""
    profile = image.info.get("icc_profile")
    if (factor := _factor(image)) > 1:
        image = _reduced(image, factor)
    if turn is not None:
        image = image.transpose(turn)
    if profile:
        image.info["icc_profile"] = profile
    return image


def _factor(image: Any) -> int:
    """By how much a picture is scaled down; 1 for one that stays as it is."""
    pixels = image.width * image.height
    return math.ceil(math.sqrt(pixels / SCALED_PIXELS)) if pixels > WHOLE_PIXELS else 1


def _reduced(image: Any, factor: int) -> Any:
    """A smaller copy, made band by band: a whole second picture would not fit into memory."""
    rows = BAND_ROWS * factor
    # Colours of a palette cannot be averaged: between number 3 and number 5 is not number 4.
    colours = "RGBA" if image.has_transparency_data else "RGB"
    mode = colours if image.mode in ("1", "P", "PA") else image.mode
    small = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        small.paste(band.convert(mode).reduce(factor), (0, top // factor))
    return small


def _encoded(image: Image.Image, form: str, **options: Any) -> Picture:
    profile = image.info.get("icc_profile")
    # Pillow writes some of what it finds here, comments for one.
    image.info = {name: image.info[name] for name in ("transparency",) if name in image.info}
    out = BytesIO()
    image.save(out, form, icc_profile=profile, **options)
    return Picture(out.getvalue(), image.width, image.height, TYPES[form])
