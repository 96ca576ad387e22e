"""Requests and contexts hold what nobody sees; requests cannot be changed."""

from __future__ import annotations

import dataclasses

import pytest

from agents.core.context import CallRecord, Limits, RunContext, RunRecord
from agents.core.request import RunRequest
from gemini import catalogue
from gemini.errors import ERRORS, MESSAGES, GeminiError
from gemini.failover import Keys
from gemini.keys import Key
from gemini.outputs import Media
from gemini.request import ModelRequest
from gemini.usage import Usage
from tests.core.scripted import ScriptedModel

KEY = "AIzaThisKeyIsSecret000000000000000000000"


def context() -> RunContext:
    return RunContext(client=ScriptedModel(), keys=Keys(Key("key1", "work", KEY)))


def call() -> ModelRequest:
    return ModelRequest("gemini", "", (), KEY)


def request() -> RunRequest:
    return RunRequest(text=KEY, instructions=KEY, enclosed=(KEY.encode(),))


@pytest.mark.parametrize("make", [context, call, request])
def test_nothing_of_a_run_shows_its_key_or_its_text(make):
    made = make()
    assert KEY not in f"{made!r} {made} {[made]} {made!s}"


@pytest.mark.parametrize("make", [request, call, Limits])
def test_requests_and_limits_cannot_be_changed(make):
    made = make()
    field = dataclasses.fields(made)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, field, "other")


def test_what_a_request_leaves_open_is_filled_in_and_nothing_else():
    usual = {"model": "gemini-3-pro", "tools": ("search",), "thinking": "low", "voice": "Kore"}
    filled = RunRequest(text="Hello").with_defaults(**usual)
    assert {name: getattr(filled, name) for name in usual} == usual
    chosen = RunRequest(text="Hello", model="m", tools=(), thinking="high", voice="Puck")
    assert chosen.with_defaults(**usual) == chosen


def test_media_do_not_show_their_bytes():
    assert "PNG" not in repr(Media(b"PNG", "image/png", "image"))


def test_usage_is_summed_per_model_and_silent_models_are_left_out():
    record = RunRecord()
    for model, usage in [
        ("flash", Usage(10, 7, 3, 0)),
        ("flash", Usage(5, 2, 0, 4)),
        ("image", Usage()),
        ("pro", Usage(1, 1)),
    ]:
        record.calls.append(CallRecord("text", model, usage, 1, "ok"))
    flash = {"inputTokens": 15, "outputTokens": 9, "totalTokens": 24}
    pro = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
    assert record.usage() == [
        {
            "provider": "google",
            "model": "flash",
            **flash,
            "reasoningTokens": 3,
            "cachedInputTokens": 4,
        },
        {"provider": "google", "model": "pro", **pro},
    ]


def test_every_code_has_a_sentence_that_ends_and_no_retry_is_for_what_stays_wrong():
    assert all(sentence.endswith(".") for sentence in MESSAGES.values())
    assert not any(
        ERRORS[code].retry for code in ("invalid_key", "blocked", "too_long", "bad_request")
    )
    assert GeminiError("quota").retryable
    assert not GeminiError("blocked").retryable


def test_an_error_says_its_code_and_nothing_else():
    error = GeminiError("quota", "Wait a day.", retry_after_s=3)
    assert (str(error), error.message, error.retry_after_s) == ("quota", "Wait a day.", 3)


def test_the_default_model_is_known_and_is_the_first_choice():
    assert catalogue.is_offered(catalogue.DEFAULT_MODEL)
    assert catalogue.chat_models()[0].name == catalogue.DEFAULT_MODEL
    assert not catalogue.is_offered("gemini-3-image")
    assert not catalogue.is_offered("nothing")


def test_a_server_can_name_another_api_id_but_no_other_model():
    before = catalogue.api_id("gemini-3-flash")
    catalogue.override({"gemini-3-flash": "gemini-9"})
    try:
        assert catalogue.api_id("gemini-3-flash") == "gemini-9"
        assert catalogue.chat_models()[0].api_id == "gemini-9"
    finally:
        catalogue.override({"gemini-3-flash": before})
    with pytest.raises(ValueError, match="no model named"):
        catalogue.override({"gemini-8": "x"})
