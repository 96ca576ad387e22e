"""Gemini over real HTTP: what is sent, with which key, and over which connection."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest

from emulator.calls import camelised
from gemini.client import GeminiClient
from gemini.errors import GeminiError
from gemini.pool import Endpoint
from gemini.request import Function, ModelRequest
from tests.gemini.asking import HELLO, KEY, MODEL, STOP, ask, frames, request, said
from tests.gemini.rawserver import answering, reply


async def test_an_answer_arrives_as_gemini_sent_it(gemini, emulator):
    key = emulator.new_key()
    emulator.script({"texts": ["Grüße, ", "世界 👋"]}, key=key)
    got = await frames(gemini, request(key))
    assert said(got) == "Grüße, 世界 👋"
    assert got[-1]["candidates"][0]["finishReason"] == "STOP"
    [sent] = await emulator.requests_async(key=key, count=1, ended=True)
    assert sent["ended"] == "completed"
    assert sent["path"] == f"/v1beta/models/{MODEL}:streamGenerateContent"
    assert sent["query"] == {"alt": "sse"}


async def test_the_key_is_in_its_header_and_nowhere_else():
    async with answering(reply(STOP)) as server:
        await ask(server, request())
    [head], [body] = server.heads, server.bodies
    assert f"x-goog-api-key: {KEY}\r\n" in head
    assert head.count(KEY) == 1
    assert KEY.encode() not in body
    assert "authorization" not in head.lower()


async def test_contents_arrive_as_they_are():
    call = {"id": "i1", "name": "ask_text_agent", "args": {"snake_case": None, "camelCase": [1.5]}}
    contents = [
        {"role": "user", "parts": [{"text": "Grüße 👋\u2028"}, {"inlineData": {"data": "+/8="}}]},
        {"role": "model", "parts": [{"functionCall": call, "thoughtSignature": "+/-_aa=="}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "a", "response": {"b": None}}}]},
        {"role": "model", "parts": [{"text": "", "thoughtSignature": "c2VhbA"}]},
    ]
    async with answering(reply(STOP)) as server:
        await ask(server, request(contents=contents))
    assert json.loads(server.bodies[0])["contents"] == contents


async def test_everything_a_request_asks_for_is_sent():
    schema = {"type": "object", "properties": {"task": {"type": "string"}}, "required": ["task"]}
    sent = ModelRequest(
        *(MODEL, "Be brief.", HELLO, KEY),
        functions=(Function("ask_text_agent", "Writes.", schema),),
        modalities=("TEXT", "IMAGE"),
        thoughts=True,
        voice="Kore",
    )
    async with answering(reply(STOP)) as server:
        await ask(server, sent)
    body = camelised(json.loads(server.bodies[0]))  # the SDK mixes two ways to write names
    assert body["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    [tool] = body["tools"]
    assert tool == {
        "functionDeclarations": [
            {"name": "ask_text_agent", "description": "Writes.", "parametersJsonSchema": schema}
        ]
    }
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "AUTO"}}
    voice = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}}
    assert body["generationConfig"] == {
        "responseModalities": ["TEXT", "IMAGE"],
        "thinkingConfig": {"includeThoughts": True},
        "speechConfig": voice,
    }


async def test_calls_can_be_forbidden():
    functions = (Function("ask_text_agent", "Writes.", {"type": "object"}),)
    async with answering(reply(STOP)) as server:
        await ask(server, request(functions=functions, call_functions=False))
    body = json.loads(server.bodies[0])
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "NONE"}}


async def test_two_keys_over_one_pool_do_not_mix(gemini, emulator):
    keys = {"alice": emulator.new_key(), "bob": emulator.new_key()}
    asked = [(name, number) for number in range(50) for name in keys]

    async def one(name: str, number: int) -> None:
        contents = [{"role": "user", "parts": [{"text": f"{name} asks {number}"}]}]
        await frames(gemini, request(keys[name], contents))

    await asyncio.gather(*(one(*who) for who in asked))
    for name, key in keys.items():
        came = await emulator.requests_async(key=key, count=50, ended=True)
        texts = {sent["body"]["contents"][0]["parts"][0]["text"] for sent in came}
        assert texts == {f"{name} asks {number}" for number in range(50)}
        assert {sent["status"] for sent in came} == {200}


@pytest.mark.parametrize("status", ["200 OK", "503 Service Unavailable"])
async def test_cookies_are_not_sent_back(status):
    lines = ("content-type: text/event-stream", "set-cookie: who=alice; Path=/")
    async with answering(reply(STOP, *lines, status=status)) as server:
        gemini = GeminiClient(Endpoint(server.url, "v1beta"))
        for key in (KEY, "AIza" + "b" * 35):
            with contextlib.suppress(GeminiError):
                await frames(gemini, request(key))
        await gemini.close()
    assert len(server.heads) == 2
    assert not any("cookie" in head.lower() for head in server.heads)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temp", "308 Perm"])
async def test_redirects_are_not_followed(status):
    async with answering(reply(STOP)) as other:
        away = reply(b"", f"location: {other.url}v1beta/x", status=status)
        async with answering(away) as server:
            with pytest.raises(GeminiError) as caught:
                await ask(server, request())
    assert caught.value.code == "upstream_error"
    assert other.connections == 0


async def test_the_environment_changes_nothing(monkeypatch):
    async with answering(reply(STOP)) as other, answering(reply(STOP)) as server:
        theirs = "AIza" + "e" * 35
        for name, value in {
            "GEMINI_API_KEY": theirs,
            "GOOGLE_API_KEY": theirs,
            "GOOGLE_GEMINI_BASE_URL": other.url,
            "GOOGLE_GENAI_API_VERSION": "v9",
            "GOOGLE_GENAI_USE_VERTEXAI": "true",
            "GOOGLE_GENAI_USE_ENTERPRISE": "true",
            "GOOGLE_CLOUD_PROJECT": "theirs",
            "HTTP_PROXY": other.url,
            "http_proxy": other.url,
            "ALL_PROXY": other.url,
        }.items():
            monkeypatch.setenv(name, value)
        await ask(server, request())
    assert other.connections == 0
    assert f"x-goog-api-key: {KEY}\r\n" in server.heads[0]
    assert server.heads[0].startswith("POST /v1beta/models/")


async def test_no_key_is_an_invalid_key_and_never_one_of_the_environment(monkeypatch, gemini):
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    with pytest.raises(GeminiError) as caught:
        await frames(gemini, request(""))
    assert caught.value.code == "invalid_key"


async def test_streams_taken_to_their_end_share_a_connection():
    async with answering(reply(STOP)) as server:
        gemini = GeminiClient(Endpoint(server.url, "v1beta"))
        for _ in range(5):
            await frames(gemini, request())
        await gemini.close()
    assert len(server.heads) == 5
    assert server.connections == 1


async def test_warming_up_asks_nobody():
    async with answering(reply(STOP)) as server:
        gemini = GeminiClient(Endpoint(server.url, "v1beta"))
        await gemini.warm_up()
        assert server.connections == 0
        await frames(gemini, request())
        await gemini.close()
        await gemini.close()


async def test_a_closed_pool_is_opened_again_by_the_next_question():
    async with answering(reply(STOP)) as server:
        gemini = GeminiClient(Endpoint(server.url, "v1beta"))
        await frames(gemini, request())
        await gemini.close()
        await frames(gemini, request())
        await gemini.close()
    assert server.connections == 2


async def test_an_address_with_a_path_keeps_it():
    async with answering(reply(STOP)) as server:
        gemini = GeminiClient(Endpoint(f"{server.url}gemini/", "v1beta"))
        await frames(gemini, request())
        await gemini.close()
    assert server.heads[0].startswith("POST /gemini/v1beta/models/")
