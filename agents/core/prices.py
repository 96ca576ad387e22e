"""What calls to Gemini cost: an estimate in US dollars, by model, day and kind of token.

List prices of the paid tier, standard service. Not in it: the free tier, discounts of a contract,
fees per search, storage of caches. What a key really costs is said by Google's bill alone.

Source: https://ai.google.dev/gemini-api/docs/pricing, as read on 2026-10-07; the prices of
pictures and speech as several resellers and articles quoted that page in 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from agents.core.turn import CallRecord, Usage

CHECKED_ON = "2026-10-07"
LONG_PROMPT = 200_000
MILLION = Decimal(1_000_000)
STEP = Decimal("1e-9")
NOTHING_MADE = frozenset(
    {"invalid_key", "key_blocked", "quota", "overloaded", "model_gone", "too_long", "bad_request"}
    | {"unreachable", "file_gone"}
)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, from the day ``since`` on.

    Args:
        input: of the prompt, and of what Gemini's own tools read.
        output: of the answer, thoughts included.
        cached: of prompt tokens read from a cache; None: as ``input``, so too high at worst.
        image: of output tokens that are pictures; None: as ``output``.
        long: replaces all of it where the prompt is longer than ``LONG_PROMPT``.
    """

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    image: Decimal | None = None
    long: Price | None = None
    since: date = date.min


def _price(input_: str, output: str, *, cached: str = "", **more: Any) -> Price:
    return Price(Decimal(input_), Decimal(output), Decimal(cached) if cached else None, **more)


_PRICES: dict[str, tuple[Price, ...]] = {
    "gemini-3.8-flash": (
        _price("0.75", "3.75", cached="0.075"),
        _price("1.50", "7.50", cached="0.15", since=date(2027, 1, 1)),
    ),
    "gemini-3.1-pro-preview": (
        _price("2.00", "12.00", cached="0.20", long=_price("4.00", "18.00", cached="0.40")),
    ),
    "gemini-3.5-flash-lite": (_price("0.30", "2.50"),),
    "gemini-3.1-flash-image": (_price("0.50", "3.00", image=Decimal("60.00")),),
    "gemini-3.1-flash-tts-preview": (_price("1.00", "20.00"),),
}
_overrides: dict[str, tuple[Price, ...]] = {}


def override(prices: Mapping[str, object]) -> None:
    """Set prices from the server's settings: ``{"model id": {"input": 0.3, "output": 2.5}}``.

    ``cached``, ``image`` and ``long`` (an object like the outer one) may be given too. They stand
    for all days, and replace whatever an earlier call set.

    Raises:
        ValueError: something is no price.
    """
    read = {model: (_read(model, given),) for model, given in prices.items()}
    _overrides.clear()
    _overrides.update(read)


def is_priced(model: str) -> bool:
    """Whether it is known what a model costs, by its API id."""
    return model in _overrides or model in _PRICES


def price_of(call: CallRecord) -> Decimal | None:
    """What a call cost, or has so far; None where its tokens or the model's price are not known."""
    if not call.usage.total:
        # Not told is not nothing: only a call that Google refused is known to be free.
        return Decimal(0) if call.outcome in NOTHING_MADE else None
    return estimate(call.model, call.usage, call.started_at.date())


def estimate(model: str, usage: Usage, day: date) -> Decimal | None:
    """The list price of these tokens; None for a model whose price is not known."""
    rows = _overrides.get(model) or _PRICES.get(model, ())
    valid = [row for row in rows if row.since <= day]
    if not valid:
        return None
    price = valid[-1]
    if price.long and usage.input > LONG_PROMPT:
        price = price.long
    cached = price.input if price.cached is None else price.cached
    image = price.output if price.image is None else price.image
    parts = (
        (usage.input - usage.cached) * price.input,
        usage.cached * cached,
        (usage.output - usage.image) * price.output,
        usage.image * image,
    )
    return (sum(parts, Decimal(0)) / MILLION).quantize(STEP)


def _read(model: str, given: object) -> Price:
    kinds = {"input", "output", "cached", "image", "long"}
    if not isinstance(given, Mapping) or not {"input", "output"} <= given.keys() <= kinds:
        raise ValueError(f"{model}: a price has input and output, and may have cached, image, long")
    amounts = {name: _amount(model, value) for name, value in given.items() if name != "long"}
    long = _read(model, given["long"]) if "long" in given else None
    cached, image = amounts.get("cached"), amounts.get("image")
    return Price(amounts["input"], amounts["output"], cached, image, long)


def _amount(model: str, value: object) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(-1)
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise ValueError(f"{model}: {value!r} is no price in US dollars per million tokens")
    return amount
