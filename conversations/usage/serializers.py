"""What the REST side of usage takes and gives, as its schema describes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

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


def usage_output(
    period: selectors.Period, group: str, rows: list[selectors.UsageRow]
) -> dict[str, Any]:
    """The body of an answer as ``UsageOutput`` describes it."""
    return {
        "from": period.first,
        "to": period.last,
        "group": group,
        "rows": [
            {"name": row.name, "key_id": row.key_id, **TallyOutput(row.tally).data} for row in rows
        ],
        "total": TallyOutput(selectors.total_of(rows)).data,
    }
