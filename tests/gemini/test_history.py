"""A conversation that is too long for the model loses its oldest exchanges, and says so."""

from __future__ import annotations

import pytest

from agents.core.context import Limits
from gemini.history import FittedHistory, content_tokens, file_tokens, fit_exchanges, text_tokens
from tests.core.exchanges import FLASH, model, user
from tests.core.scripted import ScriptedModel
from tests.core.team import ask, asks, call, events_of, of_type, said


def exchange(number: int, letters: int = 400):
    return (user(f"Question {number}"), model("x" * letters, by=FLASH))


FIVE = [exchange(number) for number in range(5)]
EACH = sum(map(content_tokens, FIVE[0]))


def left_out(events):
    """What was told of exchanges that were not sent."""
    told = of_type(events, "ACTIVITY_SNAPSHOT")
    return [one["content"] for one in told if one["activityType"] == "history"]


async def asked(history, *replies, prompt="Again", **turn):
    """The events and the scripted model of a question after this history."""
    scripted = ScriptedModel(*replies, said("Well."))
    return await events_of(ask(scripted, prompt, history=history, **turn)), scripted


@pytest.mark.parametrize("kept", [0, 1, 3, 5])
def test_the_newest_exchanges_that_fit_are_kept_whole(kept):
    contents = tuple(content for one in FIVE[5 - kept :] for content in one)
    for room in (kept * EACH, (kept + 1) * EACH - 1):
        found = fit_exchanges(FIVE, room, agent="", model=FLASH, made=False)
        assert found == FittedHistory(contents, kept, 5 - kept)


def test_nothing_older_is_kept_behind_a_gap():
    history = [exchange(1, 4), exchange(2, 99_999), exchange(3, 4)]
    found = fit_exchanges(history, 1_000, agent="", model=FLASH, made=False)
    assert found == FittedHistory(history[2], 1, 2)


async def test_a_short_conversation_is_sent_whole_and_nothing_is_told():
    events, scripted = await asked(FIVE)
    assert len(scripted.requests[0].contents) == 11
    assert left_out(events) == []


async def test_the_cap_of_the_server_counts_before_the_window_and_includes_the_question():
    now = content_tokens(user("Again"))
    events, scripted = await asked(FIVE, limits=Limits(history_tokens=2 * EACH + now))
    assert scripted.requests[0].contents == (*FIVE[3], *FIVE[4], user("Again"))
    assert left_out(events) == [{"kept": 2, "leftOut": 3, "windowTokens": 1_048_576}]
    events, _ = await asked(FIVE, limits=Limits(history_tokens=2 * EACH + now - 1))
    assert left_out(events)[0]["leftOut"] == 4


async def test_the_window_of_the_model_counts_with_room_to_spare():
    long = [exchange(number, 4 * 20_000) for number in range(4)]
    events, scripted = await asked(long, prompt="Draw it", agent="media")
    assert len(scripted.requests[0].contents) == 2 * 2 + 1
    assert left_out(events) == [{"kept": 2, "leftOut": 2, "windowTokens": 65_536}]
    events, _ = await asked(long, prompt="Write it", agent="text")
    assert left_out(events) == []


async def test_a_cap_above_the_window_leaves_it_to_the_window():
    long = [exchange(number, 4 * 20_000) for number in range(4)]
    limits = Limits(history_tokens=900_000)
    events, _ = await asked(long, prompt="Draw it", agent="media", limits=limits)
    assert left_out(events)[0]["leftOut"] == 2


async def test_each_task_tells_once_however_many_calls_it_makes():
    stray = asks({"functionCall": {"name": "nobody", "args": {}}})
    limits = Limits(history_tokens=2 * EACH)
    events, scripted = await asked(FIVE, stray, limits=limits)
    assert len(scripted.requests) == 2
    assert len(left_out(events)) == 1
    writes = asks(call("text", task="Write", reason="Long"))
    events, _ = await asked(FIVE, writes, limits=limits)
    told = [one for one in of_type(events, "ACTIVITY_SNAPSHOT") if one["activityType"] == "history"]
    [agent] = of_type(events, "SUBAGENT_STARTED")
    assert [one.get("subagentRunId") for one in told] == [None, agent["subagentRunId"]]


async def test_a_question_that_fills_the_window_leaves_no_room_for_history():
    events, scripted = await asked(FIVE, prompt="x" * 2_000, limits=Limits(history_tokens=400))
    assert len(scripted.requests[0].contents) == 1
    assert left_out(events) == [{"kept": 0, "leftOut": 5, "windowTokens": 1_048_576}]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 1), ("word", 2), ("x" * 400, 101), ("世界你好", 5), ("Hi 世界", 3), ("👋", 2)],
)
def test_four_plain_letters_are_a_token_and_any_other_letter_is_one(text, tokens):
    assert text_tokens(text) == tokens


@pytest.mark.parametrize(
    ("mime_type", "size_bytes", "tokens"),
    [
        ("image/png", 9_999_999, 1_120),
        ("application/pdf", 49_999, 560),
        ("application/pdf", 500_000, 11 * 560),
        ("audio/mpeg", 160_000, 11 * 32),
        ("video/mp4", 2_500_000, 11 * 300),
        ("text/plain", 3_000, 1_000),
    ],
)
def test_a_file_is_estimated_by_its_kind_and_size(mime_type, size_bytes, tokens):
    assert file_tokens(mime_type, size_bytes) == tokens
    artifact = {"id": "1", "mimeType": mime_type, "name": "x", "size": size_bytes}
    assert content_tokens({"role": "user", "parts": [{"artifact": artifact}]}) == tokens + 4


def test_calls_and_signatures_count_too():
    signed = {"text": "", "thoughtSignature": "x" * 4_000}
    assert content_tokens({"role": "model", "parts": [signed]}) > 1_000
