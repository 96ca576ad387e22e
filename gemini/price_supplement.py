"""Prices that the pinned release of ``genai-prices`` does not have, each with day and source.

An entry goes as soon as the library has the model: a test says when.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from genai_prices.types import ModelPrice


def _flat(input_: str, output: str, cached: str) -> ModelPrice:
    return ModelPrice(
        input_mtok=Decimal(input_), output_mtok=Decimal(output), cache_read_mtok=Decimal(cached)
    )


PRICES: Mapping[str, tuple[tuple[date, ModelPrice], ...]] = {
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
