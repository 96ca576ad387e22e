"""What is read in the files that come with a question, and how all of it is counted."""

from __future__ import annotations

import io
import struct
import wave
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from PIL import Image

from emulator.attachments import Attachment
from tests.emulator.asking import MODEL, stream, text_of

OLDER = "gemini-2.5-flash"
PDF = b"%PDF-1.7\n<< /Type /Pages /Kids [] >>\n" + b"<< /Type /Page /Parent 1 0 R >>\n" * 3


def box(kind: bytes, *contents: bytes) -> bytes:
    """A box of an MP4."""
    body = b"".join(contents)
    return struct.pack(">I", 8 + len(body)) + kind + body


def film(milliseconds: int) -> bytes:
    times = struct.pack(">IIII", 0, 0, 1000, milliseconds)
    movie = box(b"mvhd", bytes(4), times, bytes(80))
    track = box(b"tkhd", bytes(4), struct.pack(">IIIII", 0, 0, 1, 0, milliseconds), bytes(60))
    kind = box(b"hdlr", bytes(8), b"vide", bytes(13))
    media = box(b"mdia", box(b"mdhd", bytes(4), times, bytes(4)), kind)
    return box(b"ftyp", b"mp42", bytes(4), b"mp42isom") + box(
        b"moov", movie, box(b"trak", track, media)
    )


MP4 = film(4500)


def picture(kind: str, width: int = 40, height: int = 30) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(out, kind)
    return out.getvalue()


def sound(seconds: float) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8000)
        written.writeframes(b"\0\0" * round(8000 * seconds))
    return out.getvalue()


def with_files(*files: tuple[bytes, str], text: str = "What is this?") -> list[Any]:
    parts = [types.Part.from_bytes(data=data, mime_type=mime) for data, mime in files]
    return [*parts, text]


async def counts(client: genai.Client, contents: Any, model: str = MODEL) -> dict[str, int]:
    """Tokens by modality; the answer must state the same that counting says."""
    counted = await client.aio.models.count_tokens(model=model, contents=contents)
    last = (await stream(client, contents, model))[-1].usage_metadata
    assert last.prompt_token_count == counted.total_tokens
    found = {str(d.modality.value): d.token_count for d in last.prompt_tokens_details}
    assert sum(found.values()) == counted.total_tokens
    return found


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_a_picture_is_described_by_its_size(client: genai.Client, kind: str):
    files = with_files((picture(kind), f"image/{kind.lower()}"))
    assert "40 x 30 pixels" in text_of(await stream(client, files))


def test_webp_without_loss_has_a_size_too():
    out = io.BytesIO()
    Image.new("RGBA", (33, 44)).save(out, "WEBP", lossless=True)
    assert Attachment("image/webp", out.getvalue()).pixels == (33, 44)


@pytest.mark.parametrize(
    ("data", "mime_type", "told"),
    [
        (sound(2.5), "audio/wav", "2.5 seconds"),
        (PDF, "application/pdf", "3 pages"),
        (MP4, "video/mp4", "4.5 seconds"),
        (b"Once upon a time there was a fox", "text/plain", "8 words, beginning: “Once upon"),
        (b'{"a": 1}', "application/json", "2 words"),
        (b"film", "video/mp4", "4 bytes"),
        (b"\x89PNG\r\n\x1a\n", "image/png", "8 bytes"),
        (b"RIFF....WAVE", "audio/wav", "12 bytes"),
    ],
)
async def test_other_files_are_described_by_what_they_hold(
    client: genai.Client, data: bytes, mime_type: str, told: str
):
    assert told in text_of(await stream(client, with_files((data, mime_type))))


@pytest.mark.parametrize("mime_type", ["application/zip", "application/octet-stream", "image/tiff"])
async def test_a_type_that_no_model_takes_is_refused(client: genai.Client, mime_type: str):
    with pytest.raises(errors.ClientError, match=f"Unsupported MIME type: {mime_type}"):
        await stream(client, with_files((b"data", mime_type)))


async def test_an_address_that_cannot_be_fetched_from_is_refused(client: genai.Client):
    part = types.Part.from_uri(file_uri="gs://bucket/a.png", mime_type="image/png")
    with pytest.raises(errors.ClientError, match="Invalid or unsupported file uri: gs://"):
        await stream(client, [part, "Hi"])
    part = types.Part.from_uri(file_uri="https://example.com/a.pdf", mime_type="application/pdf")
    assert "https://example.com/a.pdf" in text_of(await stream(client, [part, "Hi"]))


