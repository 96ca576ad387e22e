"""Quotas that a word in the key gives it."""

from __future__ import annotations

import pytest
from google.genai import errors

from emulator.catalogue import BY_ID
from emulator.errors import Refusal
from emulator.keys import Quotas
from emulator.testing import Emulator
from tests.emulator.asking import MODEL, stream
from tests.emulator.conftest import MakeClient


async def test_a_key_may_allow_so_many_answers_a_minute(
    emulator: Emulator, make_client: MakeClient
):
    client = make_client(emulator.new_key("rpm3"))
    for _ in range(3):
        assert await stream(client, "Hi")
        assert (await client.aio.models.count_tokens(model=MODEL, contents="Hi")).total_tokens
    with pytest.raises(errors.ClientError) as refused:
        await stream(client, "Hi")
    assert refused.value.code == 429
    details = {d["@type"].rpartition(".")[2]: d for d in refused.value.details["error"]["details"]}
    assert 50 <= float(details["RetryInfo"]["retryDelay"].removesuffix("s")) <= 60
    assert details["QuotaFailure"]["violations"][0]["quotaValue"] == "3"
    assert await stream(make_client(emulator.new_key("rpm3")), "Hi")
    emulator.clear()
    assert await stream(client, "Hi")


async def test_a_refused_request_costs_nothing(emulator: Emulator, make_client: MakeClient):
    client = make_client(emulator.new_key("rpm1"))
    for _ in range(2):
        with pytest.raises(errors.ClientError) as refused:
            await stream(client, "Hi", max_output_tokens=0)
        assert refused.value.code == 400
    assert await stream(client, "Hi")


def test_the_quota_is_there_again_when_the_minute_is_over():
    now = [0.0]
    quotas = Quotas(lambda: now[0])
    quotas.spend("AIza-rpm1-", BY_ID[MODEL])
    now[0] = 59.0
    with pytest.raises(Refusal, match=r"retry in 1\.0"):
        quotas.spend("AIza-rpm1-", BY_ID[MODEL])
    now[0] = 60.0
    quotas.spend("AIza-rpm1-", BY_ID[MODEL])


def test_a_key_without_the_word_has_no_quota():
    quotas = Quotas()
    for _ in range(100):
        quotas.spend("AIzaRPM1", BY_ID[MODEL])


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
