"""What is read of files: a user's list of them."""

from __future__ import annotations

from common.paging import newest_first, page_of, time_cursor
from conversations.models import Artifact

PAGE_SIZE = 50


def file_list(*, user_id: int, cursor: str = "") -> tuple[list[Artifact], str | None]:
    """A page of a user's files, the newest first, and the cursor of the next page."""
    files = newest_first(Artifact.objects.filter(owner_id=user_id), "created_at", cursor)
    page, last = page_of(files, PAGE_SIZE)
    return page, time_cursor(last.created_at, last.pk) if last else None
