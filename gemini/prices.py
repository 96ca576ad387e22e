"""What calls to Gemini cost: an estimate in US dollars, by model, day and kind of token.

List prices of the paid tier, standard service, from the data that comes with the library
``genai-prices``; nothing is fetched. Above it stand the operator's own prices, below it the few
of ``SUPPLEMENT`` that the library's release at hand does not have. Not in it: the free tier,
discounts of a contract, fees per search. What a key really costs is said by Google's bill alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Protocol

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ClauseEquals,
    ClauseOr,
    ModelPrice,
    StartDateConstraint,
    Tier,
    TieredPrices,
)
from genai_prices.types import ModelInfo as PricedModel
from genai_prices.types import Usage as PricedUsage

from gemini.model_info import ModelInfo
from gemini.usage import Usage

# Tokens of a prompt above which some models cost more, for the whole of it.
LONG_PROMPT = 200_000
# The ledger's column has nine places. A token of the cheapest kinds costs less than a millionth of
# a dollar, so cents, or millionths, would add up to nothing.
STEP = Decimal("1e-9")
NOTHING_MADE = frozenset(
    {"invalid_key", "key_blocked", "quota", "overloaded", "model_gone", "too_long", "bad_request"}
    | {"unreachable", "file_gone", "billing_required", "billing", "region", "api_disabled"}
    | {"key_type", "key_restricted", "model_forbidden", "tools_refused", "history_refused"}
    | {"file_refused", "file_not_ready", "too_large"}
)
# What an id may have behind the model's name and still be the same model at the same price.
_SAME = re.compile(r"(-preview(-.+)?|-\d{3}|-latest|-\d\d-\d{4})$", re.ASCII)
_UNITS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached": "cache_read_mtok",
    "image": "output_image_mtok",
}
_overrides: dict[str, ModelPrice] = {}


def _flat(input_: str, output: str, cached: str) -> ModelPrice:
    return ModelPrice(
        input_mtok=Decimal(input_), output_mtok=Decimal(output), cache_read_mtok=Decimal(cached)
    )


# What the pinned release of ``genai-prices`` does not have, each with day and source. An entry goes
# as soon as the library has the model: a test says when.
SUPPLEMENT: Mapping[str, tuple[tuple[date, ModelPrice], ...]] = {
    # https://github.com/BerriAI/litellm/discussions/50970 and
    # https://cursor.com/docs/models/gemini-4-carbon, 2026-11-28: as Argon, whose cached price is
    # the library's.
    "gemini-4-carbon": (
        (date(2026, 11, 10), _flat("2", "10", "0.10")),
        (date(2026, 12, 1), _flat("4", "20", "0.20")),
    ),
    # https://github.com/iyulab/TokenMeter/releases/tag/v0.17.0 and
    # https://github.com/BerriAI/litellm/discussions/51436, 2026-11-28.
    "gemini-4-hydrogen": ((date(2026, 11, 12), _flat("1.50", "7.50", "0.075")),),
    # https://github.com/iyulab/TokenMeter/releases/tag/v0.17.0, 2026-11-28; its price without the
    # cached one is in https://docs.laozhang.ai/en/announcements/gemini-4-neon-2026-11.md too.
    "gemini-4-neon": ((date(2026, 11, 18), _flat("3", "15", "0.15")),),
}
"""By API id: US dollars per million tokens, from each day on."""


class PricedCall(Protocol):
    """A model call, ended or not, as far as its price depends on it."""

    @property
    def model(self) -> str: ...
    @property
    def usage(self) -> Usage: ...
    @property
    def outcome(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class ListPrice:
    """US dollars for a million tokens on one day, of a prompt that is not long.

    Args:
        image: of output tokens that are pictures; None: as ``output``. cached: likewise.
        changes_on: the next day on which another price begins; None: none is announced.
    """

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    image: Decimal | None = None
    changes_on: date | None = None


def override(prices: Mapping[str, object]) -> None:
    """Set prices from the server's settings: ``{"model id": {"input": 0.3, "output": 2.5}}``.

    ``cached``, ``image`` and ``long`` (an object like the outer one) may be given too. They stand
    for all days, and replace whatever an earlier call set.

    Raises:
        ValueError: something is no price.
    """
    read = {model: _read(model, given) for model, given in prices.items()}
    # All are read before one is changed: a wrong one leaves the prices as they were.
    _overrides.clear()
    _overrides.update(read)


def is_priced(model: str) -> bool:
    """Whether it is known what a model costs, by its API id."""
    return _price(model, datetime.now(UTC).date()) is not None


def price_of(call: PricedCall) -> Decimal | None:
    """What a call cost, or has so far; None where its tokens or the model's price are not known."""
    if not call.usage.total:
        # No count is not zero: only a call that Google refused is known to be free.
        return Decimal(0) if call.outcome in NOTHING_MADE else None
    # By the day on which it began: prices change at midnight UTC here, and a call over midnight
    # must not cost one thing while it goes on and another in the ledger.
    return estimate(call.model, call.usage, call.started_at.date())


