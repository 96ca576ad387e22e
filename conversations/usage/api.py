"""REST: what I used."""

from __future__ import annotations

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import current_user
from conversations.api import asked
from conversations.usage import selectors


def period_form(name: str, *groups: str, default: str) -> Any:
    """A query with ``from``, ``to`` and ``group``; "from" is no name that a class body can have."""
    fields = {
        "from": serializers.DateField(required=False, help_text="Default: the month's first day."),
        "to": serializers.DateField(required=False, help_text="Included. Default: today, in UTC."),
        "group": serializers.ChoiceField(list(groups), required=False, default=default),
    }
    return type(name, (serializers.Serializer,), fields)


UsageInput = period_form("UsageInput", *selectors.GROUPS, default="day")


class TallyOutput(serializers.Serializer[Any]):
    calls = serializers.IntegerField()
    input_tokens = serializers.IntegerField(help_text="Cached ones and tool use included.")
    output_tokens = serializers.IntegerField(help_text="Thoughts and images included.")
    total_tokens = serializers.IntegerField()
    thought_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    tool_tokens = serializers.IntegerField()
    image_tokens = serializers.IntegerField()
    price_usd = serializers.DecimalField(
        max_digits=24,
        decimal_places=9,
        allow_null=True,
        help_text="An estimate, without the calls whose price is not known; null: of none.",
    )
    unpriced_calls = serializers.IntegerField()


class UsageRowOutput(TallyOutput):
    name = serializers.CharField(help_text="Of the key, agent, model or user; or the day.")
    key_id = serializers.UUIDField(allow_null=True, help_text="Of a key that is still there.")


# Made like this because of "from".
UsageOutput: Any = type(
    "UsageOutput",
    (serializers.Serializer,),
    {
        "from": serializers.DateField(),
        "to": serializers.DateField(),
        "group": serializers.CharField(),
        "rows": UsageRowOutput(many=True),
        "total": TallyOutput(),
    },
)


def period_and_group(form: Any, request: Request) -> tuple[selectors.Period, str]:
    query = asked(form, request)
    first: date | None = query.get("from")
    return selectors.period_of(first, query.get("to")), query["group"]


def told(period: selectors.Period, group: str, rows: list[selectors.UsageRow]) -> dict[str, Any]:
    """The answer's shape: ``UsageOutput``."""
    return {
        "from": period.first,
        "to": period.last,
        "group": group,
        "rows": [
            {"name": row.name, "key_id": row.key_id, **TallyOutput(row.tally).data} for row in rows
        ],
        "total": TallyOutput(selectors.total_of(rows)).data,
    }


class UsageView(APIView):
    @extend_schema(operation_id="usage", parameters=[UsageInput], responses=UsageOutput)
    def get(self, request: Request) -> Response:
        """What I used, on my own keys and lent ones, added up. Days are those of UTC."""
        period, group = period_and_group(UsageInput, request)
        rows = selectors.usage_of_user(user_id=current_user(request).pk, period=period, group=group)
        return Response(told(period, group, rows))
