"""A refusal means the same through every door: answers, counts, files, and the check of a key."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from emulator.faults import FAULTS, fault
from gemini.client import GeminiClient
from gemini.errors import GeminiError
from gemini.keys import check_key, list_models
from gemini.outputs import TextDelta
from gemini.pool import Endpoint
from gemini.request import ModelRequest
from gemini.response import ResponseParser
from tests.core.team import KEY
from tests.gemini.rawserver import answering, reply
from tests.gemini.recordings import FOLDER

MEANS = {
    "limit-zero": "billing_required",
    "per-day": "quota",
    "prepay": "billing",
    "prepay-402": "billing",
    "spend-cap": "billing",
    "standard-key": "key_type",
    "region": "region",
    "api-disabled": "api_disabled",
    "referrer": "key_restricted",
    "address": "key_restricted",
    "service": "key_restricted",
    "no-model": "model_forbidden",
    "leaked": "key_blocked",
    "not-active": "file_not_ready",
    "no-pages": "file_refused",
    "bad-image": "file_refused",
    "mime": "file_refused",
    "payload": "too_large",
    "signature": "history_refused",
    "tools": "tools_refused",
    "cancelled": "upstream_error",
}
STATUS = {
    "standard-key": "invalid",
    "leaked": "blocked",
    "per-day": "quota",
    **dict.fromkeys(("prepay", "prepay-402", "spend-cap"), "limited"),
    **dict.fromkeys(("region", "api-disabled", "referrer", "address", "service"), "unchecked"),
}
INPUTS = Path(os.environ.get("GEMINI_INPUTS", FOLDER.parent / "inputs" / "google-errors"))
FROM_FILES = {
    "400-corrupted-signature": "history_refused",
    "400-expired-key": "invalid_key",
    "400-location": "region",
    "400-mime": "file_refused",
    "400-payload": "too_large",
    "400-pdf-pages": "file_refused",
    "400-token-count": "too_long",
    "401-standard-key": "key_type",
    "403-file": "file_gone",
    "403-leaked": "key_blocked",
    "404-no-longer": "model_gone",
    "413-large": "too_large",
    "429-limit-zero": "billing_required",
    "429-per-minute": "quota",
    "429-plain": "quota",
    "499-cancelled": "upstream_error",
    "503-demand": "overloaded",
    "block-image_safety": "blocked",
    "block-jailbreak": "blocked",
    "block-other": "blocked",
    "block-prohibited_content": "blocked",
    "citation": "",
    "file-search": "",
    "fin-continuation": "max_tokens",
    "fin-escalation": "blocked",
    "fin-finish_reason_unspecified": "stopped",
    "fin-image_recitation": "recitation",
    "fin-language": "language",
    "fin-malformed_response": "upstream_error",
    "fin-missing_thought_signature": "history_refused",
    "fin-other": "stopped",
    "fin-prohibited_content": "blocked",
    "fin-spii": "blocked",
    "fin-too_many_tool_calls": "stopped",
    "mid-429": "quota",
    "mid-499": "upstream_error",
    "mid-503": "overloaded",
    "mid-no-text-503": "overloaded",
}


def test_every_fault_of_the_emulator_is_expected():
    assert set(MEANS) == set(FAULTS)


def refusing(name: str) -> bytes:
    found = fault(name, "gemini-3.8-flash")
    return reply(found.body, "content-type: application/json", status=f"{found.status} No")


async def asked(server, door):
    endpoint = Endpoint(server.url, "v1beta")
    gemini = GeminiClient(endpoint)
    contents = ({"role": "user", "parts": [{"text": "Hi"}]},)
    request = ModelRequest(model="gemini-3.8-flash", system="", contents=contents, api_key=KEY)
    try:
        match door:
            case "answer":
                async for _ in gemini.stream(request):
                    pass
            case "count":
                await gemini.count_tokens(request)
            case "file":
                await gemini.upload(KEY, b"%PDF", mime_type="application/pdf")
            case "models":
                await asyncio.to_thread(list_models, endpoint, KEY)
    finally:
        await gemini.close()


@pytest.mark.parametrize("door", ["answer", "count", "file", "models"])
@pytest.mark.parametrize("name", MEANS)
async def test_a_refusal_means_the_same_through_every_door(door, name):
    async with answering(refusing(name)) as server:
        with pytest.raises(GeminiError) as caught:
            await asked(server, door)
    assert caught.value.code == MEANS[name]
    said = json.loads(fault(name, "gemini-3.8-flash").body)["error"]["message"]
    assert said not in caught.value.message


@pytest.mark.parametrize("name", MEANS)
async def test_a_check_tells_a_bad_key_from_a_bad_place(name):
    async with answering(refusing(name)) as server:
        endpoint = Endpoint(server.url, "v1beta")
        found = await asyncio.to_thread(check_key, endpoint, KEY)
    assert (found.status, found.code) == (STATUS.get(name, "unreachable"), MEANS[name])


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>No</html>", b"null", b"[]", b'{"error": []}', b'{"error": {"code": "x"}}'],
)
@pytest.mark.parametrize("door", ["answer", "count", "file", "models"])
async def test_what_is_no_error_of_googles_is_told_by_its_status(door, body):
    broken = reply(body, "content-type: text/html", status="503 No")
    async with answering(broken) as server:
        with pytest.raises(GeminiError) as caught:
            await asked(server, door)
    assert caught.value.code == "overloaded"


@pytest.mark.skipif(not INPUTS.is_dir(), reason="no such files here")
@pytest.mark.parametrize("name", FROM_FILES)
async def test_exchanges_that_were_written_down_mean_what_they_say(name):
    exchange = json.loads((INPUTS / f"{name}.json").read_bytes())
    frames = "".join(f"data: {frame}\r\n\r\n" for frame in exchange.get("sse", ()))
    body = exchange.get("body") or frames + exchange.get("tail", "")
    kind = f"content-type: {exchange['headers']['content-type']}"
    answer = reply(body.encode(), kind, status=f"{exchange['status']} As written")
    async with answering(answer) as server:
        assert (await ends(server)) == FROM_FILES[name]


async def ends(server) -> str:
    """How an answer ends: a code, or why it is not whole; and what it said is there in any case."""
    gemini, reader, texts = (
        GeminiClient(Endpoint(server.url, "v1beta")),
        ResponseParser(KEY),
        list[str](),
    )
    request = ModelRequest(model="m", system="", contents=(), api_key=KEY)
    try:
        async for chunks in gemini.stream(request):
            texts += [said.text for said in reader.feed(chunks) if isinstance(said, TextDelta)]
        list(reader.finish())
        return reader.check_finish()
    except GeminiError as error:
        return error.code
    finally:
        await gemini.close()
        assert "".join(texts) == reader.text
