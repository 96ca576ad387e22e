"""What a call is estimated to cost: by model, day and kind of token; and unknown is not nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import (
    dictionaries,
    integers,
    lists,
    none,
    recursive,
    sampled_from,
    text,
)

from agents.core.context import CallRecord
from gemini import prices
from gemini.catalogue import ModelList
from gemini.known_models import KNOWN
from gemini.usage import Usage, read_usage

DAY = date(2026, 11, 1)
MILLION = 1_000_000


@pytest.fixture(autouse=True)
def list_prices() -> Iterator[None]:
    prices.override({})
    yield
    prices.override({})


METADATA = (
    *("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount"),
    *("cachedContentTokenCount", "promptTokensDetails", "cacheTokensDetails", "tokenCount"),
    *("candidatesTokensDetails", "modality"),
)


def cost(model: str, day: date = DAY, **tokens: int) -> Decimal | None:
    return prices.estimate(model, Usage(**tokens), day)


def call(outcome: str, model: str = "gemini-3.8-flash", **tokens: int) -> CallRecord:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return CallRecord("text", model, Usage(**tokens), outcome=outcome, started_at=at)


def test_every_model_of_the_catalogue_has_a_price_or_is_marked_as_without():
    for model in KNOWN:
        assert prices.is_priced(model.api_id) is model.price_known, model.name


def test_the_supplement_holds_only_what_the_library_does_not_have():
    """An entry that the library has by now is out of date: drop it."""
    assert [model for model in prices.SUPPLEMENT if prices._priced_model(model)] == []


@pytest.mark.parametrize(
    ("model", "day", "price"),
    [  # input, output, cached; US dollars per million tokens
        ("gemini-4-argon", "2026-11-30", ("2", "10", "0.1")),
        ("gemini-4-argon", "2026-12-01", ("4", "20", "0.2")),
        ("gemini-4-carbon", "2026-11-30", ("2", "10", "0.1")),
        ("gemini-4-carbon", "2026-12-01", ("4", "20", "0.2")),
        ("gemini-4-hydrogen", "2026-11-28", ("1.5", "7.5", "0.075")),
        ("gemini-4-neon", "2026-11-28", ("3", "15", "0.15")),
        ("gemini-3.8-flash", "2026-12-31", ("0.75", "3.75", "0.075")),
        ("gemini-3.8-flash", "2027-01-01", ("1.5", "7.5", "0.15")),
        ("gemini-3.5-flash-lite", "2026-11-28", ("0.3", "2.5", "0.03")),
        ("gemini-3.8-flash-tts", "2026-11-28", ("0.5", "9", "0.5")),
        ("gemini-3.8-flash-lite-tts", "2026-11-28", ("0.5", "6", "0.5")),
    ],
)
def test_prices_as_google_lists_them(model, day, price):
    on = date.fromisoformat(day)
    kinds = ({"input": MILLION}, {"output": MILLION}, {"input": MILLION, "cached": MILLION})
    assert tuple(cost(model, on, **tokens) for tokens in kinds) == tuple(map(Decimal, price))


def test_what_is_to_come_is_told():
    price = prices.list_price("gemini-4-carbon", date(2026, 11, 28))
    assert price is not None
    assert (price.input, price.changes_on) == (Decimal(2), date(2026, 12, 1))
    later = prices.list_price("gemini-4-carbon", date(2026, 12, 1))
    assert later is not None
    assert (later.input, later.changes_on) == (Decimal(4), None)
    assert prices.list_price("gemini-3.8-flash", DAY).changes_on == date(2027, 1, 1)
    assert prices.list_price("gemini-9", DAY) is None


@pytest.mark.parametrize(
    ("name", "size", "price"),
    [
        ("gemini-3-image", "1K", "0.0336"),
        ("gemini-3-image", "2K", "0.0504"),
        ("gemini-3-image", "4K", "0.1134"),
        ("gemini-3-pro-image", "4K", "0.24"),
        ("gemini-3-image", "8K", None),
        ("gemini-3-flash", "1K", None),
    ],
)
def test_a_picture_has_a_price_by_its_size(name, size, price):
    known = prices.price_of_picture(ModelList().info(name), size, DAY)
    assert known == (price and Decimal(price))


@pytest.mark.parametrize(
    "model", ["gemini-3.8-flash-ultra", "gemini-4-argon-pro", "gemini-4-xenon"]
)
def test_an_id_that_begins_like_another_has_not_its_price(model):
    assert not prices.is_priced(model)
    assert prices.list_price(model, DAY) is None


@pytest.mark.parametrize("model", ["gemini-3.5-flash-lite-preview-06-2026", "gemini-flash-latest"])
def test_a_version_of_a_model_costs_what_the_model_does(model):
    assert prices.is_priced(model)


def test_nothing_is_fetched(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", refuse)
    prices._listed_price.cache_clear()
    assert prices.is_priced("gemini-3.8-flash")


# How fast the machine makes examples says nothing about prices.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    recursive(
        none() | integers(-5, 10**7) | text(max_size=3),
        lambda inner: (
            lists(inner, max_size=3) | dictionaries(sampled_from(METADATA), inner, max_size=6)
        ),
        max_leaves=12,
    )
)
def test_whatever_gemini_counts_has_a_price(metadata):
    usage = read_usage(
        metadata, read_usage({"promptTokenCount": 7, "candidatesTokenCount": 3}, Usage())
    )
    for model in ("gemini-2.5-flash", "gemini-nano-banana-2.1", "gemini-3.1-pro-preview"):
        price = prices.estimate(model, usage, DAY)
        assert price is not None
        assert price >= 0


def test_input_and_output_have_their_prices():
    assert cost("gemini-3.8-flash", input=MILLION) == Decimal("0.75")
    assert cost("gemini-3.8-flash", output=MILLION) == Decimal("3.75")
    assert cost("gemini-3.8-flash", input=310, output=12) == Decimal("0.0002775")


def test_thoughts_are_paid_as_the_output_they_are_part_of():
    usage = {"output": 100, "thought": 60}
    assert cost("gemini-3.8-flash", **usage) == cost("gemini-3.8-flash", output=100)


def test_sound_that_is_heard_has_a_price_of_its_own():
    assert cost("gemini-2.5-flash-lite", input=MILLION) == Decimal("0.1")
    assert cost("gemini-2.5-flash-lite", input=MILLION, audio=MILLION) == Decimal("0.3")
    half = {
        "input": MILLION,
        "cached": MILLION // 2,
        "audio": MILLION,
        "cached_audio": MILLION // 2,
    }
    assert cost("gemini-2.5-flash", **half) == Decimal("0.55")


def test_tokens_that_are_pictures_have_a_price_of_their_own():
    assert cost("gemini-3.1-flash-image", output=1120 + 10, image=1120) == Decimal("0.06723")


def test_a_long_prompt_is_dearer_throughout():
    assert cost("gemini-3.1-pro-preview", input=200_000, output=1000) == Decimal("0.412")
    assert cost("gemini-3.1-pro-preview", input=200_001, output=1000) == Decimal("0.818004")


def test_a_price_holds_from_its_day_on():
    before, after = date(2026, 12, 31), date(2027, 1, 1)
    assert cost("gemini-3.8-flash", before, output=MILLION) == Decimal("3.75")
    assert cost("gemini-3.8-flash", after, output=MILLION) == Decimal("7.50")


def test_the_price_of_an_unknown_model_is_unknown_and_not_zero():
    assert cost("gemini-9", input=1) is None
    assert prices.price_of(call("ok", "gemini-9", input=1)) is None


@pytest.mark.parametrize("outcome", ["ok", "cancelled", "timeout", "interrupted", ""])
def test_a_call_whose_tokens_were_never_told_has_no_known_price(outcome):
    assert prices.price_of(call(outcome)) is None


@pytest.mark.parametrize("outcome", ["quota", "invalid_key", "overloaded"])
def test_a_call_that_google_refused_cost_nothing(outcome):
    assert prices.price_of(call(outcome)) == 0


def test_a_call_that_failed_half_way_is_paid_as_far_as_it_went():
    assert prices.price_of(call("truncated", input=MILLION)) == Decimal("0.75")


def test_an_operator_sets_prices():
    prices.override(
        {
            "gemini-9": {
                "input": 0.5,
                "output": "2",
                "cached": 0.05,
                "long": {"input": 1, "output": 3},
            }
        }
    )
    assert cost("gemini-9", input=100_000, output=100_000) == Decimal("0.25")
    assert cost("gemini-9", input=300_000) == Decimal("0.3")
    assert cost("gemini-3.8-flash", input=MILLION) == Decimal("0.75")


@pytest.mark.parametrize(
    "given",
    [
        1,
        {"input": 1},
        {"input": -1, "output": 1},
        {"input": "much", "output": 1},
        {"input": True, "output": 1},
        {"input": "NaN", "output": 1},
        {"input": 1, "output": 1, "audio": 1},
        {"input": 1, "output": 1, "long": {"input": 1}},
    ],
)
def test_what_is_no_price_is_refused_and_changes_nothing(given):
    with pytest.raises(ValueError, match="gemini-9"):
        prices.override({"gemini-9": given})
    assert not prices.is_priced("gemini-9")
