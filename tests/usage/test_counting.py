"""What Gemini counts is read as it counts it: running totals, parts of which may be left out."""

from __future__ import annotations

from typing import Any

import pytest

from agents.core.context import CallRecord
from gemini.usage import Usage, read_usage
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import USAGE, ask, asks, call, events_of, of_type, said


def read(*metadata: dict[str, Any]) -> Usage:
    usage = Usage()
    for one in metadata:
        usage = read_usage(one, usage)
    return usage


def picture(tokens: int) -> list[dict[str, Any]]:
    return [
        {"modality": "TEXT", "tokenCount": 7},
        {"modality": "IMAGE", "tokenCount": tokens},
    ]


def test_every_kind_of_token_is_counted():
    usage = read(
        {
            "promptTokenCount": 100,
            "cachedContentTokenCount": 60,
            "toolUsePromptTokenCount": 30,
            "candidatesTokenCount": 1127,
            "candidatesTokensDetails": picture(1120),
            "thoughtsTokenCount": 40,
        }
    )
    expected = {"input": 130, "output": 1167, "thought": 40, "cached": 60, "tool": 30}
    assert usage == Usage(**expected, image=1120)
    assert usage.total == 1297


def test_what_a_later_count_leaves_out_stays():
    first = {"promptTokenCount": 10, "toolUsePromptTokenCount": 5, "thoughtsTokenCount": 3}
    usage = read(
        first | {"candidatesTokenCount": 50, "candidatesTokensDetails": picture(40)},
        {"promptTokenCount": 10, "candidatesTokenCount": 60},
    )
    assert usage == Usage(input=15, output=63, thought=3, cached=0, tool=5, image=40)


def test_the_last_word_counts_and_not_the_greatest():
    """What was held for a tool at first is given back in the end."""
    usage = read(
        {"promptTokenCount": 60, "toolUsePromptTokenCount": 30, "thoughtsTokenCount": 9},
        {"promptTokenCount": 40, "toolUsePromptTokenCount": 5, "thoughtsTokenCount": 2},
    )
    assert usage == Usage(input=45, output=2, thought=2, tool=5)


@pytest.mark.parametrize("odd", [None, [], "90", 90, [{"modality": "AUDIO"}]])
def test_a_count_of_another_shape_changes_nothing(odd):
    before = read({"promptTokenCount": 10, "candidatesTokenCount": 5})
    assert read_usage(odd, before) == before
    details = dict.fromkeys(
        ("promptTokensDetails", "cacheTokensDetails", "candidatesTokensDetails"), odd
    )
    assert read_usage(details | {"promptTokenCount": odd}, before).total in (15, 95)


def test_sound_that_was_heard_is_counted_by_itself():
    usage = read(
        {
            "promptTokenCount": 100,
            "cachedContentTokenCount": 500,  # more than there was is no count
            "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 70}],
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 20}],
        }
    )
    assert usage == Usage(input=100, cached=100, audio=70, cached_audio=70)


@pytest.mark.parametrize("odd", ["many", -5, None, True, 1.5])
def test_a_count_that_is_no_number_is_none(odd):
    details = [{"modality": "IMAGE", "tokenCount": odd}]
    counts = {"promptTokenCount": 10, "candidatesTokenCount": 5, "thoughtsTokenCount": odd}
    assert read(counts | {"candidatesTokensDetails": details}) == Usage(input=10, output=5)


async def test_a_call_is_noted_as_it_begins_and_as_it_ends():
    answer, noted = ask(ScriptedModel(said("Hello"))), []
    answer.context.on_call = lambda call: noted.append((call.id, call.outcome, call.usage.total))
    await events_of(answer)
    (line,) = answer.record.calls
    assert noted == [(line.id, "", 0), (line.id, "ok", 14)]
    assert (line.agent, line.model, line.key_id) == ("coordinator", "gemini-3.8-flash", "key1")
    assert line.first_ms is not None
    assert line.first_ms <= line.duration_ms


async def test_a_long_call_is_noted_on_its_way(monkeypatch):
    monkeypatch.setattr("agents.core.call.NOTE_S", -1.0)
    model = ScriptedModel([chunk(text("One "), usageMetadata=USAGE), *said("two")])
    answer, noted = ask(model), []
    answer.context.on_call = lambda call: noted.append((call.outcome, call.usage.total))
    await events_of(answer)
    assert noted == [("", 0), ("", 14), ("", 14), ("ok", 14)]


def lines(calls: list[CallRecord]) -> list[tuple[str, int]]:
    return [(call.agent, call.usage.total) for call in calls]


async def test_the_account_of_a_run_comes_right_before_its_end():
    model = ScriptedModel(asks(call("text", task="Write", reason="Long")), said("Once"))
    answer = ask(model)
    events = await events_of(answer)
    account = events[-2]
    assert (account["type"], account["name"]) == ("CUSTOM", "usage")
    assert account["value"]["key"] == {"id": "key1", "name": "work"}
    told = [(line["agent"], line["totalTokens"]) for line in account["value"]["calls"]]
    assert told == lines(answer.record.calls) == [("coordinator", 14), ("text", 14)]


async def test_an_account_says_no_price_where_none_is_known(monkeypatch):
    monkeypatch.setattr("gemini.prices._price", lambda model, day: None)
    (account,) = of_type(await events_of(ask(ScriptedModel(said("Hi")))), "CUSTOM")
    assert "price" not in account["value"]["calls"][0]


async def test_a_key_without_a_name_is_not_named():
    (account,) = of_type(
        await events_of(ask(ScriptedModel(said("Hi")), api_key="k" * 39)), "CUSTOM"
    )
    assert account["value"].keys() == {"calls"}
