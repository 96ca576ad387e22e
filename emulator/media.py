"""Small real pictures, made from the prompt or from a picture that was given."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache

from PIL import Image, ImageDraw, ImageOps, PngImagePlugin

FRAME_SHARE = 16  # an edited picture gets a frame of a sixteenth of its shorter side
_TAG = "gemini-emulator"  # keyword of the text chunk that marks a picture as ours
_UNREADABLE = (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning)


@lru_cache(maxsize=64)
def drawn(prompt: str, width: int = 256, height: int = 256, *, tag: str = "") -> bytes:
    """A PNG with a coloured gradient and a sun, both chosen by the prompt."""
    seed = hashlib.sha256(prompt.encode()).digest()
    gradient = Image.linear_gradient("L").resize((width, height))
    picture = ImageOps.colorize(gradient, tuple(seed[0:3]), tuple(seed[3:6]))
    centre = (width * (64 + seed[9] // 2) // 256, height * (48 + seed[10] // 3) // 256)
    radius = max(1, min(width, height) * (24 + seed[11] // 8) // 256)
    sun = tuple(128 + value // 2 for value in seed[6:9])
    ImageDraw.Draw(picture).circle(centre, radius, fill=sun)
    return _png(picture, tag)


def edited(given: Image.Image, prompt: str, width: int, height: int, *, tag: str = "") -> bytes:
    """The picture given, of another size if need be, its colours turned round, in a frame.

    The prompt chooses the turn and the frame's colour, so two edits differ.
    """
    seed = hashlib.sha256(prompt.encode()).digest()
    red, green, blue = given.resize((width, height), Image.Resampling.NEAREST).split()
    turned = (green, blue, red) if seed[3] % 2 else (blue, red, green)
    picture = Image.merge("RGB", turned)
    thick = max(1, min(width, height) // FRAME_SHARE)
    box = (0, 0, width - 1, height - 1)
    ImageDraw.Draw(picture).rectangle(box, outline=tuple(seed[0:3]), width=thick)
    return _png(picture, tag)


def bar_chart(heights: list[int], width: int = 320, height: int = 200) -> bytes:
    """Blue bars on white above a black line; the tallest of them fills the picture."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    slot, floor = (width - 20) // max(1, len(heights)), height - 20
    for number, value in enumerate(heights):
        top = floor - (height - 40) * value // max(*heights, 1)
        left = 10 + number * slot
        draw.rectangle((left, top, left + slot * 3 // 4, floor), fill=(31, 119, 180))
    draw.line((8, floor, width - 8, floor), fill="black")
    return _png(picture)


def decoded(data: bytes) -> Image.Image | None:
    """The picture in RGB, or None where these bytes are none that can be read."""
    try:
        return Image.open(io.BytesIO(data)).convert("RGB")
    except _UNREADABLE:
        return None


def size(data: bytes) -> tuple[int, int]:
    """Width and height of a picture, by its header; (0, 0) where there is none."""
    try:
        return Image.open(io.BytesIO(data)).size
    except _UNREADABLE:
        return (0, 0)


def tag_of(data: bytes) -> str:
    """The tag an emulator wrote into this picture; "" if it wrote none."""
    try:
        return str(Image.open(io.BytesIO(data), formats=["PNG"]).info.get(_TAG, ""))
    except _UNREADABLE:
        return ""


def _png(picture: Image.Image, tag: str = "") -> bytes:
    out, about = io.BytesIO(), PngImagePlugin.PngInfo()
    if tag:
        about.add_text(_TAG, tag)
    picture.save(out, "PNG", pnginfo=about, compress_level=1)
    return out.getvalue()