async def test_each_kind_of_file_is_counted_under_its_own_name(client: genai.Client):
    files = [
        (picture("PNG"), "image/png"),
        (sound(2), "audio/wav"),
        (MP4, "video/mp4"),
        (PDF, "application/pdf"),
    ]
    contents = with_files(*files, text="twelve chars")
    expected = {"TEXT": 3, "AUDIO": 64, "DOCUMENT": 3 * 258, "IMAGE": 258, "VIDEO": 1184}
    assert await counts(client, contents, OLDER) == expected
    since_3 = {"TEXT": 3, "AUDIO": 64, "IMAGE": 1120 + 3 * 560, "VIDEO": 315}
    assert await counts(client, contents) == since_3


async def test_a_text_file_counts_as_text(client: genai.Client):
    assert await counts(client, with_files((b"a" * 400, "text/plain"), text="abcd")) == {
        "TEXT": 101
    }


async def test_a_picture_in_a_functions_result_counts_as_a_picture(client: genai.Client):
    data = {"inlineData": {"mimeType": "image/png", "data": "A" * 40_000}}
    response = {"name": "look", "response": {"output": "done"}, "parts": [data]}
    contents = [
        {"role": "user", "parts": [{"text": "Look"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}}}]},
        {"role": "user", "parts": [{"functionResponse": response}]},
    ]
    options = types.HttpOptions(extra_body={"contents": contents})
    chunks = await stream(client, "-", OLDER, http_options=options)
    details = chunks[-1].usage_metadata.prompt_tokens_details
    found = {str(detail.modality.value): detail.token_count for detail in details}
    assert found["IMAGE"] == 258
    assert found["TEXT"] < 100


async def test_more_than_a_model_can_read_is_refused(client: genai.Client):
    limit = 8_192  # of the models that speak
    text = "abcd" * (limit + 1)
    with pytest.raises(errors.ClientError) as refused:
        await stream(client, text, "gemini-2.5-flash-preview-tts", response_modalities=["AUDIO"])
    assert refused.value.message == (
        f"The input token count ({limit + 1}) exceeds the maximum number of tokens allowed "
        f"({limit})."
    )
    counted = await client.aio.models.count_tokens(
        model="gemini-2.5-flash-preview-tts", contents=text
    )
    assert counted.total_tokens == limit + 1


async def test_counting_alone_takes_contents_and_nothing_else(client: genai.Client):
    extra = {"systemInstruction": {"parts": [{"text": "Be kind"}]}}
    options = types.HttpOptions(extra_body=extra)
    with pytest.raises(errors.ClientError, match='Unknown name "systemInstruction"'):
        await client.aio.models.count_tokens(
            model=MODEL, contents="Hi", config=types.CountTokensConfig(http_options=options)
        )
    whole = {"generateContentRequest": {"contents": [{"parts": [{"text": "Hi"}]}]} | extra}
    options = types.HttpOptions(extra_body=whole)
    counted = await client.aio.models.count_tokens(
        model=MODEL, contents="-", config=types.CountTokensConfig(http_options=options)
    )
    assert counted.total_tokens == 3


@pytest.mark.parametrize(
    ("offsets", "seconds"), [({}, 60), ({"start": 90}, 60), ({"start": 90, "end": 120}, 30)]
)
async def test_a_video_on_youtube_is_told_by_its_address_and_counted_by_its_part(
    client: genai.Client, offsets: dict[str, int], seconds: int
):
    metadata = types.VideoMetadata(**{f"{name}_offset": f"{s}s" for name, s in offsets.items()})
    uri = "https://youtu.be/lCdaVNyHtjU"
    video = types.Part(
        file_data=types.FileData(file_uri=uri, mime_type="video/mp4"), video_metadata=metadata
    )
    content = types.Content(role="user", parts=[video, types.Part(text="What is it?")])
    chunks = await stream(client, [content])
    assert f"at {uri}" in text_of(chunks)
    assert ("from second 90" in text_of(chunks)) is ("start" in offsets)
    details = chunks[-1].usage_metadata.prompt_tokens_details
    counts = {detail.modality.value: detail.token_count for detail in details}
    assert (counts["VIDEO"], counts["AUDIO"]) == (70 * seconds, 32 * seconds)


async def test_an_offset_that_is_no_duration_is_refused(client: genai.Client):
    video = types.FileData(file_uri="https://youtu.be/lCdaVNyHtjU")
    part = types.Part(file_data=video, video_metadata=types.VideoMetadata(start_offset="90"))
    with pytest.raises(errors.ClientError, match="must end with 's'"):
        await stream(client, [types.Content(role="user", parts=[part])])


async def test_an_address_that_cannot_be_reached_is_refused(client: genai.Client):
    uri = "https://example.com/unreachable/a.pdf"
    part = types.Part(file_data=types.FileData(file_uri=uri, mime_type="application/pdf"))
    with pytest.raises(errors.ClientError, match="Cannot fetch content"):
        await stream(client, [types.Content(role="user", parts=[part])])
