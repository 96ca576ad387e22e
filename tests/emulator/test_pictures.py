"""Pictures made and changed, and the signatures that have to come back with them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from PIL import Image

from emulator import media
from tests.emulator.asking import parts_of, stream, text_of

NEW = "gemini-3.1-flash-image"
PRO = "gemini-3-pro-image"
OLD = "gemini-2.5-flash-image"
BOTH = ["TEXT", "IMAGE"]


async def paint(
    client: genai.Client, contents: Any, model: str = NEW, **config: Any
) -> list[types.Part]:
    chunks = await stream(client, contents, model, response_modalities=BOTH, **config)
    return parts_of(chunks)


def pictures_in(parts: list[types.Part]) -> list[types.Part]:
    return [part for part in parts if part.inline_data and not part.thought]


def decoded(part: types.Part) -> Image.Image:
    return Image.open(io.BytesIO(part.inline_data.data)).convert("RGB")


def photo(kind: str = "PNG", size: tuple[int, int] = (90, 60)) -> types.Part:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 60)).save(out, kind)
    return types.Part.from_bytes(data=out.getvalue(), mime_type=f"image/{kind.lower()}")


def photo_colour(kind: str) -> Any:
    data = photo(kind).inline_data.data
    return Image.open(io.BytesIO(data)).convert("RGB").getpixel((45, 30))


def turn(role: str, *parts: types.Part | str) -> types.Content:
    made = [types.Part(text=part) if isinstance(part, str) else part for part in parts]
    return types.Content(role=role, parts=made)


async def test_a_picture_is_a_real_png_of_the_shape_asked_for(client: genai.Client):
    config = types.ImageConfig(aspect_ratio="16:9")
    chunks = await stream(client, "A fox", NEW, response_modalities=BOTH, image_config=config)
    [picture] = pictures_in(parts_of(chunks))
    assert picture.inline_data.mime_type == "image/png"
    assert decoded(picture).size == (256, 144)
    assert "256 x 144" in text_of(chunks)
    assert chunks[-1].usage_metadata.candidates_token_count > 1120


@pytest.mark.parametrize(("size", "side"), [("1K", 1024), ("2K", 2048), ("4K", 4096)])
async def test_a_picture_is_as_large_as_asked_for(client: genai.Client, size: str, side: int):
    [picture] = pictures_in(
        await paint(client, "A fox", image_config=types.ImageConfig(image_size=size))
    )
    assert media.size(picture.inline_data.data) == (side, side)


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"aspect_ratio": "7:3"}, "aspect_ratio must be one of '1:1', '2:3'"),
        ({"image_size": "1k"}, "Image size 1k is not supported"),
    ],
)
async def test_unknown_shapes_and_sizes_are_refused(
    client: genai.Client, config: dict[str, str], problem: str
):
    with pytest.raises(errors.ClientError, match=problem):
        await paint(client, "A fox", image_config=types.ImageConfig(**config))


LITE = "gemini-3.1-flash-lite-image"
BANANA = "gemini-nano-banana-2.1"


@pytest.mark.parametrize(
    ("model", "config"),
    [
        (BANANA, {"image_size": "512"}),
        (PRO, {"image_size": "512"}),
        (PRO, {"aspect_ratio": "8:1"}),
        (LITE, {"image_size": "2K"}),
        (OLD, {"image_size": "1K"}),
    ],
)
async def test_each_model_refuses_what_only_others_draw(
    client: genai.Client, model: str, config: dict[str, str]
):
    with pytest.raises(errors.ClientError) as refused:
        await paint(client, "A fox", model, image_config=types.ImageConfig(**config))
    assert refused.value.code == 400


async def test_fourteen_pictures_are_followed_and_no_more(client: genai.Client):
    given = [photo() for _ in range(14)]
    assert pictures_in(await paint(client, [turn("user", *given, "All of them")], BANANA))
    with pytest.raises(errors.ClientError, match="at most 14"):
        await paint(client, [turn("user", *given, photo(), "All of them")], BANANA)


async def test_a_picture_that_is_given_is_changed(client: genai.Client):
    parts = await paint(client, [turn("user", photo(), "Make it blue")])
    [picture] = pictures_in(parts)
    changed = decoded(picture)
    assert changed.size == (90, 60)
    middle, edge = changed.getpixel((45, 30)), changed.getpixel((0, 0))
    assert sorted(middle) == [30, 60, 200]
    assert middle != (200, 30, 60)
    assert edge != middle
    assert "90 x 60 pixels" in "".join(part.text or "" for part in parts)


async def test_two_changes_differ_and_the_same_change_does_not(client: genai.Client):
    asked = [[turn("user", photo(), text)] for text in ("Make it blue", "Make it old")]
    first, other, again = [
        pictures_in(await paint(client, contents))[0].inline_data.data
        for contents in (asked[0], asked[1], asked[0])
    ]
    assert first != other
    assert first == again


async def test_a_photo_is_changed_like_any_picture(client: genai.Client):
    [picture] = pictures_in(await paint(client, [turn("user", photo("JPEG"), "Make it blue")]))
    changed = decoded(picture)
    assert changed.size == (90, 60)
    assert changed.getpixel((45, 30)) != photo_colour("JPEG")


async def test_what_is_no_picture_is_not_changed_but_replaced(client: genai.Client):
    broken = types.Part.from_bytes(data=b"\x89PNG\r\n\x1a\n", mime_type="image/png")
    [picture] = pictures_in(await paint(client, [turn("user", broken, "Make it blue")]))
    assert decoded(picture).size == (256, 256)


async def test_a_picture_of_an_earlier_turn_is_changed_further(client: genai.Client):
    contents = [turn("user", "A fox in the snow")]
    for step in ("Make it night", "Add a frame"):
        parts = await paint(client, contents, image_config=types.ImageConfig(aspect_ratio="3:2"))
        contents += [turn("model", *parts), turn("user", step)]
    [last] = pictures_in(await paint(client, contents))
    previous = pictures_in(contents[-2].parts)[0]
    assert decoded(last).size == decoded(previous).size == (256, 170)
    assert last.inline_data.data != previous.inline_data.data


async def test_gemini_3_signs_the_first_text_and_the_picture(client: genai.Client):
    parts = await paint(client, "A fox")
    assert [bool(part.thought_signature) for part in parts] == [
        index in (0, len(parts) - 1) for index in range(len(parts))
    ]
    assert not any(part.thought_signature for part in await paint(client, "A fox", OLD))


async def test_a_picture_that_comes_back_unsigned_is_refused(client: genai.Client):
    parts = await paint(client, "A fox")
    place = f"in content position 2, part position {len(parts)}"
    parts[-1].thought_signature = None
    contents = [turn("user", "A fox"), turn("model", *parts), turn("user", "Make it night")]
    with pytest.raises(errors.ClientError, match=place) as refused:
        await paint(client, contents)
    assert "Image part is missing a thought_signature" in refused.value.message
    assert pictures_in(await paint(client, contents, OLD))


async def test_pictures_from_elsewhere_need_no_signature(client: genai.Client):
    [unsigned] = pictures_in(await paint(client, "A fox", OLD))
    for picture in (photo(), unsigned):
        contents = [turn("user", "A fox"), turn("model", picture), turn("user", "Make it night")]
        assert pictures_in(await paint(client, contents))


@pytest.mark.parametrize(("model", "line"), [(PRO, ""), (NEW, "\n/emulate thoughtimage")])
async def test_an_interim_picture_is_a_thought(client: genai.Client, model: str, line: str):
    thinking = types.ThinkingConfig(include_thoughts=True)
    parts = await paint(client, f"A fox{line}", model, thinking_config=thinking)
    interim = [part for part in parts if part.inline_data and part.thought]
    assert len(interim) == 1
    assert len(pictures_in(parts)) == 1
    assert parts.index(interim[0]) < parts.index(pictures_in(parts)[0])
    assert not any(part.thought for part in await paint(client, "A fox", PRO))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_pictures_of_other_programs_can_be_read(mode: str):
    out = io.BytesIO()
    source = Image.linear_gradient("L").resize((70, 50)).convert(mode)
    source.save(out, "PNG")
    found = media.decoded(out.getvalue())
    assert found is not None
    assert found.tobytes() == source.convert("RGB").tobytes()


def test_what_cannot_be_read_is_nothing():
    whole = media.drawn("a fox", 16, 16)
    for data in (b"", whole[:40], whole[:-30], b"GIF89a", b"no picture"):
        assert media.decoded(data) is None


def test_the_tag_of_a_picture_travels_in_its_text():
    assert media.tag_of(media.drawn("a fox", 16, 16, tag="abc")) == "abc"
    for data in (media.drawn("a fox", 16, 16), b"", b"\x89PNG\r\n\x1a\n"):
        assert media.tag_of(data) == ""
