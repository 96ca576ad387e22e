"""The one door to rows by id: what is not yours, not there or not an id is the same 404."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from common.errors import not_found
from conversations.models import Artifact, Run, Thread

Row = TypeVar("Row", bound=Model)


def thread_for(user_id: int, thread_id: UUID | str) -> Thread:
    return _owned(Thread.objects.all(), "thread", user_id, thread_id)


def run_for(user_id: int, run_id: UUID | str) -> Run:
    """The run without its transcript and contents, which can be large and are loaded when used."""
    return _owned(Run.objects.defer("transcript", "contents"), "run", user_id, run_id)


def artifact_for(user_id: int, artifact_id: UUID | str) -> Artifact:
    return _owned(Artifact.objects.all(), "file", user_id, artifact_id)


def _owned(rows: QuerySet[Row], what: str, user_id: int, row_id: UUID | str) -> Row:
    key = row_id if isinstance(row_id, UUID) else canonical_uuid(row_id)
    row = rows.filter(pk=key, owner_id=user_id).first() if key else None
    if row is None:
        raise not_found(what)
    return row


def canonical_uuid(text: object) -> UUID | None:
    """The id, or None when ``text`` is not one spelled 8-4-4-4-12: one row has one address."""
    if not isinstance(text, str):
        return None
    try:
        value = UUID(text)
    except ValueError:
        return None
    return value if str(value) == text.lower() else None
