"""REST: lending one's keys to others."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import current_user, validated_body
from apikeys import lending, services
from apikeys.selectors import key_for
from apikeys.shapes import LoanInput, LoanOutput
from common.paging import UuidCursorInput, cursor_of, linked, page_of


@method_decorator(never_cache, name="dispatch")
class LoansView(APIView):
    @extend_schema(
        operation_id="key_loans",
        parameters=[UuidCursorInput],
        responses=LoanOutput(many=True),
    )
    def get(self, request: Request, key_id: UUID) -> Response:
        """To whom this key is lent. In pages of 200: the header `Link` names the next one."""
        key = key_for(current_user(request), key_id)
        loans = lending.loans_of(key).order_by("created_at", "id")
        if cursor := cursor_of(UuidCursorInput, request):
            last = lending.loan_for(key, cursor)
            loans = loans.filter(
                Q(created_at__gt=last.created_at) | Q(created_at=last.created_at, id__gt=last.pk)
            )
        page, end = page_of(loans)
        return linked(request, Response(LoanOutput(page, many=True).data), end and end.pk)

    @extend_schema(request=LoanInput, responses={201: LoanOutput})
    def post(self, request: Request, key_id: UUID) -> Response:
        """Lend this key to a person or a group: they see the label, never the key."""
        user = current_user(request)
        key, data = key_for(user, key_id), validated_body(LoanInput, request)
        to = lending.borrower_for(user, username=data["borrower"], group=data["group"])
        loan = lending.loan_add(
            key=key,
            to=to,
            label=data["label"],
            models=data["allowed_models"],
            limits={name: data[name] for name in ("ends_at", *services.BUDGETS) if name in data},
        )
        return Response(LoanOutput(loan).data, status=status.HTTP_201_CREATED)


@method_decorator(never_cache, name="dispatch")
class LoanView(APIView):
    @extend_schema(request=None, responses={204: OpenApiResponse()})
    def delete(self, request: Request, key_id: UUID, loan_id: UUID) -> Response:
        """End a loan at once."""
        key = key_for(current_user(request), key_id)
        lending.loan_revoke(loan=lending.loan_for(key, loan_id))
        return Response(status=status.HTTP_204_NO_CONTENT)
