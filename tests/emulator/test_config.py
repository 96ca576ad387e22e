"""What a ``generationConfig`` may ask for: JSON, an early end, candidates, a level of thinking."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from tests.emulator.asking import MODEL, TEAM, stream, text_of

PRO = "gemini-3.1-pro-preview"
OLDER = "gemini-2.5-flash"
LITE = "gemini-3.5-flash-lite"


async def as_json(client: genai.Client, schema: dict[str, Any], prompt: str = "Hi") -> Any:
    """The answer as JSON, asked for with JSON Schema and in Google's own form alike."""
    kind: dict[str, Any] = {"response_mime_type": "application/json"}
    answers = [
        text_of(await stream(client, prompt, **kind, **{name: schema}))
        for name in ("response_json_schema", "response_schema")
    ]
    assert answers[0] == answers[1]
    return json.loads(answers[0])


async def test_an_answer_can_be_an_instance_of_a_schema(client: genai.Client):
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 5},
            "kind": {"type": "string", "enum": ["fox", "hen"]},
            "age": {"type": "integer", "minimum": 4, "maximum": 9},
            "share": {"type": "number"},
            "wild": {"type": "boolean"},
            "names": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "nothing": {"type": "null"},
        },
        "required": ["title"],
    }
    made = await as_json(client, schema, "Tell me about 7 foxes")
    assert made == {
        "title": "Tell ",
        "kind": "fox",
        "age": 7,
        "share": 7.0,
        "wild": True,
        "names": ["Tell me about 7 foxes"] * 2,
        "nothing": None,
    }


async def test_a_list_is_as_long_as_the_words_ask(client: genai.Client):
    schema = {"type": "array", "items": {"type": "integer"}}
    assert len(await as_json(client, schema, "Give me three numbers")) == 3
    assert len(await as_json(client, schema | {"maxItems": 2}, "Give me 5 numbers")) == 2


async def test_references_are_followed_and_do_not_go_on_for_ever(client: genai.Client):
    node = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "child": {"$ref": "#/$defs/node"}},
    }
    kind: dict[str, Any] = {"response_mime_type": "application/json"}
    schema = {"$ref": "#/$defs/node", "$defs": {"node": node}}
    made = json.loads(text_of(await stream(client, "Hi", response_json_schema=schema, **kind)))
    assert made["child"]["name"] == "Hi"


async def test_json_without_a_schema_is_an_object(client: genai.Client):
    answer = text_of(await stream(client, "Hi", response_mime_type="application/json"))
    assert json.loads(answer) == {"answer": "Hi"}


async def test_one_value_of_an_enum_can_be_asked_for(client: genai.Client):
    schema = {"type": "STRING", "enum": ["low", "high"]}
    answer = await stream(client, "Hi", response_mime_type="text/x.enum", response_schema=schema)
    assert text_of(answer) == "low"


async def test_older_models_do_not_call_functions_and_answer_in_json(client: genai.Client):
    kind = {"response_mime_type": "application/json"}
    with pytest.raises(errors.ClientError, match="is unsupported"):
        await stream(client, "Hi", OLDER, tools=TEAM, **kind)
    assert await stream(client, "Hi", MODEL, tools=TEAM, **kind)


async def test_the_answer_ends_before_a_stop_sequence(client: genai.Client):
    whole = text_of(await stream(client, "Tell me about rivers"))
    cut = await stream(client, "Tell me about rivers", stop_sequences=["nowhere", "It has"])
    assert text_of(cut) == whole.partition("It has")[0]
    assert cut[-1].candidates[0].finish_reason == "STOP"
    with pytest.raises(errors.ClientError, match="at most 5"):
        await stream(client, "Hi", stop_sequences=list("abcdef"))


async def test_the_answer_stops_at_the_token_limit(client: genai.Client):
    chunks = await stream(client, "An essay about rivers", max_output_tokens=50)
    assert chunks[-1].candidates[0].finish_reason == "MAX_TOKENS"
    assert chunks[-1].usage_metadata.candidates_token_count < 80
    for limit in (0, 65_537):
        with pytest.raises(errors.ClientError) as refused:
            await stream(client, "Hi", max_output_tokens=limit)
        assert refused.value.code == 400


async def test_more_candidates_differ(client: genai.Client):
    answer = await client.aio.models.generate_content(
        model=OLDER, contents="A story", config=types.GenerateContentConfig(candidate_count=3)
    )
    texts = {candidate.content.parts[0].text for candidate in answer.candidates}
    assert len(texts) == 3
    assert [candidate.index for candidate in answer.candidates] == [0, 1, 2]
    for model, count in (("gemini-2.5-flash-image", 2), (OLDER, 9)):
        with pytest.raises(errors.ClientError, match="candidates"):
            await stream(client, "Hi", model, candidate_count=count)


@pytest.mark.parametrize(
    ("model", "level", "problem"),
    [
        (PRO, "MINIMAL", "Thinking level MINIMAL is not supported for this model"),
        (MODEL, "MINIMAL", "Thinking level MINIMAL is not supported for this model"),
        (LITE, "MINIMAL", ""),
        (PRO, "LOW", ""),
        (MODEL, "MEDIUM", ""),
        (MODEL, "HIGH", ""),
        (MODEL, "ENORMOUS", "Invalid value at .*thinking_level.* .ENORMOUS."),
        (OLDER, "LOW", "Thinking level is not supported for this model"),
        ("gemini-3.1-flash-image", "LOW", "Thinking level LOW is not supported"),
    ],
)
async def test_each_model_knows_its_levels_of_thinking(
    client: genai.Client, model: str, level: str, problem: str
):
    config = {"generationConfig": {"thinkingConfig": {"thinkingLevel": level}}}
    asked = stream(client, "Hi", model, http_options=types.HttpOptions(extra_body=config))
    if not problem:
        assert await asked
        return
    with pytest.raises(errors.ClientError, match=problem) as refused:
        await asked
    assert refused.value.code == 400


async def test_pro_models_always_think(client: genai.Client):
    off = types.ThinkingConfig(thinking_budget=0)
    with pytest.raises(errors.ClientError, match="Budget 0 is invalid"):
        await stream(client, "Hi", "gemini-2.5-pro", thinking_config=off)
    assert await stream(client, "Hi", OLDER, thinking_config=off)
