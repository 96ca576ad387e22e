"""REST: what was used of a key, and what its budgets leave."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import current_user
from apikeys.selectors import keys_of, loan_to
from apikeys.terms import Budget
from common.errors import not_found
from conversations.usage import selectors
from conversations.usage.api import period_and_group
from conversations.usage.budgets import BudgetState, budget_states
from conversations.usage.serializers import UsageOutput, period_form, usage_output

KeyUsageInput = period_form("KeyUsageInput", "day", "agent", "model", "user", default="day")


class BudgetStateOutput(serializers.Serializer[Any]):
    period = serializers.ChoiceField(["day", "month"])
    unit = serializers.ChoiceField(["tokens", "usd"])
    limit = serializers.DecimalField(max_digits=24, decimal_places=2)
    spent = serializers.DecimalField(max_digits=24, decimal_places=9)
    renews_at = serializers.DateTimeField()


class KeyUsageOutput(UsageOutput):  # type: ignore[misc]  # made by a call, because of "from"
    budgets = BudgetStateOutput(many=True, help_text="That bind whoever asks.")


class KeyUsageView(APIView):
    @extend_schema(parameters=[KeyUsageInput], responses=KeyUsageOutput)
    def get(self, request: Request, key_id: UUID) -> Response:
        """What was used of a key: of my own by everybody, of one lent to me by me alone."""
        user_id = current_user(request).pk
        period, group = period_and_group(KeyUsageInput, request)
        only_user, budgets = _view_of(user_id, key_id)
        rows = selectors.usage_of_key(
            key_id=key_id, period=period, group=group, only_user=only_user
        )
        states = BudgetStateOutput(budgets, many=True).data
        return Response({**usage_output(period, group, rows), "budgets": states})


def _view_of(user_id: int, key_id: UUID) -> tuple[int | None, list[BudgetState]]:
    """Whose use this user may see, None for everybody's, and which budgets.

    Raises:
        AppError: ``key_not_found``, for a key that is neither theirs, nor lent, nor was.
    """
    # What others spend on a key is its owner's to know, and never that of somebody whom it is lent
    # to.
    own = keys_of(user_id).filter(pk=key_id).first()
    if own is not None:
        return None, budget_states(key_id=key_id, limits=Budget.of(own))
    loan = loan_to(user_id, key_id)
    if loan is not None:
        limits = Budget.of(loan)
        return user_id, budget_states(key_id=key_id, limits=limits, user_id=user_id)
    # After the loan: one's own numbers stay readable, but what the key may still pay is no business
    # of a former borrower's.
    if selectors.used_before(user_id=user_id, key_id=key_id):
        return user_id, []
    raise not_found("key")
