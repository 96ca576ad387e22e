"""REST: what I used."""

from __future__ import annotations

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import current_user
from common.api import validated_query
from conversations.usage.selectors import Period, period_of, usage_of_user
from conversations.usage.serializers import UsageInput, UsageOutput, usage_output


def period_and_group(form: Any, request: Request) -> tuple[Period, str]:
    """The days and the group of a query made by ``period_form``."""
    query = validated_query(form, request)
    first: date | None = query.get("from")
    return period_of(first, query.get("to")), query["group"]


class UsageView(APIView):
    @extend_schema(operation_id="usage", parameters=[UsageInput], responses=UsageOutput)
    def get(self, request: Request) -> Response:
        """What I used, on my own keys and lent ones, added up. Days are those of UTC."""
        period, group = period_and_group(UsageInput, request)
        rows = usage_of_user(user_id=current_user(request).pk, period=period, group=group)
        return Response(usage_output(period, group, rows))
