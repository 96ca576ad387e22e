"""Trouble on request: every ``/emulate`` directive, as the SDK sees it."""

from __future__ import annotations

import time
from typing import Any

import httpx2
import pytest
from google import genai
from google.genai import errors, types

from emulator.directives import parse_message
from emulator.testing import Emulator
from tests.emulator.asking import MODEL, TEAM, calls_of, delegate, parts_of, stream, text_of
from tests.emulator.conftest import MakeClient


async def collect(
    client: genai.Client, prompt: str, **config: Any
) -> tuple[list[types.GenerateContentResponse], Exception | None]:
    """The chunks that came, and what ended them if it was an error."""
    chunks: list[types.GenerateContentResponse] = []
    try:
        stream = await client.aio.models.generate_content_stream(
            model=MODEL, contents=prompt, config=types.GenerateContentConfig(**config)
        )
        async for chunk in stream:
            chunks.append(chunk)
    except Exception as error:
        return chunks, error
    return chunks, None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503, 504])
async def test_error_answers_with_that_status(client: genai.Client, status: int):
    chunks, error = await collect(client, f"Hi\n/emulate error={status}")
    assert chunks == []
    assert isinstance(error, errors.APIError)
    assert error.code == status
    assert error.status
    assert error.message


async def test_error_429_says_when_to_try_again(client: genai.Client):
    _, error = await collect(client, "Hi /emulate error=429 retry=7")
    assert isinstance(error, errors.ClientError)
    details = {item["@type"].rpartition(".")[2]: item for item in error.details["error"]["details"]}
    assert details["RetryInfo"]["retryDelay"] == "7s"
    assert "QuotaFailure" in details


async def test_html_answers_with_a_page(client: genai.Client):
    _, error = await collect(client, "/emulate html=502")
    assert isinstance(error, errors.ServerError)
    assert error.code == 502
    assert "<html>" in str(error.message)


async def test_cut_resets_the_connection_after_so_many_frames(client: genai.Client):
    chunks, error = await collect(client, "/emulate cut=3")
    assert len(chunks) == 3
    assert isinstance(error, httpx2.TransportError)


async def test_cut_before_anything_came(client: genai.Client):
    chunks, error = await collect(client, "/emulate cut=0")
    assert chunks == []
    assert isinstance(error, httpx2.TransportError)


async def test_eof_ends_cleanly_without_a_finish_reason(client: genai.Client):
    chunks, error = await collect(client, "/emulate eof=3")
    assert error is None
    assert [chunk.candidates[0].finish_reason for chunk in chunks] == [None] * 3


async def test_thoughts_are_not_counted(client: genai.Client):
    thinking = types.ThinkingConfig(include_thoughts=True)
    chunks, _ = await collect(client, "/emulate eof=3", thinking_config=thinking)
    assert [bool(part.thought) for part in parts_of(chunks)] == [True] * 2 + [False] * 3
    assert await collect(client, "/emulate eof=0", thinking_config=thinking) == ([], None)


async def test_eof_never_lets_the_finish_reason_through(client: genai.Client):
    chunks, _ = await collect(client, "/emulate eof=100000")
    assert len(chunks) > 3
    assert all(chunk.candidates[0].finish_reason is None for chunk in chunks)


async def test_midstream_ends_with_a_bare_error(client: genai.Client):
    chunks, error = await collect(client, "/emulate midstream=503 after=2")
    assert len(chunks) == 2
    assert isinstance(error, errors.ServerError)
    assert error.code == 503


async def test_badjson_breaks_one_frame(client: genai.Client):
    chunks, error = await collect(client, "/emulate badjson=2")
    assert len(chunks) == 2
    assert isinstance(error, errors.UnknownApiResponseError)


@pytest.mark.parametrize("count", [0, 3])
async def test_stall_falls_silent_and_notes_when_the_client_leaves(
    emulator: Emulator, make_client: MakeClient, count: int
):
    key = emulator.new_key()
    options = types.HttpOptions(timeout=300)
    chunks, error = await collect(make_client(key), f"/emulate stall={count}", http_options=options)
    assert len(chunks) == count
    assert isinstance(error, httpx2.ReadTimeout)
    gave_up = time.time()
    [request] = await emulator.requests_async(key=key, count=1, ended=True)
    assert request["ended"] == "client_disconnected"
    assert abs(request["disconnected_at"] - gave_up) < 0.5
    assert emulator.open_streams(key=key) == []


async def test_delay_lets_the_first_byte_wait(client: genai.Client):
    started = time.monotonic()
    _, error = await collect(client, "/emulate delay=0.2")
    assert error is None
    assert time.monotonic() - started >= 0.2


async def test_finish_max_tokens_comes_with_text(client: genai.Client):
    chunks, _ = await collect(client, "/emulate finish=MAX_TOKENS")
    assert chunks[-1].candidates[0].finish_reason == "MAX_TOKENS"
    assert chunks[-1].text


@pytest.mark.parametrize("reason", ["SAFETY", "RECITATION", "MALFORMED_FUNCTION_CALL", "OTHER"])
async def test_other_finishes_come_without_text(client: genai.Client, reason: str):
    chunks, _ = await collect(client, f"/emulate finish={reason}")
    assert chunks[-1].candidates[0].finish_reason == reason
    assert not parts_of(chunks[-1:])
    assert len(chunks) == (1 if reason.startswith("MALFORMED") else 3)


