"""Every recorded answer is served again, and Google's SDK reads it as it read Google's."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import errors, types

from emulator.testing import Emulator, running
from tests.emulator.asking import MODEL
from tests.emulator.conftest import RECORDINGS

FILES = sorted(RECORDINGS.glob("*.json"))
GENERATE = ("generateContent", "streamGenerateContent")
NAMES = [path.stem for path in FILES if json.loads(path.read_bytes())["method"] in GENERATE]

pytestmark = pytest.mark.skipif(not FILES, reason="no folder of recordings")


@pytest.fixture(scope="session")
def emulator_server() -> Iterator[Emulator]:
    with running(recordings=RECORDINGS) as emulator:
        yield emulator


def recording(name: str) -> dict[str, Any]:
    return json.loads((RECORDINGS / f"{name}.json").read_bytes())


async def replay(client: genai.Client, name: str) -> list[types.GenerateContentResponse]:
    with warnings.catch_warnings():
        # The SDK warns of values newer than itself; the recordings have some.
        warnings.filterwarnings("ignore", message=".* is not a valid ", category=UserWarning)
        stream = await client.aio.models.generate_content_stream(
            model=MODEL, contents=f"/emulate replay={name}"
        )
        return [chunk async for chunk in stream]


@pytest.mark.parametrize("name", NAMES)
async def test_a_recording_is_served_and_read(client: genai.Client, name: str):
    recorded = recording(name)
    if recorded["status"] != 200 or recorded.get("tail"):
        with pytest.raises(errors.APIError) as refused:
            await replay(client, name)
        source = recorded.get("tail") or recorded["body"]
        assert refused.value.code == json.loads(source)["error"]["code"]
        return
    chunks = await replay(client, name)
    body = json.loads(recorded["body"]) if recorded.get("sse") is None else recorded["sse"]
    assert len(chunks) == (len(body) if isinstance(body, list) else 1)


@pytest.mark.parametrize("name", [n for n in NAMES if recording(n).get("sse") is not None])
def test_a_recorded_stream_has_the_same_bytes(emulator: Emulator, http: httpx2.Client, name: str):
    recorded = recording(name)
    response = http.post(
        f"{emulator.base_url}/v1beta/models/{MODEL}:streamGenerateContent?alt=sse",
        headers={"x-goog-api-key": emulator.new_key()},
        json={"contents": [{"parts": [{"text": f"/emulate replay={name}"}]}]},
    )
    frames = "".join(f"data: {payload}\r\n\r\n" for payload in recorded["sse"])
    assert response.text == frames + (recorded.get("tail") or "")


async def test_a_recording_can_be_scripted(emulator: Emulator, client: genai.Client):
    name = "text--fantasy--thinking-streaming--1"
    emulator.script({"replay": name})
    stream = await client.aio.models.generate_content_stream(model=MODEL, contents="Hi")
    chunks = [chunk async for chunk in stream]
    assert "Florence" in chunks[0].text


@pytest.mark.parametrize("name", ["nothing", "../README", "/etc/hostname"])
async def test_a_name_that_is_no_recording_is_refused(client: genai.Client, name: str):
    with pytest.raises(errors.ClientError, match="recording"):
        await replay(client, name)
