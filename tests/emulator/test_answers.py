"""What the emulated model says and does, seen through Google's own SDK."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from emulator.prose import HONEST
from emulator.testing import Emulator
from tests.emulator.asking import SCHEMA, TEAM, calls_of, delegate, parts_of, stream, text_of
from tests.emulator.conftest import MakeClient


async def test_a_plain_answer_repeats_the_question_and_says_who_answers(client: genai.Client):
    answer = text_of(await stream(client, "Why do rivers bend?"))
    assert "Why do rivers bend?" in answer
    assert "4 words" in answer
    assert HONEST in answer


async def test_answers_differ_with_the_question_and_not_with_the_asking(client: genai.Client):
    first, again = [text_of(await stream(client, "Why do rivers bend?")) for _ in range(2)]
    assert first == again
    assert text_of(await stream(client, "Where do birds sleep?")) != first


async def test_a_long_text_is_as_long_as_was_asked(client: genai.Client):
    assert len(text_of(await stream(client, "An essay about rivers")).split()) >= 600
    assert len(text_of(await stream(client, "1500 words about rivers")).split()) >= 1500


async def test_code_and_tables_come_when_asked_for(client: genai.Client):
    answer = text_of(await stream(client, "A python program and a table about rivers"))
    code = answer.partition("```python\n")[2].partition("```")[0]
    compile(code, "answer", "exec")
    assert "| rivers | 6 | R |" in answer


async def test_agents_are_told_apart_by_how_they_begin(client: genai.Client):
    for agent in ("text", "media"):
        system = f"You are the {agent} agent of a small team."
        answer = text_of(await stream(client, "Go on", system_instruction=system))
        assert answer.startswith(f"{agent.capitalize()} agent here. My task: *Go on*")


async def test_thoughts_come_first_and_only_when_asked_for(client: genai.Client):
    config = types.ThinkingConfig(include_thoughts=True)
    chunks = await stream(client, "Hello", thinking_config=config)
    kinds = [bool(part.thought) for part in parts_of(chunks)]
    assert kinds == sorted(kinds, reverse=True)
    assert "**Planning the answer**" in text_of(chunks, thoughts=True)
    assert chunks[-1].usage_metadata.thoughts_token_count > 0
    assert not text_of(await stream(client, "Hello"), thoughts=True)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("What is two plus two?", []),
        ("Write a story about a fox", ["ask_text_agent"]),
        ("Write 800 words on rivers", ["ask_text_agent"]),
        ("Draw me a fox", ["ask_media_agent"]),
        ("Write a story and draw a picture", ["ask_text_agent", "ask_media_agent"]),
    ],
)
async def test_the_coordinator_delegates_by_what_is_asked(
    client: genai.Client, prompt: str, expected: list[str]
):
    chunks = await stream(client, prompt, tools=TEAM)
    calls = calls_of(chunks)
    assert [call.name for call in calls] == expected
    assert all(prompt in call.args["task"] and call.args["reason"] for call in calls)
    assert chunks[-1].candidates[0].finish_reason == "STOP"


async def test_only_the_first_of_parallel_calls_is_signed(client: genai.Client):
    chunks = await stream(client, "Write a story and draw a picture", tools=TEAM)
    parts = [part for part in parts_of(chunks) if part.function_call]
    assert [bool(part.thought_signature) for part in parts] == [True, False]
    assert len({part.function_call.id for part in parts}) == 2


async def test_calls_of_models_before_3_have_no_ids(client: genai.Client):
    chunks = await stream(client, "Draw a fox", "gemini-2.5-flash", tools=TEAM)
    assert [call.id for call in calls_of(chunks)] == [None]


async def test_no_calls_when_calling_is_switched_off(client: genai.Client):
    off = types.ToolConfig(function_calling_config=types.FunctionCallingConfig(mode="NONE"))
    chunks = await stream(client, "Draw a fox", tools=TEAM, tool_config=off)
    assert calls_of(chunks) == []


async def test_the_media_agent_is_told_what_to_make_when_it_asks(client: genai.Client):
    schema = {**SCHEMA, "properties": {**SCHEMA["properties"], "output": {"type": "string"}}}
    declaration = types.FunctionDeclaration(name="ask_media_agent", parameters_json_schema=schema)
    tools = [types.Tool(function_declarations=[declaration])]
    wanted = {"Read this poem aloud": "speech", "Draw a fox": "image", "Describe a photo": "text"}
    for prompt, output in wanted.items():
        [call] = calls_of(await stream(client, prompt, tools=tools))
        assert call.args["output"] == output


async def test_results_are_joined_in_a_short_text(client: genai.Client):
    contents = await delegate(client, "Write a story and draw a picture")
    answer = text_of(await stream(client, contents, tools=TEAM))
    assert "The text agent answered with 8 words" in answer
    assert "The media agent answered" in answer


async def test_a_call_without_its_signature_is_refused(client: genai.Client):
    contents = await delegate(client, "Draw a fox")
    contents[1].parts[0].thought_signature = None
    with pytest.raises(errors.ClientError) as refused:
        await stream(client, contents, tools=TEAM)
    assert refused.value.code == 400
    assert "missing a thought_signature" in refused.value.message


async def test_a_call_with_another_signature_is_refused(client: genai.Client):
    contents, other = await delegate(client, "Draw a fox"), await delegate(client, "Draw a fox")
    contents[1].parts[0].thought_signature = other[1].parts[0].thought_signature
    with pytest.raises(errors.ClientError, match="Corrupted thought signature"):
        await stream(client, contents, tools=TEAM)


async def test_signatures_of_older_turns_do_not_matter(client: genai.Client):
    contents = await delegate(client, "Draw a fox")
    contents[1].parts[0].thought_signature = None
    contents.append(types.Content(role="model", parts=[types.Part(text="Here it is.")]))
    contents.append(types.Content(role="user", parts=[types.Part(text="Thank you")]))
    assert "Thank you" in text_of(await stream(client, contents, tools=TEAM))


async def test_models_before_3_do_not_insist_on_signatures(client: genai.Client):
    contents = await delegate(client, "Draw a fox", "gemini-2.5-flash")
    contents[1].parts[0].thought_signature = None
    assert text_of(await stream(client, contents, "gemini-2.5-flash", tools=TEAM))


async def test_every_call_must_be_answered(client: genai.Client):
    contents = await delegate(client, "Write a story and draw a picture")
    contents[2].parts.pop()
    with pytest.raises(errors.ClientError, match="number of function response parts"):
        await stream(client, contents, tools=TEAM)


def _said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        ([], "contents is not specified"),
        ([_said("assistant", "Hi")], "valid role"),
        ([{"role": "user", "parts": []}], "must not be empty"),
        ([{"role": "user", "parts": [{}]}], "oneof field 'data'"),
    ],
)
async def test_unreadable_contents_are_refused(
    client: genai.Client, contents: list[dict[str, Any]], problem: str
):
    options = types.HttpOptions(extra_body={"contents": contents})
    with pytest.raises(errors.ClientError, match=problem):
        await stream(client, "-", http_options=options)


async def test_models_are_listed_page_by_page(client: genai.Client):
    pager = await client.aio.models.list(config={"page_size": 5})
    assert len(pager.page) == 5
    names = {model.name async for model in pager}
    assert {"models/gemini-3.8-flash", "models/gemini-3.1-pro-preview"} <= names
    assert "models/gemini-3-flash" not in names


@pytest.mark.parametrize("model", ["gemini-3-flash", "gemini-9", "gemini-embedding-001"])
async def test_a_model_that_cannot_answer_is_not_found(client: genai.Client, model: str):
    with pytest.raises(errors.ClientError) as refused:
        await stream(client, "Hi", model)
    assert refused.value.code == 404
    assert f"models/{model} is not found for API version v1beta" in refused.value.message


@pytest.mark.parametrize(
    ("marker", "code", "words"),
    [
        ("invalid", 400, "API key not valid"),
        ("blocked", 403, "reported as leaked"),
        ("suspended", 403, "has been suspended"),
        ("quota", 429, "exceeded your current quota"),
    ],
)
async def test_bad_keys_are_refused_as_google_does(
    emulator: Emulator, make_client: MakeClient, marker: str, code: int, words: str
):
    key = emulator.new_key(marker)
    for action in (stream(make_client(key), "Hi"), make_client(key).aio.models.list()):
        with pytest.raises(errors.ClientError) as refused:
            await action
        assert refused.value.code == code
        assert words in refused.value.message
        assert (key in refused.value.message) is (marker == "suspended")


async def test_a_key_without_billing_has_no_quota_for_models_without_a_free_tier(
    emulator: Emulator, make_client: MakeClient
):
    client = make_client(emulator.new_key("free"))
    for model in ("gemini-4-hydrogen", "gemini-3.8-flash"):
        assert await client.aio.models.generate_content(model=model, contents="Hi")
    for model in ("gemini-4-argon", "gemini-4-carbon", "gemini-4-neon", "gemini-nano-banana-2.1"):
        with pytest.raises(errors.ClientError) as refused:
            await client.aio.models.generate_content(model=model, contents="Hi")
        assert refused.value.code == 429
        error = refused.value.details["error"]
        assert f"limit: 0, model: {model}" in error["message"]
        failures = [one for one in error["details"] if one["@type"].endswith("QuotaFailure")]
        assert {v["quotaDimensions"]["model"] for v in failures[0]["violations"]} == {model}
        assert "quotaValue" not in failures[0]["violations"][0]
    assert "gemini-4-argon" in [m.name.removeprefix("models/") for m in client.models.list()]


@pytest.mark.parametrize("key", ["sk-1234567890", "AIzaShort", "AQ.short"])
async def test_what_does_not_look_like_a_key_is_none(make_client: MakeClient, key: str):
    with pytest.raises(errors.ClientError) as refused:
        await stream(make_client(key), "Hi")
    assert refused.value.details["error"]["details"][0]["reason"] == "API_KEY_INVALID"


async def test_the_newer_kind_of_key_is_good(make_client: MakeClient):
    assert await stream(make_client("AQ.Ab8RN6" + "x" * 20), "Hi")


async def test_many_streams_at_once_do_not_mix(make_client: MakeClient):
    prompts = [f"Tell me about number {number}" for number in range(20)]
    answers = await asyncio.gather(*(stream(make_client(), prompt) for prompt in prompts))
    for prompt, chunks in zip(prompts, answers, strict=True):
        assert prompt in text_of(chunks)


async def test_the_pieces_of_a_stream_may_come_back_one_by_one(client: genai.Client):
    thinking = types.ThinkingConfig(include_thoughts=True)
    chunks = await stream(client, "Draw a fox", tools=TEAM, thinking_config=thinking)
    pieces = [chunk.candidates[0].content for chunk in chunks]
    assert len(pieces) == 4  # two thoughts, a call, and an empty end
    [call] = calls_of(chunks)
    result = types.FunctionResponse(id=call.id, name=call.name, response={"output": "done"})
    contents = [
        types.Content(role="user", parts=[types.Part(text="Draw a fox")]),
        *pieces,
        types.Content(role="user", parts=[types.Part(function_response=result)]),
    ]
    assert "The media agent answered" in text_of(await stream(client, contents, tools=TEAM))


async def test_a_model_can_be_published_and_withdrawn(emulator: Emulator, make_client: MakeClient):
    client = make_client(emulator.new_key())
    emulator.publish("gemini-4-xenon", label="Gemini 4 Xenon", input_limit=2_000_000)
    listed = {model.name: model for model in client.models.list()}
    assert listed["models/gemini-4-xenon"].input_token_limit == 2_000_000
    assert listed["models/gemini-4-xenon"].thinking is True
    assert (await client.aio.models.generate_content(model="gemini-4-xenon", contents="Hi")).text
    emulator.withdraw("gemini-4-xenon")
    with pytest.raises(errors.ClientError) as refused:
        await client.aio.models.generate_content(model="gemini-4-xenon", contents="Hi")
    assert refused.value.code == 404
