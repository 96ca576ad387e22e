"""What a ``generationConfig`` may ask for: a level of thinking, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from tests.emulator.asking import MODEL, stream

PRO = "gemini-3.1-pro-preview"
OLDER = "gemini-2.5-flash"
LITE = "gemini-3.5-flash-lite"


@pytest.mark.parametrize(
    "config",
    [
        {"stop_sequences": ["fox"]},
        {"candidate_count": 2},
        {"max_output_tokens": 50},
        {"cached_content": "cachedContents/abc"},
        {"response_mime_type": "application/json"},
        {"response_schema": {"type": "STRING"}},
        {"response_json_schema": {"type": "string"}},
    ],
    ids=lambda config: next(iter(config)),
)
async def test_what_is_not_acted_out_is_refused_and_not_passed_over(
    client: genai.Client, config: dict[str, Any]
):
    with pytest.raises(errors.ClientError, match=r"emulator: \w+ is not acted out") as refused:
        await stream(client, "Hi", **config)
    assert refused.value.code == 400


async def test_what_asks_for_nothing_is_taken(client: genai.Client):
    config: dict[str, Any] = {"candidate_count": 1, "response_mime_type": "text/plain"}
    assert await stream(client, "Hi", stop_sequences=[], temperature=0.5, seed=1, **config)


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


async def test_what_is_asked_not_to_be_stored_is_answered_all_the_same(client: genai.Client):
    options = types.HttpOptions(extra_body={"store": False})
    assert await stream(client, "Hi", http_options=options)
