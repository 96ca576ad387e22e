"""Pictures are looked at before they are believed, and lose what they betray."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat, PngImagePlugin

from common.errors import AppError
from conversations.files.decoding.pool import decode
from conversations.files.formats import pictures
from conversations.files.formats.picture_bytes import scans_of_jpeg
from conversations.files.formats.pictures import clean_picture
from tests.conversations.samples import (
    CAMERA,
    heic,
    huge_png,
    many_frames,
    moving,
    photo,
    picture,
    png_chunk,
    scanned_jpeg,
    send,
)
from tests.people import client_for

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def cleaned(data: bytes, form: str) -> Image.Image:
    kept = clean_picture(data, TYPES[form])
    image = Image.open(BytesIO(kept.data))
    image.load()
    assert image.size == (kept.width, kept.height)
    return image


def refusal(data: bytes, form: str) -> AppError:
    with pytest.raises(AppError) as refused:
        clean_picture(data, TYPES[form])
    return refused.value


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_what_is_stored_does_not_say_where_or_with_what_it_was_taken(alice, form, orientation):
    data = photo(form, orientation, icc_profile=ICC)
    assert CAMERA.encode() in data

    sent = send(alice, data, "holiday").json()
    stored = client_for(alice).get(sent["url"]).content

    image = Image.open(BytesIO(stored))
    assert CAMERA.encode() not in stored
    assert b"Exif" not in stored
    assert dict(image.getexif()) == {}
    assert image.info["icc_profile"] == ICC
    assert image.size == ((40, 20) if orientation == 1 else (20, 40))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_stored_as_it_is_seen(orientation):
    def marked() -> Image.Image:
        image = Image.new("RGB", (64, 32), "white")
        image.paste("red", (0, 0, 16, 16))
        return image

    exif = Image.Exif()
    exif[0x0112] = orientation
    out = BytesIO()
    marked().save(out, "PNG", exif=exif)
    corners = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1)}

    image = cleaned(out.getvalue(), "PNG").convert("RGB")

    right, low = corners.get(orientation, (0, 1))
    place = (right * (image.width - 1), low * (image.height - 1))
    assert image.getpixel(place) == (255, 0, 0)
    assert image.size == ((64, 32) if orientation < 5 else (32, 64))


def with_everything(form: str) -> bytes:
    """A picture with a secret in each place that is not the picture, and behind it."""
    secret = b"the secret"
    if form == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Comment", "the secret")
        texts.add_itxt("XML:com.adobe.xmp", "the secret")
        data = picture("PNG", pnginfo=texts)
        own = png_chunk(b"prVt", secret) + png_chunk(b"tEXt", b"a\0" + secret)
        return data[:33] + own + data[33:] + secret
    if form == "JPEG":
        data = picture("JPEG", comment=secret, xmp=secret)
        segment = b"\xff\xed" + struct.pack(">H", 2 + len(secret)) + secret
        return data[:2] + segment + data[2:] + secret
    if form == "WEBP":
        data = picture("WEBP", xmp=secret, exif=b"Exif\0\0" + secret)
        chunk = b"prVt" + struct.pack("<I", len(secret)) + secret
        size = struct.pack("<I", len(data) + len(chunk) - 8)
        return b"RIFF" + size + data[8:] + chunk + secret
    return moving("GIF", comment=secret) + secret


@pytest.mark.filterwarnings("ignore::UserWarning")  # the EXIF in it is none
@pytest.mark.parametrize("form", TYPES)
def test_nothing_hides_in_comments_unknown_pieces_or_behind_the_end(form):
    data = with_everything(form)
    assert data.count(b"the secret") > 1

    assert b"secret" not in clean_picture(data, TYPES[form]).data


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_what_moves_goes_on_moving(form):
    data = moving(form)
    before = Image.open(BytesIO(data))

    after = cleaned(data, form)

    assert (getattr(after, "n_frames", 1), after.info["loop"]) == (5, 0)
    for frame in range(5):
        before.seek(frame)
        after.seek(frame)
        assert after.convert("RGB").tobytes() == before.convert("RGB").tobytes()
        assert after.info.get("duration") == before.info.get("duration")


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF"])
def test_pixels_that_need_no_turning_are_not_touched(form):
    data = picture(form)

    before = Image.open(BytesIO(data)).convert("RGBA").tobytes()

    assert cleaned(data, form).convert("RGBA").tobytes() == before


@pytest.mark.parametrize(
    ("form", "mode"), [("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "P"), ("PNG", "LA"), ("PNG", "1")]
)
def test_grey_printed_and_small_palettes_stay_what_they_are(form, mode):
    data = picture(form, mode=mode)

    image = cleaned(data, form)

    assert image.mode == mode
    difference = zip(
        image.convert("RGB").tobytes(),
        Image.open(BytesIO(data)).convert("RGB").tobytes(),
        strict=True,
    )
    assert max(abs(one - other) for one, other in difference) <= 25


def test_a_still_gif_keeps_what_is_transparent():
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    out = BytesIO()
    image.save(out, "GIF", transparency=1)

    shown = cleaned(out.getvalue(), "GIF").convert("RGBA")

    assert [shown.getchannel("A").getpixel((x, 0)) for x in range(2)] == [255, 0]


def test_a_picture_that_claims_to_be_huge_is_refused_without_decoding(alice):
    bomb = huge_png()
    assert len(bomb) < 200
    tracemalloc.start()
    try:
        answer = send(alice, bomb, "bomb.png")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_file")
    assert "200 million pixels" in answer.json()["message"]
    assert peak < 20 * 1024 * 1024


@pytest.mark.parametrize("size", [(30_000, 30_000), (20_000, 18_000), (20_000, 10_001)])
def test_the_limit_is_two_hundred_megapixels(size):
    assert "200 million" in refusal(huge_png(*size), "PNG").message


def test_a_huge_webp_and_gif_are_refused_as_well():
    frame = b"VP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\x3f\0" * 2 + bytes(30)
    webp = b"RIFF" + struct.pack("<I", 4 + len(frame)) + b"WEBP" + frame
    assert refusal(webp, "WEBP").code == "bad_file"
    gif = b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + bytes(3) + b"\x3b"
    assert refusal(gif, "GIF").code == "bad_file"


def test_a_picture_in_another_ones_clothes_is_refused():
    assert refusal(b"\x89PNG\r\n\x1a\n" + picture("JPEG"), "PNG").code == "bad_file"
    with_zip_behind = picture("PNG") + b"PK\3\4"
    assert b"PK\3\4" not in clean_picture(with_zip_behind, "image/png").data


def test_a_profile_that_unpacks_to_very_much_does_no_harm():
    bomb = png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(200 * 1024 * 1024)))
    data = picture("PNG")

    assert refusal(data[:33] + bomb + data[33:], "PNG").code == "bad_file"


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow, about notes that make no sense
@pytest.mark.parametrize("form", TYPES)
@pytest.mark.parametrize("seed", range(3))
def test_whatever_bytes_come_the_answer_is_a_picture_or_a_refusal(form, seed):
    chance = random.Random(f"{form} {seed}")
    whole = moving("GIF") if form == "GIF" else photo(form)
    answers = set()
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        try:
            clean_picture(bytes(data), TYPES[form])
        except AppError as refused:
            answers.add(refused.code)
    assert answers == {"bad_file"}


def transparent(form: str) -> bytes:
    out = BytesIO()
    Image.new("RGBA", (40, 20), (200, 100, 0, 100)).save(out, form)
    return out.getvalue()


def truncated(data: bytes, share: float) -> bytes:
    """A JPEG that lacks a share of its compressed bytes."""
    begin = data.rindex(b"\xff\xda")
    return data[: len(data) - int((len(data) - begin) * share)]


@pytest.mark.parametrize("options", [{}, {"progressive": True}], ids=["baseline", "progressive"])
@pytest.mark.parametrize("share", [0, 0.05])
def test_a_jpeg_that_lacks_its_last_bytes_is_what_every_reader_takes_it_for(options, share):
    whole = picture("JPEG", size=(320, 200), **options)
    data = truncated(whole[:-2], share)

    image = cleaned(data, "JPEG")

    assert image.size == (320, 200)
    upper = (0, 0, 320, 150)
    difference = ImageChops.difference(image.crop(upper), Image.open(BytesIO(whole)).crop(upper))
    assert ImageStat.Stat(difference).mean < [9] * 3


def test_a_jpeg_that_lacks_half_of_it_is_refused():
    assert refusal(truncated(picture("JPEG", size=(320, 200)), 0.5), "JPEG").code == "bad_file"


@pytest.mark.parametrize(
    ("data", "mime_type", "kept"),
    [
        (heic(), "image/heic", "image/jpeg"),
        (picture("AVIF"), "image/avif", "image/jpeg"),
        (picture("TIFF"), "image/tiff", "image/jpeg"),
        (picture("TIFF", mode="CMYK"), "image/tiff", "image/jpeg"),
        (picture("TIFF", mode="1"), "image/tiff", "image/png"),
        (picture("TIFF", mode="RGBA"), "image/tiff", "image/png"),
        (picture("BMP"), "image/bmp", "image/png"),
        (transparent("AVIF"), "image/avif", "image/png"),
    ],
)
def test_what_browsers_do_not_show_becomes_what_they_do(data, mime_type, kept):
    found = clean_picture(data, mime_type)

    image = Image.open(BytesIO(found.data))
    image.load()
    assert (found.mime_type, image.format) == (kept, kept.partition("/")[2].upper())
    assert (image.size, found.width, found.height) == ((40, 20), 40, 20)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_photo_of_a_phone_is_kept_upright_without_place_and_under_a_name_that_fits(alice):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = CAMERA, 6
    exif.get_ifd(0x8825)[1] = "N"
    data = heic(exif=exif.tobytes())
    assert CAMERA.encode() in data

    sent = send(alice, data, "IMG_1.HEIC").json()
    stored = client_for(alice).get(sent["url"]).content

    assert (sent["mime_type"], sent["name"]) == ("image/jpeg", "IMG_1.jpg")
    assert CAMERA.encode() not in stored
    assert b"Exif" not in stored
    assert (sent["width"], sent["height"]) == Image.open(BytesIO(stored)).size


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_very_large_picture_is_scaled_down_in_bounded_memory(form):
    """200 megapixels, through a worker with the memory that a server gives it."""
    out = BytesIO()
    Image.new("L", (20_000, 10_000), 100).save(out, form, compress_level=1)

    kept = decode(1, clean_picture, out.getvalue(), TYPES[form])

    assert 5_000_000 < kept.width * kept.height <= 12_500_000
    assert abs(kept.width / kept.height - 2) < 0.01
    image = Image.open(BytesIO(kept.data))
    image.load()
    assert image.getpixel((100, 100)) == 100


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "CMYK", "1"])
def test_bands_join_without_a_seam(mode, monkeypatch):
    monkeypatch.setattr(pictures, "BAND_ROWS", 3)
    image = Image.linear_gradient("L").resize((61, 47)).convert(mode)

    small = pictures._reduced(image, 4)

    assert small.size == (16, 12)
    whole = image.convert(small.mode).reduce(4)
    difference = ImageChops.difference(small.convert("RGB"), whole.convert("RGB"))
    bands: Any = difference.getextrema()
    assert max(high for _, high in bands) <= 2


BOMBS = {
    "150 scans": (scanned_jpeg(150), "image/jpeg", "too many passes"),
    "30 scans of 100 megapixels": (
        scanned_jpeg(30, (12_500, 8_000)),
        "image/jpeg",
        "too many passes",
    ),
    "900,000 frames": (many_frames(900_000), "image/gif", "too many frames"),
    "4,000 frames": (many_frames(4_000), "image/gif", "too many frames"),
    "APNG": (picture("PNG") + b"fcTL" * 4_000, "image/png", "too many frames"),
    "animated WebP": (picture("WEBP") + b"ANMF" * 4_000, "image/webp", "too many frames"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_work_that_size_does_not_bound_is_refused_before_it_is_begun(name):
    data, mime_type, words = BOMBS[name]
    begin = time.process_time()

    with pytest.raises(AppError) as refused:
        clean_picture(data, mime_type)

    assert words in refused.value.message
    assert time.process_time() - begin < 0.5


def test_scans_are_counted_past_notes_that_look_like_them():
    data = photo("JPEG")
    note = b"\xff\xed" + struct.pack(">H", 2 + 400) + b"\xff\xda" * 200
    assert scans_of_jpeg(data) == 1
    assert scans_of_jpeg(data[:2] + note + data[2:] + b"\xff\xda" * 200) == 1
    assert 6 <= scans_of_jpeg(picture("JPEG", progressive=True)) <= 12
