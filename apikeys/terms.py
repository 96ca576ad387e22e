"""On what terms a key may be used: what may be spent, and on which models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Field
from django.utils import timezone

from apikeys.models import Budgeted, KeyLoan, UserApiKey
from common.errors import AppError
from gemini import catalogue

BUDGETS = ("daily_tokens", "monthly_tokens", "daily_money", "monthly_money")


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent; None is no limit. Days and months are those of UTC, money is in USD."""

    daily_tokens: int | None = None
    monthly_tokens: int | None = None
    daily_money: Decimal | None = None
    monthly_money: Decimal | None = None

    @classmethod
    def of(cls, row: Budgeted) -> Budget:
        return cls(row.daily_tokens, row.monthly_tokens, row.daily_money, row.monthly_money)

    @property
    def is_unlimited(self) -> bool:
        return self == Budget()


@dataclass(frozen=True, slots=True)
class Loan:
    """On what terms a key is lent to the user of a run."""

    id: UUID
    budget: Budget  # for what this borrower spends on this key
    models: tuple[str, ...]  # names; empty: all

    @classmethod
    def of(cls, row: KeyLoan) -> Loan:
        return cls(row.id, Budget.of(row), tuple(row.allowed_models))

    def allows(self, model: str) -> bool:
        """Whether a model, by name or by API id, may be used under the loan.

        Models that draw or speak are chosen by what the key lists, so a loan for one of them is
        for all of its kind.
        """
        if not self.models:
            return True
        wanted = catalogue.describe(catalogue.api_id(model))
        lent = [catalogue.describe(catalogue.api_id(name)) for name in self.models]
        if wanted.kind != "chat":
            return any(one.kind == wanted.kind for one in lent)
        return any(one.api_id == wanted.api_id for one in lent)


def limits_check(limits: Mapping[str, Any], row: Budgeted | None = None) -> None:
    """Refuse an end in the past, and budgets that make no sense.

    Raises:
        AppError: ``invalid``, with the fields at fault.
    """
    wrong: dict[str, list[str]] = {}
    for end in {"expires_at", "ends_at"}.intersection(limits):
        if limits[end] is not None and limits[end] <= timezone.now():
            wrong[end] = ["Choose a time that is yet to come."]
    for name in set(BUDGETS).intersection(limits):
        try:
            cast("Field[Any, Any]", UserApiKey._meta.get_field(name)).clean(limits[name], None)
        except ValidationError as error:
            wrong[name] = error.messages
    # A change of one budget is held against those that stay.
    wanted = {name: limits.get(name, getattr(row, name, None)) for name in BUDGETS}
    for unit in ("tokens", "money"):
        daily, monthly = wanted[f"daily_{unit}"], wanted[f"monthly_{unit}"]
        if not wrong and daily is not None and monthly is not None and daily > monthly:
            wrong[f"daily_{unit}"] = ["This is more than the budget of the month."]
    if wrong:
        raise AppError("invalid", next(iter(wrong.values()))[0], fields=wrong)
