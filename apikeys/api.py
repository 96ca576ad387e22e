"""REST: one's own keys, and those lent to one. A key goes in and never comes out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import current_user
from apikeys import lending, services
from apikeys.audit import audit_of
from apikeys.models import UserApiKey
from apikeys.selectors import key_for, keys_of, loan_to, loans_to, selected_key_id
from apikeys.serializers import (
    AuditOutput,
    ChangeInput,
    KeyInput,
    KeyOutput,
    LoanInput,
    LoanOutput,
    ModelsOutput,
    ReplaceInput,
    lent_key,
    own_key,
)
from apikeys.terms import BUDGETS
from apikeys.verification import key_models, key_verify, throttle_check
from common.api import validated_body
from common.paging import IntegerCursorInput, UuidCursorInput, cursor_of, linked, page_of


def _answer(request: Request, key: UserApiKey, code: int = status.HTTP_200_OK) -> Response:
    selected = selected_key_id(current_user(request).pk) == key.pk
    return Response(KeyOutput(own_key(key, selected)).data, status=code)


@method_decorator(never_cache, name="dispatch")
class KeyListView(APIView):
    @extend_schema(operation_id="key_list", responses=KeyOutput(many=True))
    def get(self, request: Request) -> Response:
        """One's own keys, then those that others lent to one."""
        user_id = current_user(request).pk
        selected = selected_key_id(user_id)
        keys = [own_key(key, key.pk == selected) for key in keys_of(user_id)]
        keys += [lent_key(loan, loan.key_id == selected) for loan in loans_to(user_id)]
        return Response(KeyOutput(keys, many=True).data)

    @extend_schema(request=KeyInput, responses={201: KeyOutput})
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> Response:
        """Check a key with Google and store it."""
        data = validated_body(KeyInput, request)
        throttle_check(current_user(request))
        key = services.key_add(owner=current_user(request), name=data["name"], pasted=data["key"])
        return _answer(request, key, status.HTTP_201_CREATED)


@method_decorator(never_cache, name="dispatch")
class KeyView(APIView):
    @extend_schema(request=ChangeInput, responses=KeyOutput)
    def patch(self, request: Request, key_id: UUID) -> Response:
        """Rename a key, switch it on or off, set its expiry date and budgets."""
        key, data = key_for(current_user(request), key_id), validated_body(ChangeInput, request)
        limits = {name: data[name] for name in ("expires_at", *BUDGETS) if name in data}
        with transaction.atomic():
            if "name" in data:
                services.key_rename(key=key, name=data["name"])
            if limits:
                services.key_set_limits(key=key, limits=limits)
            if "is_active" in data:
                services.key_set_active(key=key, active=data["is_active"])
        return _answer(request, key)

    @extend_schema(request=None, responses={204: OpenApiResponse()})
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Delete a key."""
        services.key_delete(key=key_for(current_user(request), key_id))
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator(never_cache, name="dispatch")
class KeyReplaceView(APIView):
    @extend_schema(request=ReplaceInput, responses=KeyOutput)
    @method_decorator(sensitive_variables())
    def post(self, request: Request, key_id: UUID) -> Response:
        """Put another secret in the place of this one, after checking it with Google."""
        key, data = key_for(current_user(request), key_id), validated_body(ReplaceInput, request)
        throttle_check(current_user(request))
        return _answer(request, services.key_replace(key=key, pasted=data["key"]))


@method_decorator(never_cache, name="dispatch")
class KeySelectView(APIView):
    @extend_schema(request=None, responses=KeyOutput)
    def post(self, request: Request, key_id: UUID) -> Response:
        """Work with this key, an own or a lent one, from now on."""
        user = current_user(request)
        loan = loan_to(user.pk, key_id)
        if loan is None:
            return _answer(request, services.key_select(key=key_for(user, key_id)))
        services.key_select(key=loan.key, user=user)
        return Response(KeyOutput(lent_key(loan, True)).data)


@method_decorator(never_cache, name="dispatch")
class KeyVerifyView(APIView):
    @extend_schema(request=None, responses=KeyOutput)
    def post(self, request: Request, key_id: UUID) -> Response:
        """Ask Google whether this key works; the answer is in ``status``."""
        key = key_for(current_user(request), key_id)
        throttle_check(current_user(request))
        return _answer(request, key_verify(key=key))


@method_decorator(never_cache, name="dispatch")
class KeyModelsView(APIView):
    @extend_schema(operation_id="key_models", responses=ModelsOutput)
    def get(self, request: Request, key_id: UUID) -> Response:
        """The models this key can use, by what Google said within the last day."""
        key = key_for(current_user(request), key_id)
        models = key_models(key=key)  # the time of the list is known after this
        return Response(ModelsOutput({"listed_at": key.listed_at, "models": models}).data)


class _AuditView(APIView):
    def answer(self, request: Request, **which: Any) -> Response:
        rows = audit_of(current_user(request).pk).filter(**which)
        if cursor := cursor_of(IntegerCursorInput, request):
            rows = rows.filter(pk__lt=cursor)
        page, last = page_of(rows.order_by("-pk"))
        if which and not page:
            key_for(current_user(request), which["key_id"])
        return linked(request, Response(AuditOutput(page, many=True).data), last and last.pk)


@method_decorator(never_cache, name="dispatch")
class KeyAuditView(_AuditView):
    @extend_schema(
        operation_id="key_audit",
        parameters=[IntegerCursorInput],
        responses=AuditOutput(many=True),
    )
    def get(self, request: Request, key_id: UUID) -> Response:
        """What happened to one of one's keys, even if it is deleted; the newest first.

        In pages of 200: the header `Link` names the next one.
        """
        return self.answer(request, key_id=key_id)


@method_decorator(never_cache, name="dispatch")
class KeysAuditView(_AuditView):
    @extend_schema(
        operation_id="key_audit_of_all",
        parameters=[IntegerCursorInput],
        responses=AuditOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        """What happened to one's keys, deleted ones among them; the newest first.

        In pages of 200: the header `Link` names the next one.
        """
        return self.answer(request)


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
            limits={name: data[name] for name in ("ends_at", *BUDGETS) if name in data},
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
