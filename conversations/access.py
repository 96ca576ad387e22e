"""The one door to rows by id: what is not yours, not there or not an id is the same 404."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from common.errors import AppError, not_found
from conversations.models import Artifact, Run, Thread

MAX_ATTACHMENTS = 16  # more than the pictures that any model follows at once

Row = TypeVar("Row", bound=Model)


def thread_for(user_id: int, thread_id: UUID | str) -> Thread:
    return _owned(Thread.objects.all(), "thread", user_id, thread_id)


def run_for(user_id: int, run_id: UUID | str) -> Run:
    """The run without its transcript and contents, which can be large and are loaded when used."""
    return _owned(Run.objects.defer("transcript", "contents"), "run", user_id, run_id)


def artifact_for(user_id: int, artifact_id: UUID | str) -> Artifact:
    return _owned(Artifact.objects.all(), "file", user_id, artifact_id)


def attachments_for(owner_id: int, ids: Sequence[UUID], *, lock: bool = False) -> list[Artifact]:
    """The files that a message of the owner is to carry, in order, each once; one query.

    Args:
        lock: they cannot be deleted until the transaction ends.

    Raises:
        AppError: ``file_not_found`` (404) if any is foreign or gone, ``too_many_files``.
    """
    if len(ids) > MAX_ATTACHMENTS:
        message = f"A message can carry {MAX_ATTACHMENTS} files. Leave some out."
        raise AppError("too_many_files", message)
    if not ids:
        return []
    # Locked by id: two messages with the same files in another order would wait for each other.
    rows = Artifact.objects.filter(owner_id=owner_id, pk__in=ids).order_by("pk")
    by_id = {row.pk: row for row in (rows.select_for_update(no_key=True) if lock else rows)}
    if not by_id.keys() >= set(ids):
        raise not_found("file")
    return [by_id[key] for key in dict.fromkeys(ids)]


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
    # UUID() also reads braces, ``urn:uuid:`` and digits without dashes. Each would be one more
    # address of the same row.
    return value if str(value) == text.lower() else None
