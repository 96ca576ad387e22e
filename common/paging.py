"""Pages of lists that are bare arrays: the next one is named in a ``Link`` header (RFC 8288)."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

PAGE_SIZE = 200

M = TypeVar("M", bound=Model)


class IntegerCursorInput(serializers.Serializer[Any]):
    cursor = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


class UuidCursorInput(serializers.Serializer[Any]):
    cursor = serializers.UUIDField(required=False)


def cursor_of(form: type[serializers.Serializer[Any]], request: Request) -> Any:
    """The ``cursor`` of a request, or None.

    Raises:
        rest_framework.exceptions.ValidationError: it is none.
    """
    query = form(data=request.query_params)
    query.is_valid(raise_exception=True)
    return query.validated_data.get("cursor")


def page_of(rows: QuerySet[M]) -> tuple[list[M], M | None]:
    """The first page of rows, and the last row on it if there are more."""
    found = list(rows[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None


def linked(request: Request, response: Response, cursor: object) -> Response:
    """Name the page after ``cursor`` in the answer's headers; None: there is none."""
    if cursor is not None:
        response["Link"] = f'<{request.path}?{urlencode({"cursor": cursor})}>; rel="next"'
    return response
