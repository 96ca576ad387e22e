"""What one process has to know of runs that another one answers: whom to stop, what has begun."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Now

from conversations.models import Run


def run_request_stop(*, owner_id: int, run_id: UUID) -> bool:
    """Note that a run should stop; whoever answers it will look. False if it is not running."""
    running = Run.objects.filter(pk=run_id, owner_id=owner_id, status=Run.Status.RUNNING)
    return running.update(stop_requested_at=Now()) > 0


def runs_to_stop(run_ids: Iterable[UUID]) -> list[UUID]:
    """Of these runs, those that somebody asked to stop."""
    asked = Run.objects.filter(pk__in=list(run_ids), stop_requested_at__isnull=False)
    return list(asked.values_list("pk", flat=True))


def runs_begun(thread_ids: Collection[UUID], since: datetime) -> list[tuple[UUID, UUID]]:
    """The thread and id of the runs in these threads that began after ``since``."""
    begun = Run.objects.filter(thread_id__in=thread_ids, created_at__gt=since)
    return list(begun.order_by("created_at").values_list("thread_id", "pk"))
