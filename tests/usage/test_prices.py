"""What a call is estimated to cost: by model, day and kind of token; and unknown is not nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from agents.core import catalogue, prices
from agents.core.turn import CallRecord, Usage

DAY = date(2026, 11, 1)
MILLION = 1_000_000


@pytest.fixture(autouse=True)
def list_prices() -> Iterator[None]:
    prices.override({})
    yield
    prices.override({})


def cost(model: str, day: date = DAY, **tokens: int) -> Decimal | None:
    return prices.estimate(model, Usage(**tokens), day)


def call(outcome: str, model: str = "gemini-3.8-flash", **tokens: int) -> CallRecord:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return CallRecord("text", model, Usage(**tokens), outcome=outcome, started_at=at)


def test_every_model_of_the_catalogue_has_a_price():
    assert all(prices.is_priced(model.api_id) for model in catalogue.CATALOGUE)


def test_input_and_output_have_their_prices():
    assert cost("gemini-3.8-flash", input=MILLION) == Decimal("0.75")
    assert cost("gemini-3.8-flash", output=MILLION) == Decimal("3.75")
    assert cost("gemini-3.8-flash", input=310, output=12) == Decimal("0.0002775")


def test_thoughts_are_paid_as_the_output_they_are_part_of():
    usage = {"output": 100, "thought": 60}
    assert cost("gemini-3.8-flash", **usage) == cost("gemini-3.8-flash", output=100)


def test_cached_input_is_cheaper_where_its_price_is_known_and_else_no_cheaper():
    assert cost("gemini-3.8-flash", input=MILLION, cached=MILLION) == Decimal("0.075")
    assert cost("gemini-3.5-flash-lite", input=MILLION, cached=MILLION) == Decimal("0.30")


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