async def test_block_is_feedback_without_candidates(client: genai.Client):
    [chunk], _ = await collect(client, "/emulate block=SAFETY")
    assert chunk.candidates is None
    assert chunk.prompt_feedback.block_reason == "SAFETY"


async def test_redirect_points_where_it_is_told(emulator: Emulator, client: genai.Client):
    elsewhere = f"{emulator.base_url}/elsewhere"
    _, error = await collect(client, f"/emulate redirect=307 to={elsewhere}")
    assert isinstance(error, errors.APIError)
    assert error.code == 307
    assert error.response.headers["location"] == elsewhere
    assert len(emulator.requests()) == 1


async def test_leak_repeats_the_key_of_the_caller(emulator: Emulator, make_client: MakeClient):
    key = emulator.new_key()
    chunks, _ = await collect(make_client(key), "/emulate leak size=10")
    assert key in text_of(chunks)
    assert not any(key in (chunk.text or "") for chunk in chunks)


async def test_frames_are_exactly_numbered(emulator: Emulator, client: genai.Client):
    chunks, _ = await collect(client, "/emulate frames=250 size=40")
    assert text_of(chunks) == emulator.numbered_text(250, 40)
    assert len(chunks) == 251
    assert {len(chunk.text) for chunk in chunks[:-1]} == {40}


async def test_pace_spaces_the_frames(client: genai.Client):
    started = time.monotonic()
    chunks, _ = await collect(client, "/emulate frames=10 pace=20")
    took_s = time.monotonic() - started
    assert len(chunks) == 11
    assert 0.19 <= took_s < 5


async def test_call_names_who_is_asked(client: genai.Client):
    chunks = await stream(client, "Hello /emulate call=text,media", tools=TEAM)
    assert [call.name for call in calls_of(chunks)] == ["ask_text_agent", "ask_media_agent"]
    assert all("/emulate" not in call.args["task"] for call in calls_of(chunks))


async def test_times_lets_a_later_try_succeed(client: genai.Client):
    outcomes = [await collect(client, "/emulate error=503 times=2") for _ in range(3)]
    assert [bool(error) for _, error in outcomes] == [True, True, False]


async def test_a_directive_is_not_part_of_the_question(client: genai.Client):
    chunks, _ = await collect(client, "Why do rivers bend?\n/emulate pace=0")
    assert "/emulate" not in text_of(chunks)
    assert "4 words" in text_of(chunks)


async def test_only_the_last_message_directs(client: genai.Client):
    contents = [
        {"role": "user", "parts": [{"text": "/emulate error=503"}]},
        {"role": "model", "parts": [{"text": "Sorry."}]},
        {"role": "user", "parts": [{"text": "Again, please"}]},
    ]
    assert "Again, please" in text_of(await stream(client, contents))


async def test_a_directive_for_an_agent_travels_with_the_task(client: genai.Client):
    prompt = "Write a story and draw a picture\n/emulate text: error=503\n/emulate media: stall=2"
    text_call, media_call = calls_of(await stream(client, prompt, tools=TEAM))
    assert text_call.args["task"].endswith("\n/emulate text: error=503")
    assert media_call.args["task"].endswith("\n/emulate media: stall=2")
    system = "You are the text agent of a small team."
    parts = [types.Part(text=prompt), types.Part(text=text_call.args["task"])]
    contents = types.Content(role="user", parts=parts)
    with pytest.raises(errors.ServerError):
        await stream(client, contents, system_instruction=system)


async def test_a_directive_for_an_agent_makes_the_coordinator_ask_it(client: genai.Client):
    chunks = await stream(client, "Hello\n/emulate text: frames=5", tools=TEAM)
    assert [call.name for call in calls_of(chunks)] == ["ask_text_agent"]


async def test_join_directs_the_call_that_holds_results(client: genai.Client):
    contents = await delegate(client, "Draw a fox\n/emulate join: error=503")
    with pytest.raises(errors.ServerError):
        await stream(client, contents, tools=TEAM)


async def test_other_directives_leave_the_join_alone(client: genai.Client):
    contents = await delegate(client, "Hello /emulate call=text pace=1")
    assert "The text agent answered" in text_of(await stream(client, contents, tools=TEAM))


async def test_code_and_search_can_be_asked_for_by_name(client: genai.Client):
    chunks, _ = await collect(client, "One two three /emulate code search")
    outputs = [part.code_execution_result for part in parts_of(chunks)]
    assert [output.output for output in outputs if output] == ["3\n"]
    assert chunks[-1].candidates[0].grounding_metadata.web_search_queries[0] == "One two three"


def test_scopes_and_options_are_told_apart():
    message = parse_message(
        "Hi /emulate pace=5 leak /emulate media: cut=1\nbye\n/emulate text:stall=0"
    )
    assert message.text == "Hi\nbye"
    assert message.directives_for("media") == {"pace": "5", "leak": "", "cut": "1"}
    assert message.directives_for("text") == {"pace": "5", "leak": "", "stall": "0"}
    assert message.directives_for("join") == {}