def estimate(model: str, usage: Usage, day: date) -> Decimal | None:
    """The list price of these tokens; None for a model whose price is not known."""
    price = _price(model, day)
    if price is None:
        return None
    tokens = PricedUsage(
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cached,
        input_audio_tokens=usage.audio,
        cache_audio_read_tokens=usage.cached_audio,
        output_image_tokens=usage.image,
    )
    return price.calc_price(tokens)["total_price"].quantize(STEP)


def list_price(model: str, day: date) -> ListPrice | None:
    """What to tell of a model's price before it is asked; None where it is not known."""
    price = _price(model, day)
    if price is None:
        return None
    amounts = {name: _base(getattr(price, unit, None)) for name, unit in _UNITS.items()}
    own = model in _overrides
    later = [] if own else [start for start in _starts(model) if start > day]
    return ListPrice(
        amounts["input"] or Decimal(0),
        amounts["output"] or Decimal(0),
        amounts["cached"],
        amounts["image"],
        min(later, default=None),
    )


def price_of_picture(model: ModelInfo, size: str, day: date) -> Decimal | None:
    """The price of one picture of a size; None where the size or the price is not known."""
    tokens = model.pictures.sizes.get(size) if model.pictures else None
    if tokens is None:
        return None
    return estimate(model.api_id, Usage(output=tokens, image=tokens), day)


def _price(model: str, day: date) -> ModelPrice | None:
    return _overrides.get(model) or _listed_price(model, day)


@lru_cache(maxsize=256)
def _listed_price(model: str, day: date) -> ModelPrice | None:
    if (priced := _priced_model(model)) is not None:
        return priced.get_prices(_start_of(day))
    valid = [price for since, price in SUPPLEMENT.get(model, ()) if since <= day]
    return valid[-1] if valid else None


def _priced_model(model: str) -> PricedModel | None:
    """The library's entry for an id; not one of whose name the id merely begins with."""
    # The library also matches by how an id begins. That would give a model of tomorrow the price of
    # the one it is named after, and a budget in money would be held by a wrong number; without a
    # price it refuses such a model, in words.
    try:
        _, entry = get_snapshot().find_provider_model(model, None, "google", None)
    except LookupError:
        return None
    same = _SAME.sub("", model) == _SAME.sub("", entry.id)
    return entry if same or model in _names_of(entry) else None


def _names_of(model: PricedModel) -> Iterator[str]:
    clauses = model.match.or_ if isinstance(model.match, ClauseOr) else [model.match]
    return (clause.equals for clause in clauses if isinstance(clause, ClauseEquals))


def _starts(model: str) -> list[date]:
    """The days on which prices of a model begin."""
    priced = _priced_model(model)
    if priced is None:
        return [since for since, _ in SUPPLEMENT.get(model, ())]
    rows = priced.prices if isinstance(priced.prices, list) else []
    constraints = [row.constraint for row in rows]
    return [one.start_date for one in constraints if isinstance(one, StartDateConstraint)]


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _base(price: Decimal | TieredPrices | None) -> Decimal | None:
    return price.base if isinstance(price, TieredPrices) else price


def _read(model: str, given: object) -> ModelPrice:
    kinds = {*_UNITS, "long"}
    if not isinstance(given, Mapping) or not {"input", "output"} <= given.keys() <= kinds:
        raise ValueError(f"{model}: a price has input and output, and may have cached, image, long")
    base = _amounts(model, given)
    if "long" not in given:
        return ModelPrice(**{_UNITS[name]: amount for name, amount in base.items()})
    long = given["long"]
    if not isinstance(long, Mapping) or not {"input", "output"} <= long.keys() <= set(_UNITS):
        raise ValueError(f"{model}: long is a price with input and output, and maybe cached, image")
    above = _long_amounts(_amounts(model, long), base)
    tiers: dict[str, Decimal | TieredPrices | None] = {
        _UNITS[name]: TieredPrices(base=amount, tiers=[Tier(LONG_PROMPT, above[name])])
        for name, amount in _long_amounts(base, above).items()
    }
    return ModelPrice(**tiers)


def _long_amounts(amounts: dict[str, Decimal], other: dict[str, Decimal]) -> dict[str, Decimal]:
    """Amounts for all that is named on either side; cached counts as input, image as output."""
    stands_for = {"cached": "input", "image": "output"}
    return {
        name: amounts.get(name, amounts[stands_for.get(name, name)])
        for name in _UNITS
        if name in amounts or name in other
    }


def _amounts(model: str, given: Mapping[str, Any]) -> dict[str, Decimal]:
    return {name: _amount(model, value) for name, value in given.items() if name != "long"}


def _amount(model: str, value: object) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(-1)
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise ValueError(f"{model}: {value!r} is no price in US dollars per million tokens")
    return amount
