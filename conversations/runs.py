"""The runs that are being answered: their leases, who is to stop, what has begun.

    run_start   stores a message and the run that answers it
    runs        while it runs: renew its lease, ask it to stop
    log         its events
    run_end     folds the log, ends the run; also of a process that died

**Lease and fence.** A run is answered by one process, its holder. The holder renews a lease of some
seconds; when it stops doing so, anybody may end the run in its place (``run_end``). A process can
also be paused for longer than its lease (a laptop that sleeps, a full swap, a stopped container)
and go on as if nothing had happened. So every write names the fence under which the run was
started, and whoever ends a run in another's place raises the fence first: what comes late is
refused by a comparison under the row's lock, not by clocks. Leases are judged by the database's
clock alone, because processes on several hosts share no other.

Every function is one short transaction and safe to call from several threads and processes. Locks
are taken in one order: thread, then runs by id.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from conversations import compaction
from conversations.models import TERMINAL_EVENTS, Event, Run

FIRST_FENCE = 1  # a run with a higher one was ended for a process that died


def lease_end(lease_s: float) -> Combinable:
    """The end of a lease that begins now, by the database's clock."""
    return Now() + timedelta(seconds=lease_s)


def lease_renew(*, run_fences: Mapping[UUID, int], lease_owner: str, lease_s: float) -> set[UUID]:
    """Renew the leases of this process.

    Args:
        run_fences: its runs, each with the fence it was started under.

    Returns:
        The runs that are no longer its own: ended, deleted, or under another fence. It stops
        answering them; nothing more of them can be stored.
    """
    with transaction.atomic():
        ours = Run.objects.filter(
            pk__in=list(run_fences), status=Run.Status.RUNNING, lease_owner=lease_owner
        ).select_for_update(no_key=True)
        fences = ours.order_by("pk").values_list("pk", "fence")
        held = {run_id for run_id, fence in fences if run_fences[run_id] == fence}
        Run.objects.filter(pk__in=held).update(lease_until=lease_end(lease_s))
    return set(run_fences) - held


def run_request_stop(*, owner_id: int, run_id: UUID) -> bool:
    """Note that a run should stop, for the process that answers it. False: it is not running."""
    running = Run.objects.filter(pk=run_id, owner_id=owner_id, status=Run.Status.RUNNING)
    return running.update(stop_requested_at=Now()) > 0


def runs_to_stop(run_ids: Iterable[UUID]) -> list[UUID]:
    """Of these runs, those that somebody wants to stop."""
    stopping = Run.objects.filter(pk__in=list(run_ids), stop_requested_at__isnull=False)
    return list(stopping.values_list("pk", flat=True))


def runs_begun(thread_ids: Collection[UUID], since: datetime) -> list[tuple[UUID, UUID]]:
    """The thread and id of the runs in these threads that began after ``since``."""
    begun = Run.objects.filter(thread_id__in=thread_ids, created_at__gt=since)
    return list(begun.order_by("created_at").values_list("thread_id", "pk"))


def last_own_seq(run_id: UUID) -> int:
    """The last event of an interrupted run that its own process stored, or a little before that.

    The events that ended it in its place look like events that the process may have stored.
    """
    ends = {*compaction.CLOSING_TYPES, *TERMINAL_EVENTS}
    own = Event.objects.filter(run_id=run_id).exclude(type__in=ends)
    last: int | None = own.aggregate(last=Max("seq"))["last"]
    return last or 0
