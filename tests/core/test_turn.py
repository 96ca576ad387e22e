"""Work orders hold a key that nobody sees, and cannot be changed."""

from __future__ import annotations

import dataclasses

import pytest

from agents.core.turn import CallRecord, Limits, Record, Turn
from gemini import catalogue
from gemini.errors import KINDS, SENTENCES, GeminiError
from gemini.keys import Key
from gemini.outputs import Media
from gemini.request import ModelRequest
from gemini.usage import Usage

KEY = "AIzaThisKeyIsSecret000000000000000000000"


def turn() -> Turn:
    return Turn("thread1", "run1", "Hello", "gemini-3-flash", (Key("key1", "work", KEY),))


def request() -> ModelRequest:
    return ModelRequest("gemini", "", (), KEY)


@pytest.mark.parametrize("make", [turn, request])
def test_a_work_order_never_shows_its_key(make):
    order = make()
    assert KEY in (order.keys[0].secret if make is turn else order.api_key)
    assert KEY not in f"{order!r} {order} {[order]} {order!s}"


@pytest.mark.parametrize("make", [turn, request, Limits])
def test_a_work_order_cannot_be_changed(make):
    order = make()
    field = dataclasses.fields(order)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(order, field, "other")


def test_media_do_not_show_their_bytes():
    assert "PNG" not in repr(Media(b"PNG", "image/png", "image"))


def test_usage_is_summed_per_model_and_silent_models_are_left_out():
    record = Record(Limits())
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
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())
    assert not any(
        KINDS[code].retry for code in ("invalid_key", "blocked", "too_long", "bad_request")
    )
    assert GeminiError("quota").retryable
    assert not GeminiError("blocked").retryable


def test_an_error_says_its_code_and_nothing_else():
    error = GeminiError("quota", "Wait a day.", retry_after_s=3)
    assert (str(error), error.message, error.retry_after_s) == ("quota", "Wait a day.", 3)


def test_the_default_model_is_known_and_is_the_first_choice():
    assert catalogue.is_known(catalogue.DEFAULT)
    assert catalogue.chat_models()[0].name == catalogue.DEFAULT
    assert not catalogue.is_known("gemini-3-image")
    assert not catalogue.is_known("nothing")


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
