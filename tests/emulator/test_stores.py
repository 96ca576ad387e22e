"""What else can be kept at Google: cached contents and batches; and vectors, which are not kept."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from tests.emulator.asking import MODEL, stream, text_of
from tests.emulator.conftest import MakeClient

LONG = "A handbook says what to do. " * 200
GONE = "CachedContent not found"


async def cache(client: genai.Client, contents: str = LONG, **config: Any) -> types.CachedContent:
    made = types.CreateCachedContentConfig(contents=contents, **config)
    return await client.aio.caches.create(model=MODEL, config=made)


async def test_cached_contents_are_read_and_counted_apart(client: genai.Client):
    made = await cache(client, system_instruction="You are kind.", display_name="handbook")
    chunks = await stream(client, "What does it say?", cached_content=made.name)
    usage = chunks[-1].usage_metadata
    assert usage.cached_content_token_count == made.usage_metadata.total_token_count
    assert usage.prompt_token_count == usage.cached_content_token_count + 5
    assert usage.cache_tokens_details[0].token_count == usage.cached_content_token_count
    assert "What does it say?" in text_of(chunks)


async def test_a_cache_is_prolonged_listed_and_deleted(client: genai.Client):
    made = await cache(client, ttl="300s")
    longer = await client.aio.caches.update(
        name=made.name, config=types.UpdateCachedContentConfig(ttl="600s")
    )
    assert (longer.expire_time - longer.update_time).total_seconds() == 600
    assert [found.name async for found in await client.aio.caches.list()] == [made.name]
    await client.aio.caches.delete(name=made.name)
    for attempt in (
        client.aio.caches.get(name=made.name),
        stream(client, "Hi", cached_content=made.name),
    ):
        with pytest.raises(errors.ClientError, match=GONE) as refused:
            await attempt
        assert refused.value.code == 403


async def test_a_cache_lapses_and_is_nobody_elses(make_client: MakeClient, client: genai.Client):
    made = await cache(client, ttl="0.1s")
    with pytest.raises(errors.ClientError, match=GONE):
        await make_client().aio.caches.get(name=made.name)
    await asyncio.sleep(0.15)
    with pytest.raises(errors.ClientError, match=GONE):
        await client.aio.caches.get(name=made.name)


@pytest.mark.parametrize(
    ("config", "model", "problem"),
    [
        ({"system_instruction": "Be kind"}, MODEL, "can not be used with GenerateContent"),
        ({}, "gemini-2.5-flash", "has to be the same"),
    ],
)
async def test_a_request_must_agree_with_its_cache(
    client: genai.Client, config: dict[str, Any], model: str, problem: str
):
    made = await cache(client)
    with pytest.raises(errors.ClientError, match=problem):
        await stream(client, "Hi", model, cached_content=made.name, **config)


async def test_too_little_is_not_cached(client: genai.Client):
    with pytest.raises(errors.ClientError, match="too small"):
        await cache(client, "Hi")


async def test_a_batch_is_answered_after_a_moment(client: genai.Client):
    requests = [types.InlinedRequest(contents=f"Question {number}") for number in range(2)]
    job = await client.aio.batches.create(model=MODEL, src=requests)
    assert job.state == types.JobState.JOB_STATE_PENDING
    async with asyncio.timeout(5):
        while job.state != types.JobState.JOB_STATE_SUCCEEDED:
            await asyncio.sleep(0.05)
            job = await client.aio.batches.get(name=job.name)
    answers = [
        one.response.candidates[0].content.parts[0].text for one in job.dest.inlined_responses
    ]
    assert [f"Question {number}" in answer for number, answer in enumerate(answers)] == [True] * 2
    await client.aio.batches.delete(name=job.name)
    with pytest.raises(errors.ClientError) as refused:
        await client.aio.batches.get(name=job.name)
    assert refused.value.code == 404


async def test_a_batch_can_be_cancelled(client: genai.Client):
    job = await client.aio.batches.create(model=MODEL, src=[types.InlinedRequest(contents="Hi")])
    await client.aio.batches.cancel(name=job.name)
    found = await client.aio.batches.get(name=job.name)
    assert found.state == types.JobState.JOB_STATE_CANCELLED


async def test_texts_that_share_words_lie_near_each_other(client: genai.Client):
    texts = ["the red fox sleeps", "the red fox runs", "twelve green bottles"]
    answer = await client.aio.models.embed_content(
        model="gemini-embedding-001",
        contents=texts,
        config=types.EmbedContentConfig(output_dimensionality=256),
    )
    fox, other, bottles = [embedding.values for embedding in answer.embeddings]
    assert len(fox) == 256
    assert math.isclose(sum(value * value for value in fox), 1, abs_tol=1e-6)
    near = sum(a * b for a, b in zip(fox, other, strict=True))
    far = sum(a * b for a, b in zip(fox, bottles, strict=True))
    assert near > 0.5 > far
