"""How a stream from Gemini ends: when we leave, when it fails, when it says nothing."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from agents.core.context import Limits
from gemini import pool as gemini_pool
from gemini.client import GeminiClient
from gemini.pool import Endpoint
from tests.core.team import rest
from tests.gemini.asking import STOP, ask, failure, failure_at, frames, request, said
from tests.gemini.rawserver import SSE, answering, reply

ENDLESS = {"emulate": "frames=2000 pace=10"}
HEAD = f"HTTP/1.1 200 OK\r\n{SSE}\r\n".encode()


# we leave


async def leave_by_aclose(stream) -> None:
    await anext(stream)
    await stream.aclose()


async def leave_by_break(stream) -> None:
    async with aclosing(stream) as batches:
        async for _ in batches:
            break


async def leave_by_exception(stream) -> None:
    async def read() -> None:
        async with aclosing(stream) as batches:
            async for _ in batches:
                raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        await read()


async def leave_by_cancel(stream, *, waits_elsewhere: bool) -> None:
    began = asyncio.Event()

    async def read() -> None:
        async with aclosing(stream) as batches:
            async for _ in batches:
                began.set()
                if waits_elsewhere:
                    await asyncio.Event().wait()

    task = asyncio.create_task(read())
    await began.wait()
    await rest()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def leave_by_cancel_in_the_wait(stream) -> None:
    await leave_by_cancel(stream, waits_elsewhere=False)


async def leave_by_cancel_outside_the_wait(stream) -> None:
    await leave_by_cancel(stream, waits_elsewhere=True)


@pytest.mark.parametrize(
    "leave",
    [
        leave_by_aclose,
        leave_by_break,
        leave_by_exception,
        leave_by_cancel_in_the_wait,
        leave_by_cancel_outside_the_wait,
    ],
)
async def test_leaving_closes_the_connection_at_once(gemini, emulator, leave):
    before = asyncio.all_tasks()
    key = emulator.new_key()
    emulator.script(ENDLESS, key=key)
    await leave(gemini.stream(request(key)))
    [sent] = await emulator.requests_async(key=key, count=1, ended=True, timeout_s=0.5)
    assert sent["ended"] == "client_disconnected"
    assert sent["frames_sent"] < 2000
    await rest()
    assert asyncio.all_tasks() == before


async def test_cancelling_before_the_answer_begins_closes_the_connection(gemini, emulator):
    key = emulator.new_key()
    emulator.script({"texts": ["late"], "delay_ms": 30_000}, key=key)
    task = asyncio.create_task(frames(gemini, request(key)))
    await emulator.requests_async(key=key, count=1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    [sent] = await emulator.requests_async(key=key, count=1, ended=True, timeout_s=0.5)
    assert sent["ended"] == "client_disconnected"


async def test_thirty_left_streams_are_all_closed_and_the_pool_still_works(gemini, emulator):
    key = emulator.new_key()
    emulator.script(*[ENDLESS] * 30, {"texts": ["Still here."]}, key=key)
    await asyncio.gather(*(leave_by_break(gemini.stream(request(key))) for _ in range(30)))
    sent = await emulator.requests_async(key=key, count=30, ended=True, timeout_s=1)
    assert {one["ended"] for one in sent} == {"client_disconnected"}
    assert said(await frames(gemini, request(key))) == "Still here."


# it says nothing


async def test_silence_before_the_answer_is_a_timeout(gemini, emulator):
    key = emulator.new_key()
    emulator.script({"texts": ["late"], "delay_ms": 30_000}, key=key)
    error, words = await failure(gemini, request(key, limits=Limits(first_byte_s=0.1)))
    assert (error.code, words) == ("timeout", "")
    [sent] = await emulator.requests_async(key=key, count=1, ended=True, timeout_s=0.5)
    assert sent["ended"] == "client_disconnected"


async def test_silence_within_the_answer_is_a_timeout_after_the_words(gemini, emulator):
    key = emulator.new_key()
    emulator.script({"emulate": "frames=9 stall=2"}, key=key)
    error, words = await failure(gemini, request(key, limits=Limits(idle_s=0.1)))
    assert error.code == "timeout"
    assert words == emulator.numbered_text(2)
    [sent] = await emulator.requests_async(key=key, count=1, ended=True, timeout_s=0.5)
    assert sent["ended"] == "client_disconnected"


async def test_a_slow_but_steady_answer_is_no_timeout(gemini, emulator):
    key = emulator.new_key()
    emulator.script({"emulate": "frames=12 pace=25"}, key=key)
    got = await frames(gemini, request(key, limits=Limits(idle_s=0.2)))
    assert said(got) == emulator.numbered_text(12)


async def test_a_server_that_does_not_read_is_a_timeout(monkeypatch):
    monkeypatch.setattr(gemini_pool, "WRITE_S", 0.1)
    contents = [{"role": "user", "parts": [{"text": "x" * 30_000_000}]}]

    async def deaf(reader, writer):
        await stop.wait()
        writer.close()

    stop = asyncio.Event()
    listener = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1024)
    port = listener.sockets[0].getsockname()[1]
    gemini = GeminiClient(Endpoint(f"http://127.0.0.1:{port}", "v1beta"))
    async with asyncio.timeout(5):
        error, _ = await failure(gemini, request(contents=contents))
    assert error.code == "timeout"
    stop.set()
    listener.close()
    await gemini.close()


# it says too much


async def test_an_answer_beyond_the_cap_is_stopped_after_what_fitted(gemini, emulator):
    key = emulator.new_key()
    emulator.script({"emulate": "frames=2000 size=4000"}, key=key)
    error, words = await failure(gemini, request(key, limits=Limits(answer_bytes=200_000)))
    assert error.code == "upstream_error"
    assert emulator.numbered_text(2000, 4000).startswith(words)
    [sent] = await emulator.requests_async(key=key, count=1, ended=True)
    assert sent["ended"] == "client_disconnected"


async def test_a_line_without_end_is_stopped_at_32_mib():
    piece, written = b"x" * 2**20, 0

    async def endless(writer) -> None:
        nonlocal written
        writer.write(HEAD + b'data: {"text": "')
        while not writer.is_closing():
            writer.write(piece)
            written += len(piece)
            await writer.drain()

    async with answering(endless) as server:
        error, words = await failure_at(server)
    assert (error.code, words) == ("upstream_error", "")
    assert 32 * 2**20 <= written < 48 * 2**20


# it fails


@pytest.mark.parametrize(
    ("emulate", "code"),
    [
        ("error=400", "bad_request"),
        ("error=401", "invalid_key"),
        ("error=403", "key_blocked"),
        ("error=404", "model_gone"),
        ("error=408", "timeout"),
        ("error=413", "too_large"),
        ("error=429 retry=7", "quota"),
        ("error=500", "upstream_error"),
        ("error=503", "overloaded"),
        ("error=504", "timeout"),
        ("html=502", "overloaded"),
        ("html=500", "upstream_error"),
        ("html=404", "model_gone"),
    ],
)
async def test_a_refused_request_is_an_error_of_ours(gemini, emulator, emulate, code):
    key = emulator.new_key()
    emulator.script({"emulate": emulate}, key=key)
    error, words = await failure(gemini, request(key))
    assert (error.code, words) == (code, "")
    assert error.retry_after_s == (7 if "retry=7" in emulate else None)


@pytest.mark.parametrize(
    ("emulate", "code"),
    [
        ("midstream=503 after=3", "overloaded"),
        ("midstream=500 after=3", "upstream_error"),
        ("midstream=429 after=3", "quota"),
        ("badjson=3", "upstream_error"),
        ("cut=3", "upstream_error"),
    ],
)
async def test_a_stream_that_fails_gives_its_words_first(gemini, emulator, emulate, code):
    key = emulator.new_key()
    emulator.script({"emulate": f"frames=9 pace=5 {emulate}"}, key=key)
    error, words = await failure(gemini, request(key))
    assert error.code == code
    assert words == emulator.numbered_text(3)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"error": {"code": 503, "message": "x"}}, "overloaded"),
        ({"error": {"message": "no code"}}, "upstream_error"),
        ({"error": None}, "upstream_error"),
    ],
)
async def test_an_error_that_is_a_frame_is_an_error(gemini, emulator, frame, code):
    key = emulator.new_key()
    good = {"candidates": [{"content": {"parts": [{"text": "One"}]}}]}
    emulator.script({"frames": [good, frame, good]}, key=key)
    error, words = await failure(gemini, request(key))
    assert (error.code, words) == (code, "One")


@pytest.mark.parametrize("bad", [b'{"error": {"code": 500}}', b"data: {\r\n", b"<html>"])
async def test_words_and_a_failure_that_come_together_are_both_told(bad):
    good = b'data: {"candidates": [{"content": {"parts": [{"text": "One"}]}}]}\r\n\r\n'
    async with answering(reply(good + bad)) as server:
        error, words = await failure_at(server)
    assert (error.code, words) == ("upstream_error", "One")


async def test_a_clean_end_without_a_finish_is_just_an_end(gemini, emulator):
    key = emulator.new_key()
    emulator.script({"emulate": "frames=9 eof=2"}, key=key)
    got = await frames(gemini, request(key))
    assert said(got) == emulator.numbered_text(2)
    assert not any("finishReason" in one["candidates"][0] for one in got)


@pytest.mark.parametrize(
    "answer",
    [
        reply(b'{"candidates": []}', "content-type: application/json"),
        reply(b"<html>", "content-type: text/html"),
        reply(b"", "content-type: text/plain"),
        reply(b"", status="204 No Content"),
        b"HTTP/1.1 200 OK\r\n\r\n"[:9],
        b"nonsense\r\n\r\n",
    ],
)
async def test_an_answer_that_is_no_event_stream_is_an_upstream_error(answer):
    async def respond(writer) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with answering(respond) as server:
        error, words = await failure_at(server)
    assert (error.code, words) == ("upstream_error", "")


async def test_an_empty_stream_is_no_error_here():
    async with answering(reply(b"")) as server:
        assert await ask(server, request()) == []


async def test_nobody_there_is_unreachable():
    async with answering(reply(STOP)) as server:
        url = server.url
    gemini = GeminiClient(Endpoint(url, "v1beta"))
    error, _ = await failure(gemini, request())
    await gemini.close()
    assert error.code == "unreachable"
