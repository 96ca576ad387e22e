"""Opening a run: a user's message and the run that answers it, stored together or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils import timezone

from common.errors import AppError, not_found
from conversations.models import Message, Run, Thread
from conversations.selectors import history_for, last_position
from conversations.services import title_from
from conversations.storable import storable_text

ATTEMPTS = 3
FIRST_FENCE = 1  # a run with a higher one was ended for a process that died


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """What ``run_open`` found or made.

    ``history`` holds one list of Gemini contents per earlier run. It is empty when ``created``
    is false: that run is already on its way and needs no second work order.
    """

    run_id: UUID
    thread_id: UUID
    message_id: UUID
    fence: int
    history: list[list[dict[str, Any]]]
    created: bool
    thread_created: bool
    last_seq: int


def run_open(
    *,
    owner_id: int,
    thread_id: UUID,
    run_id: UUID,
    message_id: UUID,
    text: str,
    continues: bool,
    agent: str,
    model: str,
    key_id: UUID,
    lease_owner: str,
    lease_s: float,
) -> OpenedRun:
    """Store a user's message and the run that answers it; sent again, find the same run.

    Args:
        continues: the client believes that the thread exists, so it is not made.

    Raises:
        AppError: ``thread_not_found``, ``run_not_found``, ``key_not_found``, ``thread_busy``.
    """
    run = Run(id=run_id, owner_id=owner_id, thread_id=thread_id, key_id=key_id, fence=FIRST_FENCE)
    run.agent, run.model, run.lease_owner = agent, model, lease_owner
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return _open(run, message_id, storable_text(text), continues, lease_s)
        except IntegrityError:
            continue  # somebody else stored one of these ids first: look again
    if not apps.get_model("apikeys.UserApiKey").objects.filter(pk=key_id).exists():
        raise not_found("key")
    raise _busy()


def lease_end(lease_s: float) -> Combinable:
    """The end of a lease by the database's clock: processes on several hosts share no other."""
    return Now() + timedelta(seconds=lease_s)


def _open(run: Run, message_id: UUID, text: str, continues: bool, lease_s: float) -> OpenedRun:
    thread, thread_created = _thread_to_write(run, continues)
    opened = _opened_before(run, message_id)
    if opened:
        return opened
    if thread.runs.filter(status=Run.Status.RUNNING).exists():
        raise _busy()
    history = history_for(thread.pk)
    thread.updated_at, thread.title = timezone.now(), thread.title or title_from(text)
    thread.save(update_fields=["updated_at", "title"])
    run.lease_until = lease_end(lease_s)
    run.save(force_insert=True)
    taken = Message.objects.filter(pk=message_id).exists()
    message = Message.objects.create(
        # The client chose this id; if it stands in another thread, ours gets one of its own.
        id=uuid4() if taken else message_id,
        thread=thread,
        run=run,
        position=last_position(thread.pk) + 1,
        role=Message.Role.USER,
        text=text,
    )
    return OpenedRun(run.pk, thread.pk, message.pk, run.fence, history, True, thread_created, 0)


def _thread_to_write(run: Run, continues: bool) -> tuple[Thread, bool]:
    """The thread under a lock, and whether it is new."""
    thread = Thread.objects.select_for_update(no_key=True).filter(pk=run.thread_id).first()
    if thread is None:
        if continues:
            raise not_found("thread")
        return Thread.objects.create(id=run.thread_id, owner_id=run.owner_id), True
    if thread.owner_id != run.owner_id:
        raise not_found("thread")
    return thread, False


def _opened_before(run: Run, message_id: UUID) -> OpenedRun | None:
    """The run that was opened by an earlier copy of this very request."""
    said = Message.objects.filter(role=Message.Role.USER).select_related("run")
    message = said.filter(run_id=run.pk).first()
    if message and (message.run.owner_id, message.thread_id) != (run.owner_id, run.thread_id):
        raise not_found("run")
    message = message or said.filter(pk=message_id, thread_id=run.thread_id).first()
    if message is None:
        return None
    found = message.run
    return OpenedRun(
        found.pk, message.thread_id, message.pk, found.fence, [], False, False, found.last_seq
    )


def _busy() -> AppError:
    return AppError(
        "thread_busy",
        "This conversation is still being answered. Wait for the answer, or stop it first.",
        status=409,
    )
