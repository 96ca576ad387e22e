"""What the ledger says about budgets: what is spent of each, and when it starts anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from django.db.models import DecimalField, F, Q, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from conversations.models import ModelCall

MONEY = DecimalField(max_digits=24, decimal_places=9)


class Limits(Protocol):
    """What may be spent in a day and in a month, of UTC; None is no limit."""

    @property
    def daily_tokens(self) -> int | None: ...
    @property
    def monthly_tokens(self) -> int | None: ...
    @property
    def daily_money(self) -> Decimal | None: ...
    @property
    def monthly_money(self) -> Decimal | None: ...


@dataclass(frozen=True, slots=True)
class BudgetState:
    """One budget and what is spent of it.

    Args:
        period: ``day`` or ``month``.
        unit: ``tokens`` or ``usd``.
        renews_at: when the next day or month begins.
    """

    period: str
    unit: str
    limit: Decimal
    spent: Decimal
    renews_at: datetime

    @property
    def left(self) -> Decimal:
        return self.limit - self.spent


def budget_states(
    *,
    key_id: UUID,
    limits: Limits,
    user_id: int | None = None,
    leave_out: UUID | None = None,
    now: datetime | None = None,
) -> list[BudgetState]:
    """The budgets of a key, from one query over this month's rows; none, from no query at all.

    Args:
        user_id: count only what this user spent, as for a loan; otherwise everybody.
        leave_out: a call that is not to be counted, because it counts itself.
    """
    now = (now or timezone.now()).astimezone(UTC)
    day, month = _starts(now)
    wanted = [
        ("day", "tokens", limits.daily_tokens),
        ("day", "usd", limits.daily_money),
        ("month", "tokens", limits.monthly_tokens),
        ("month", "usd", limits.monthly_money),
    ]
    set_ = [(period, unit, Decimal(limit)) for period, unit, limit in wanted if limit is not None]
    if not set_:
        return []
    # The day is part of the month, so one pass over the month's rows answers for all four budgets,
    # by the index of the key.
    calls = ModelCall.objects.filter(key_id=key_id, created_at__gte=month)
    if user_id is not None:
        calls = calls.filter(owner_id=user_id)
    if leave_out is not None:
        calls = calls.exclude(call_id=leave_out)
    since = {"day": day, "month": month}
    spent = calls.aggregate(
        **{f"{period}_{unit}": _spent(unit, since[period]) for period, unit, _ in set_}
    )
    renewals = {"day": day + timedelta(days=1), "month": _next_month(month)}
    return [
        BudgetState(period, unit, limit, Decimal(spent[f"{period}_{unit}"]), renewals[period])
        for period, unit, limit in set_
    ]


def _spent(unit: str, since: datetime) -> Coalesce:
    within = Q(created_at__gte=since)
    if unit == "tokens":
        # Thoughts, cached and tool tokens are parts of these two, and must not count twice.
        return Coalesce(Sum(F("input_tokens") + F("output_tokens"), filter=within), Value(0))
    return Coalesce(Sum("price_usd", filter=within), Value(Decimal(0)), output_field=MONEY)


def _starts(now: datetime) -> tuple[datetime, datetime]:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day, day.replace(day=1)


def _next_month(month: datetime) -> datetime:
    # From the first of a month 32 days always end in the next one.
    return (month + timedelta(days=32)).replace(day=1)
