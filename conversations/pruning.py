"""Letting go of logs that have become transcripts.

An ended run keeps its transcript: the same events with adjacent deltas joined. The log itself is
needed by readers that continue in the middle of it, and by nobody some days later.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from conversations.models import Event, Run

RUNS_AT_ONCE = 500  # short transactions: answers are being written meanwhile


def events_prune(*, older_than: timedelta, dry_run: bool = False) -> tuple[int, int]:
    """Delete the logs of runs that ended longer ago; returns how many runs and events."""
    ended = Run.objects.filter(
        finished_at__lt=timezone.now() - older_than, transcript__isnull=False
    ).exclude(status=Run.Status.RUNNING)
    with_log = ended.filter(events__isnull=False).distinct().values_list("pk", flat=True)
    if dry_run:
        return with_log.count(), Event.objects.filter(run__in=ended).count()
    runs = events = 0
    while batch := list(with_log.order_by("pk")[:RUNS_AT_ONCE]):
        runs += len(batch)
        events += Event.objects.filter(run__in=batch).delete()[0]
    return runs, events
