"""Files: how they arrive, whose they are, how long they stay, and what is read in them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json

import httpx2
import pytest
from google import genai
from google.genai import errors, types

from emulator import media
from emulator.files import File, FileStore
from emulator.testing import Emulator
from tests.emulator.asking import MODEL, stream, text_of
from tests.emulator.conftest import MakeClient

CHUNK_BYTES = 8 * 1024 * 1024  # what the SDK sends at once
GONE = "You do not have permission to access the File .* or it may not exist"


async def upload(client: genai.Client, data: bytes, mime_type: str, name: str = "") -> types.File:
    config = types.UploadFileConfig(mime_type=mime_type, display_name=name or None)
    return await client.aio.files.upload(file=io.BytesIO(data), config=config)


def part_of(file: types.File) -> types.Part:
    return types.Part.from_uri(file_uri=file.uri, mime_type=file.mime_type)


async def until_active(client: genai.Client, file: types.File) -> types.File:
    async with asyncio.timeout(5):
        while file.state == types.FileState.PROCESSING:
            await asyncio.sleep(0.05)
            file = await client.aio.files.get(name=file.name)
    return file


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 7])
async def test_the_sdk_uploads_in_chunks_and_the_bytes_arrive(client: genai.Client, size: int):
    data = b"x" * size
    file = await upload(client, data, "text/plain", "notes.txt")
    assert file.state == types.FileState.ACTIVE
    assert (file.size_bytes, file.display_name, file.source) == (size, "notes.txt", "UPLOADED")
    digest = base64.b64encode(hashlib.sha256(data).hexdigest().encode()).decode()
    assert file.sha256_hash == digest
    assert (file.expiration_time - file.create_time).total_seconds() == 48 * 3600


async def test_film_and_sound_are_not_ready_at_once(client: genai.Client):
    film = await upload(client, b"\0\0\0\x18ftypmp42", "video/mp4")
    assert film.state == types.FileState.PROCESSING
    with pytest.raises(errors.ClientError, match="is not in an ACTIVE state") as refused:
        await stream(client, [part_of(film), "What is this?"])
    assert (refused.value.code, refused.value.status) == (400, "FAILED_PRECONDITION")
    ready = await until_active(client, film)
    assert "12 bytes" in text_of(await stream(client, [part_of(ready), "What is this?"]))


async def test_a_name_of_ones_own_is_not_passed_over(client: genai.Client):
    config = types.UploadFileConfig(mime_type="text/plain", name="files/mine")
    with pytest.raises(errors.ClientError, match="emulator: names are given"):
        await client.aio.files.upload(file=io.BytesIO(b"a"), config=config)


async def test_a_film_can_fail(client: genai.Client):
    film = await upload(client, b"film", "video/mp4", "processing-fails.mp4")
    failed = await until_active(client, film)
    assert failed.state == types.FileState.FAILED
    assert failed.error.code == 13


async def test_an_uploaded_file_is_read_in_a_question(client: genai.Client):
    file = await upload(client, media.drawn("a fox", 64, 32), "image/png", "fox.png")
    contents = [part_of(file), "What is this?"]
    answer = text_of(await stream(client, contents))
    assert "fox.png" in answer
    assert "64 x 32 pixels" in answer


async def test_a_file_belongs_to_the_key_that_uploaded_it(
    make_client: MakeClient, client: genai.Client
):
    file = await upload(client, b"secret", "text/plain")
    stranger = make_client()
    contents = [part_of(file), "What is this?"]
    attempts = (
        stranger.aio.files.get(name=file.name),
        stream(stranger, contents),
        stranger.aio.models.count_tokens(model=MODEL, contents=contents),
    )
    for attempt in attempts:
        with pytest.raises(errors.ClientError, match=GONE) as refused:
            await attempt
        assert (refused.value.code, refused.value.status) == (403, "PERMISSION_DENIED")
    assert "6 bytes" in text_of(await stream(client, contents))


async def test_files_can_be_made_to_lapse(emulator: Emulator, make_client: MakeClient):
    keys = [emulator.new_key() for _ in range(2)]
    files = [await upload(make_client(key), b"a", "text/plain") for key in keys]
    assert emulator.expire_files(key=keys[0]) == 1
    with pytest.raises(errors.ClientError, match=GONE):
        await stream(make_client(keys[0]), [part_of(files[0]), "Hi"])
    assert await stream(make_client(keys[1]), [part_of(files[1]), "Hi"])
    assert [file["expired"] for file in emulator.files()] == [True, False]
    assert emulator.expire_files() == 2


async def test_a_directive_loses_the_files_once(client: genai.Client):
    question = "What is this?\n/emulate file=gone"
    file = await upload(client, b"one two", "text/plain")
    with pytest.raises(errors.ClientError, match=GONE):
        await stream(client, [part_of(file), question])
    again = await upload(client, b"one two", "text/plain")
    assert "2 words" in text_of(await stream(client, [part_of(again), question]))


async def test_uploads_can_be_looked_at(emulator: Emulator, make_client: MakeClient):
    key = emulator.new_key()
    file = await upload(make_client(key), b"abc", "text/plain", "a.txt")
    [seen] = emulator.files(key=key)
    assert (seen["name"], seen["displayName"], seen["sizeBytes"]) == (file.name, "a.txt", "3")
    assert not seen["expired"]
    assert key not in json.dumps(seen)
    requests = emulator.requests(key=key)
    assert [request["path"] for request in requests] == ["/upload/v1beta/files"] * 2
    assert {request["key"] for request in requests} == {seen["key"]}
    emulator.clear()
    assert emulator.files() == []


class Raw:
    """An upload by hand."""

    def __init__(self, emulator: Emulator, http: httpx2.Client, size: int, **headers: str) -> None:
        self._http = http
        asked = {
            "x-goog-api-key": emulator.new_key(),
            "x-goog-upload-protocol": "resumable",
            "x-goog-upload-command": "start",
            "x-goog-upload-header-content-length": str(size),
            "x-goog-upload-header-content-type": "text/plain",
        }
        body = json.dumps({"file": {"display_name": "by hand"}})
        url = f"{emulator.base_url}/upload/v1beta/files"
        self.started = http.post(url, headers=asked | headers, content=body)
        self.url = self.started.headers.get("x-goog-upload-url", "")

    def send(self, command: str, data: bytes = b"", offset: int = 0) -> httpx2.Response:
        headers = {"x-goog-upload-command": command, "x-goog-upload-offset": str(offset)}
        return self._http.post(self.url, headers=headers, content=data)


@pytest.fixture
def raw(emulator: Emulator, http: httpx2.Client) -> Raw:
    return Raw(emulator, http, 6)


def test_an_upload_says_how_far_it_has_come(raw: Raw):
    assert raw.started.text == ""
    assert raw.started.headers["x-goog-upload-status"] == "active"
    first = raw.send("upload", b"abc")
    assert first.headers["x-goog-upload-status"] == "active"
    assert first.headers["x-goog-upload-size-received"] == "3"
    last = raw.send("upload, finalize", b"def", offset=3)
    assert last.headers["x-goog-upload-status"] == "final"
    assert last.json()["file"]["sizeBytes"] == "6"
    again = raw.send("upload, finalize", b"def", offset=3)
    assert again.json() == last.json()


@pytest.mark.parametrize(
    ("command", "data", "offset"),
    [("upload", b"abc", 1), ("upload, finalize", b"abc", 0), ("dance", b"", 0)],
)
def test_what_does_not_fit_is_refused(raw: Raw, command: str, data: bytes, offset: int):
    refused = raw.send(command, data, offset)
    assert refused.status_code == 400
    assert refused.headers["x-goog-upload-status"] == "final"  # else the SDK would try again


def test_an_upload_needs_a_good_key(emulator: Emulator, http: httpx2.Client):
    started = Raw(emulator, http, 1, **{"x-goog-api-key": "nonsense"}).started
    assert started.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"


def made_file(*pieces: bytes, limit: int = 10) -> File:
    file = File("key", "text/plain", "http://here/v1beta/")
    for piece in pieces:
        file.add(piece, limit)
    return file


def test_the_oldest_files_lose_their_bytes_when_there_are_too_many():
    store = FileStore()
    files = [made_file(b"x" * 6) for _ in range(2)]
    for file in files:
        store.add(file, limit=10)
    assert [(file.data, file.size) for file in files] == [(None, 6), (b"xxxxxx", 6)]


def test_a_file_that_is_too_large_to_hold_is_known_all_the_same():
    file = made_file(b"x" * 6, b"y" * 6)
    assert (file.data, file.size) == (None, 12)
    assert file.digest.digest() == hashlib.sha256(b"x" * 6 + b"y" * 6).digest()
