"""What Gemini says of a key, and that it says it to nobody else."""

from __future__ import annotations

import asyncio
import logging
import traceback

import pytest

from gemini.errors import GeminiError
from gemini.keys import check_key, list_models
from gemini.model_info import ListedModel
from gemini.pool import Endpoint
from tests.gemini.asking import KEY, STOP, failure, request
from tests.gemini.rawserver import answering, reply


@pytest.fixture
def all_logged(caplog):
    """All loggers at DEBUG, whatever level they have."""
    names = [None, *logging.Logger.manager.loggerDict]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    caplog.handler.setLevel(logging.DEBUG)
    yield caplog
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


async def test_a_key_in_googles_words_is_in_no_error_and_no_log(gemini, emulator, all_logged):
    key = emulator.new_key("suspended")
    error, _ = await failure(gemini, request(key))
    check = await asyncio.to_thread(check_key, gemini._endpoint, key)
    assert (error.code, check.status) == ("key_blocked", "blocked")
    told = "".join(traceback.format_exception(error)) + f"{error!r} {vars(error)} {check!r}"
    logged = all_logged.text + "".join(str(vars(record)) for record in all_logged.records)
    assert all_logged.records
    assert key not in told + logged
    assert key[:-4] not in told + logged


@pytest.mark.parametrize("marker", ["", "invalid", "blocked", "suspended", "quota"])
async def test_each_kind_of_key_is_told_apart(gemini, emulator, endpoint, marker):
    expected = {
        "": ("active", ""),
        "invalid": ("invalid", "invalid_key"),
        "blocked": ("blocked", "key_blocked"),
        "suspended": ("blocked", "key_blocked"),
        "quota": ("quota", "quota"),
    }[marker]
    key = emulator.new_key(marker)
    check = await asyncio.to_thread(check_key, endpoint, key)
    assert (check.status, check.code) == expected
    [sent] = await emulator.requests_async(key=key, count=1, ended=True)
    assert (sent["method"], sent["path"]) == ("GET", "/v1beta/models")
    if marker:
        assert (await failure(gemini, request(key)))[0].code == expected[1]


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ({"status": 500}, "unreachable"),
        ({"status": 503}, "unreachable"),
        ({"body": "x"}, "unreachable"),
    ],
)
async def test_a_check_that_fails_otherwise_says_nothing_of_the_key(
    emulator, endpoint, step, status
):
    key = emulator.new_key()
    emulator.script(step, key=key, method="models")
    assert (await asyncio.to_thread(check_key, endpoint, key)).status == status


def test_no_key_is_invalid_without_asking(endpoint, emulator):
    assert check_key(endpoint, "").status == "invalid"
    assert emulator.requests() == []


async def test_a_key_check_follows_no_redirect():
    async with answering(reply(STOP)) as other:
        away = reply(b"", f"location: {other.url}v1beta/models", status="302 Found")
        async with answering(away) as server:
            check = await asyncio.to_thread(check_key, Endpoint(server.url, "v1beta"), KEY)
    assert check.status == "unreachable"
    assert other.connections == 0


async def test_nobody_there_is_no_fault_of_the_key():
    async with answering(reply(STOP)) as server:
        url = server.url
    check = await asyncio.to_thread(check_key, Endpoint(url, "v1beta"), KEY)
    assert (check.status, check.code) == ("unreachable", "unreachable")


async def test_the_models_of_a_key_are_those_that_make_content(emulator, endpoint):
    key = emulator.new_key()
    found = await asyncio.to_thread(list_models, endpoint, key)
    by_id = {model.id: model for model in found}
    assert by_id["gemini-4-argon"] == ListedModel(
        id="gemini-4-argon",
        label="Gemini 4 Argon",
        description="Gemini 4 Argon (emulated: no model of Google's answers here)",
        input_tokens=1_048_576,
        output_tokens=65_536,
        thinks=True,
    )
    assert not any("embedding" in name for name in by_id)
    [sent] = await emulator.requests_async(key=key, count=1, ended=True)
    assert (sent["method"], sent["path"]) == ("GET", "/v1beta/models")


async def test_what_google_says_of_a_model_is_kept_as_far_as_it_can_be(emulator, endpoint):
    key = emulator.new_key()
    odd = {"name": "models/a", "displayName": "A\x00\u202e" + "b" * 400, "inputTokenLimit": -1}
    entry = odd | {"supportedGenerationMethods": ["generateContent"]}
    emulator.script({"body": {"models": [entry]}}, key=key, method="models")
    (model,) = await asyncio.to_thread(list_models, endpoint, key)
    assert model.label == "A" + "b" * 299
    assert ListedModel.from_json(model.as_json()).input_tokens is None


async def test_a_list_of_models_on_several_pages_is_read_to_a_limit(emulator, endpoint):
    key = emulator.new_key()
    page = {"name": "models/one", "supportedGenerationMethods": ["generateContent"]}
    endless = {"body": {"models": [page], "nextPageToken": "more"}}
    emulator.script(*[endless] * 9, key=key, method="models")
    assert await asyncio.to_thread(list_models, endpoint, key) == (ListedModel("one"),) * 5


@pytest.mark.parametrize(("marker", "code"), [("invalid", "invalid_key"), ("quota", "quota")])
async def test_a_refused_key_lists_nothing(emulator, endpoint, marker, code):
    with pytest.raises(GeminiError) as caught:
        await asyncio.to_thread(list_models, endpoint, emulator.new_key(marker))
    assert caught.value.code == code
