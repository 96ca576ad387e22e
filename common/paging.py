"""Cursor pagination: a page goes on after a row, so rows may come and go meanwhile.

Lists that are bare arrays name the next page in a ``Link`` header (RFC 8288), others in ``next``.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import AppError

PAGE_SIZE = 200

M = TypeVar("M", bound=Model)
Row = TypeVar("Row")


class IntegerCursorInput(serializers.Serializer[Any]):
    cursor = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


class UuidCursorInput(serializers.Serializer[Any]):
    cursor = serializers.UUIDField(required=False)


class TimeCursorInput(serializers.Serializer[Any]):
    cursor = serializers.CharField(max_length=200, required=False, default="")


def cursor_of(form: type[serializers.Serializer[Any]], request: Request) -> Any:
    """The ``cursor`` of a request, or None.

    Raises:
        rest_framework.exceptions.ValidationError: it is none.
    """
    query = form(data=request.query_params)
    query.is_valid(raise_exception=True)
    return query.validated_data.get("cursor")


def page_of(rows: QuerySet[Any, Row], size: int | None = None) -> tuple[list[Row], Row | None]:
    """The first page of ``size`` rows (``PAGE_SIZE``), and the last of them if there are more."""
    size = size or PAGE_SIZE
    page = list(rows[: size + 1])
    return page[:size], page[size - 1] if len(page) > size else None


def newest_first(rows: QuerySet[M], field: str, cursor: str) -> QuerySet[M]:
    """Rows by a time and their id, the newest first, from ``cursor`` on (empty: all of them).

    Raises:
        AppError: ``bad_cursor`` for what ``time_cursor`` did not make.
    """
    # With the id, because times can be equal: by the time alone a page would skip or repeat rows.
    # And no offset, which shifts when a row comes or goes between two pages.
    rows = rows.order_by(f"-{field}", "-id")
    if cursor:
        at, row_id = _read_time_cursor(cursor)
        rows = rows.filter(Q(**{f"{field}__lt": at}) | Q(**{field: at, "id__lt": row_id}))
    return rows


def time_cursor(at: datetime, row_id: UUID) -> str:
    """The cursor of what comes after a row in ``newest_first``: its time and id, opaque."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{row_id}".encode()).decode()


def _read_time_cursor(cursor: str) -> tuple[datetime, UUID]:
    refusal = AppError("bad_cursor", "This page of the list does not exist. Start from the first.")
    try:
        at_text, _, id_text = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        at, row_id = datetime.fromisoformat(at_text), UUID(id_text)
    except ValueError:
        raise refusal from None
    if at.tzinfo is None or str(row_id) != id_text:
        raise refusal
    return at, row_id


def linked(request: Request, response: Response, cursor: object) -> Response:
    """Name the page after ``cursor`` in the answer's headers; None: there is none."""
    if cursor is not None:
        response["Link"] = f'<{request.path}?{urlencode({"cursor": cursor})}>; rel="next"'
    return response
