"""Scripted replies, the journal, and the helper that tests use."""

from __future__ import annotations

import asyncio
import contextlib
import time

import httpx2
import pytest
from google import genai
from google.genai import errors

from emulator.testing import Emulator, running_process
from tests.emulator.asking import MODEL, calls_of, stream, text_of
from tests.emulator.conftest import MakeClient

FRAME = {"candidates": [{"content": {"parts": [{"text": "A"}], "role": "model"}, "index": 0}]}
LAST = {"candidates": [{"finishReason": "STOP", "index": 0}]}


async def test_replies_are_used_once_and_in_order(emulator: Emulator, client: genai.Client):
    emulator.script({"texts": ["one"]}, {"texts": ["two ", "three"]})
    answers = [text_of(await stream(client, "Hi")) for _ in range(3)]
    assert answers[:2] == ["one", "two three"]
    assert "built-in emulator" in answers[2]


async def test_a_script_for_a_key_waits_for_that_key(emulator: Emulator, make_client: MakeClient):
    ours, other = emulator.new_key(), emulator.new_key()
    emulator.script({"texts": ["for us"]}, key=ours)
    assert text_of(await stream(make_client(other), "Hi")) != "for us"
    assert text_of(await stream(make_client(ours), "Hi")) == "for us"


async def test_a_script_for_an_agent_waits_for_that_agent(emulator: Emulator, client: genai.Client):
    emulator.script({"texts": ["I write"]}, agent="text")
    assert text_of(await stream(client, "Hi")) != "I write"
    system = "You are the text agent."
    assert text_of(await stream(client, "Hi", system_instruction=system)) == "I write"


async def test_raw_frames_go_out_as_they_are(emulator: Emulator, client: genai.Client):
    emulator.script({"frames": [FRAME, FRAME, LAST]})
    chunks = await stream(client, "Hi")
    assert text_of(chunks) == "AA"
    assert chunks[-1].candidates[0].finish_reason == "STOP"


async def test_thoughts_texts_and_calls_make_an_answer(emulator: Emulator, client: genai.Client):
    call = {"name": "ask_text_agent", "args": {"task": "Write"}}
    emulator.script({"thoughts": ["Hm"], "texts": ["I ask. "], "calls": [call, call]})
    chunks = await stream(client, "Hi")
    assert text_of(chunks, thoughts=True) == "Hm"
    assert text_of(chunks) == "I ask. "
    assert [found.args for found in calls_of(chunks)] == [{"task": "Write"}] * 2


async def test_status_and_body_are_free(emulator: Emulator, client: genai.Client):
    emulator.script(
        {"status": 418, "body": {"error": {"code": 418, "message": "tea", "status": "TEAPOT"}}},
        {"status": 503, "headers": {"Retry-After": "3"}},
    )
    with pytest.raises(errors.ClientError, match="tea"):
        await stream(client, "Hi")
    with pytest.raises(errors.ServerError) as refused:
        await stream(client, "Hi")
    assert refused.value.response.headers["retry-after"] == "3"


async def test_a_tail_follows_the_frames(emulator: Emulator, client: genai.Client):
    tail = {"error": {"code": 500, "message": "late", "status": "INTERNAL"}}
    emulator.script({"frames": [FRAME], "tail": tail})
    with pytest.raises(errors.ServerError, match="late"):
        await stream(client, "Hi")


async def test_a_stream_may_be_reset_or_directed(emulator: Emulator, client: genai.Client):
    emulator.script({"frames": [FRAME], "then": "reset"}, {"emulate": "error=429 retry=2"})
    with pytest.raises(httpx2.TransportError):
        await stream(client, "Hi")
    with pytest.raises(errors.ClientError, match="quota"):
        await stream(client, "Hi")


async def test_other_methods_can_be_scripted(emulator: Emulator, client: genai.Client):
    emulator.script({"status": 503}, method="models")
    emulator.script({"body": {"totalTokens": 9}}, method="countTokens")
    with pytest.raises(errors.ServerError):
        await client.aio.models.list()
    counted = await client.aio.models.count_tokens(model=MODEL, contents="Hi")
    assert counted.total_tokens == 9


@pytest.mark.parametrize("step", [{"frmaes": []}, {"text": "x"}])
def test_a_step_that_nobody_understands_is_refused(emulator: Emulator, step: dict):
    with pytest.raises(ValueError, match="unknown fields"):
        emulator.script(step)


async def test_clear_forgets_scripts_and_requests(emulator: Emulator, client: genai.Client):
    emulator.script({"texts": ["never"]})
    emulator.clear()
    assert text_of(await stream(client, "Hi")) != "never"
    assert len(emulator.requests()) == 1
    emulator.clear()
    assert emulator.requests() == []


async def test_bodies_are_recorded(emulator: Emulator, client: genai.Client):
    await stream(client, "Remember this")
    [request] = emulator.requests()
    assert request["body"]["contents"][0]["parts"] == [{"text": "Remember this"}]
    assert request["status"] == 200
    assert request["frames_sent"] > 1


async def test_a_client_that_leaves_is_noticed_at_once(emulator: Emulator):
    key = emulator.new_key()
    body = {"contents": [{"parts": [{"text": "/emulate frames=10000 pace=10"}]}]}
    url = f"{emulator.base_url}/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
    headers = {"x-goog-api-key": key}
    async with (
        httpx2.AsyncClient() as http,
        http.stream("POST", url, json=body, headers=headers) as response,
    ):
        await anext(response.aiter_bytes())
        [open_one] = emulator.open_streams(key=key)
        assert open_one["ended_at"] is None
    left_at = time.time()
    [request] = await emulator.requests_async(key=key, count=1, ended=True)
    assert request["ended"] == "client_disconnected"
    assert request["disconnected_at"] - left_at < 0.5
    assert request["frames_sent"] < 1000
    assert emulator.open_streams() == []


async def test_waiting_for_requests_ends_when_they_come(emulator: Emulator, client: genai.Client):
    waiting = asyncio.create_task(emulator.requests_async(count=1, ended=True))
    await stream(client, "Hi")
    [request] = await waiting
    assert request["ended"] == "completed"


def test_waiting_for_requests_ends_when_none_come(emulator: Emulator):
    with pytest.raises(AssertionError, match="0 requests"):
        emulator.requests(count=1, timeout_s=0.05)


@pytest.mark.server
def test_it_runs_as_a_process_and_stops_on_sigterm():
    with running_process() as emulator, httpx2.Client(base_url=emulator.base_url) as http:
        assert http.get("/emulator/health").json() == {"ok": True}
        key = {"x-goog-api-key": emulator.new_key()}
        assert http.get("/v1/models", headers=key).status_code == 200
    with contextlib.suppress(httpx2.ConnectError):
        httpx2.get(emulator.base_url)
        pytest.fail("it should be gone")
