"""What was used: the ledger added up by key, agent, model, day or user. One query each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Concat, TruncDate
from django.utils import timezone

from common.errors import AppError
from conversations.models import ModelCall

GROUPS = ("key", "agent", "model", "day")
LONGEST_DAYS = 400
DELETED = "deleted key"
STEP = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Period:
    """Days of UTC, both included."""

    first: date
    last: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        after = self.last + timedelta(days=1)
        return datetime.combine(self.first, time(), UTC), datetime.combine(after, time(), UTC)


@dataclass(frozen=True, slots=True)
class Tally:
    """What some calls add up to.

    Args:
        price_usd: an estimate of the calls whose price is known; None if it is of none.
        unpriced_calls: ended calls whose price is not known, and so not in it.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0
    cached_tokens: int = 0
    tool_tokens: int = 0
    image_tokens: int = 0
    price_usd: Decimal | None = None
    unpriced_calls: int = 0

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class UsageRow:
    """The tally of one key, agent, model, day or user.

    Args:
        name: a key's as its user calls it, or what operators see of it; a day's as ISO date.
        key_id: of a key that is still there.
        user: whose use it is, where several people's use is added up.
        key_owner: whose key it was, likewise.
    """

    name: str
    tally: Tally
    key_id: UUID | None = None
    user: str = ""
    key_owner: str = ""


def period_of(first: date | None = None, last: date | None = None) -> Period:
    """The days of a query; by default this month up to today.

    Raises:
        AppError: ``bad_period``.
    """
    last = last or timezone.now().astimezone(UTC).date()
    first = first or last.replace(day=1)
    # The last day there is has no day after it, which ``bounds`` asks for.
    if first > last or (last - first).days > LONGEST_DAYS or last == date.max:
        raise AppError(
            "bad_period", f"Give a first and a last day that are at most {LONGEST_DAYS} days apart."
        )
    return Period(first, last)


def usage_of_user(*, user_id: int, period: Period, group: str) -> list[UsageRow]:
    """What a user used, on whichever keys; ``group`` is one of ``GROUPS``."""
    return _grouped(ModelCall.objects.filter(owner_id=user_id), period, group, _name_for(user_id))


def usage_of_key(
    *, key_id: UUID, period: Period, group: str, only_user: int | None = None
) -> list[UsageRow]:
    """What was used of a key, by everybody or by one; ``group`` may be ``user`` as well."""
    calls = ModelCall.objects.filter(key_id=key_id)
    if only_user is not None:
        calls = calls.filter(owner_id=only_user)
    return _grouped(calls, period, group, F("key_name"))


def usage_of_everybody(*, period: Period, group: str) -> list[UsageRow]:
    """For operators: per user and ``group``. Of keys their last characters: names are private."""
    tail = Case(
        When(key=None, then=Value(DELETED)),
        default=Concat(Value("…"), F("key__tail")),
        output_field=CharField(),
    )
    people = ("owner__username", "key__user__username") if group == "key" else ("owner__username",)
    return _grouped(ModelCall.objects.all(), period, group, tail, people)


def total_of(rows: Iterable[UsageRow]) -> Tally:
    """All rows together."""
    tallies = [row.tally for row in rows]
    sums: dict[str, Any] = {
        field.name: sum(getattr(tally, field.name) for tally in tallies)
        for field in fields(Tally)
        if field.name != "price_usd"
    }
    prices = [tally.price_usd for tally in tallies if tally.price_usd is not None]
    return Tally(**sums, price_usd=sum(prices, Decimal(0)) if prices or not tallies else None)


def used_before(*, user_id: int, key_id: UUID) -> bool:
    return ModelCall.objects.filter(owner_id=user_id, key_id=key_id).exists()


def _name_for(user_id: int) -> Case:
    """A key's name: of one's own as it is now, of a lent one the label it was used under."""
    # Never the name of a lent key: what its owner calls it is the owner's business.
    own = When(key__user_id=user_id, then=F("key__name"))
    return Case(own, default=F("key_name"), output_field=CharField())


def _grouped(
    calls: QuerySet[ModelCall],
    period: Period,
    group: str,
    key_name: Any,
    people: tuple[str, ...] = (),
) -> list[UsageRow]:
    names: dict[str, Any] = {
        "key": key_name,
        "agent": F("agent"),
        "model": F("model"),
        "day": TruncDate("created_at", tzinfo=UTC),
        "user": F("owner__username"),
    }
    by = [*people, *(["key_id"] if group == "key" else [])]
    first, after = period.bounds
    rows = (
        calls.filter(created_at__gte=first, created_at__lt=after)
        .values(*by, name=names[group])
        .annotate(**_sums())
        .order_by("name" if group == "day" else "-total", "name", *by)
    )
    return [_row(row) for row in rows]


def _sums() -> dict[str, Any]:
    tokens = [field.name for field in fields(Tally) if field.name.endswith("_tokens")]
    return {
        "calls": Count("pk"),
        "total": Sum(F("input_tokens") + F("output_tokens")),
        **{f"sum_{name}": Sum(name) for name in tokens},
        "sum_price_usd": Sum("price_usd"),
        "unpriced_calls": Count("pk", filter=Q(price_usd=None) & ~Q(outcome="")),
    }


def _row(row: dict[str, Any]) -> UsageRow:
    sums = {
        name.removeprefix("sum_"): value for name, value in row.items() if name.startswith("sum_")
    }
    if sums["price_usd"] is not None:
        sums["price_usd"] = sums["price_usd"].quantize(STEP)  # SQLite adds in floating point
    tally = Tally(calls=row["calls"], unpriced_calls=row["unpriced_calls"], **sums)
    return UsageRow(
        name=str(row["name"]),
        tally=tally,
        key_id=row.get("key_id"),
        user=row.get("owner__username", ""),
        key_owner=row.get("key__user__username") or "",
    )
