"""Where a page of a list ends: the time and id of its last row, as one opaque word."""

from __future__ import annotations

import base64
from datetime import datetime
from uuid import UUID

from common.errors import AppError
from conversations.access import canonical_uuid


def cursor_after(at: datetime, row_id: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{row_id}".encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Raises ``AppError`` ``bad_cursor`` for what ``cursor_after`` did not make."""
    try:
        at_text, _, id_text = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        at, row_id = datetime.fromisoformat(at_text), canonical_uuid(id_text)
    except ValueError:
        row_id = None
    if row_id is None or at.tzinfo is None:
        raise AppError("bad_cursor", "This page of the list does not exist. Start from the first.")
    return at, row_id
