"""Which files have a copy at Google, so that none is sent twice while the copy lasts."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations.models import GeminiFile

MARGIN = timedelta(hours=1)  # an answer that begins now may need the copy for a while


def gemini_file_for(artifact_id: UUID, key_id: UUID) -> str | None:
    """The URI of the copy that this key can read; None if there is none, or not for long."""
    copies = GeminiFile.objects.filter(artifact_id=artifact_id, key_id=key_id)
    lasting = copies.filter(expires_at__gt=timezone.now() + MARGIN)
    return lasting.values_list("uri", flat=True).first()


def gemini_file_remember(
    *, artifact_id: UUID, key_id: UUID, uri: str, name: str, expires_at: datetime
) -> None:
    """Remember a copy in place of an older one; nothing if file or key were deleted meanwhile."""
    copy = GeminiFile(artifact_id=artifact_id, key_id=key_id, uri=uri, name=name)
    copy.expires_at = expires_at
    try:
        with transaction.atomic():
            # An upsert: two answers can upload the same file with the same key at once.
            GeminiFile.objects.bulk_create(
                [copy],
                update_conflicts=True,
                unique_fields=["artifact", "key"],
                update_fields=["uri", "name", "expires_at"],
            )
    except IntegrityError:
        return


def gemini_files_forget(*, owner_id: int, key_id: UUID) -> None:
    """Forget the copies of an owner's files for a key: Google no longer has one of them."""
    GeminiFile.objects.filter(artifact__owner_id=owner_id, key_id=key_id).delete()
