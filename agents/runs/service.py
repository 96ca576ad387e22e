"""The run engine's three functions. Every transport calls these, and holds no rule of its own."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from accounts.rights import SignIn
from agents.core.request import RunRequest
from agents.runs import manager
from agents.runs.budgets import LedgerBudget
from agents.runs.preparation import answer_to, open_run, store_enclosed
from agents.runs.replay import EventStream, LiveEvents, Replay
from agents.runs.replay import Resync as Resync
from agents.runs.task import RunIds, RunTask
from common.database import in_database, patiently
from common.errors import AppError
from conversations.access import run_for, thread_for
from conversations.runs import run_request_stop


@dataclass(frozen=True, slots=True)
class Started:
    """A run that was accepted; ``created`` is False when this very request came before."""

    run_id: UUID
    thread_id: UUID
    message_id: UUID
    created: bool


async def start(sign_in: SignIn, request: RunRequest) -> Started:
    """Store the message and begin to answer it. Sent again, it finds the run that is there.

    The user's message is durable when this returns. The answer goes on without its reader, but not
    without the sign-in that asked for it.

    Raises:
        AppError: a sign-in that ended, no key that works, an unknown thread or model, a thread or
            user that is busy.
    """
    here = await manager.current()
    if here.draining:
        raise AppError("restarting", "The server is restarting. Try again.", status=503)
    enclosed = await store_enclosed(sign_in, request)
    permit, opened = await in_database(open_run, sign_in, request, here.process, enclosed)
    # Nothing is awaited between the commit and ``begin``: cancelled there, a run that is stored and
    # not begun would keep its thread busy until its lease has run out.
    if opened.created:
        ids = RunIds(opened.run_id, opened.thread_id, sign_in.user_id, opened.fence)
        budget = LedgerBudget(permit.keys, sign_in.user_id)
        answer = answer_to(here.gemini, ids, permit, opened, budget)
        total_s = settings.RUN_TOTAL_S
        here.begin(RunTask(ids, answer, total_s=total_s, sign_in=sign_in, budget=budget))
    return Started(opened.run_id, opened.thread_id, opened.message_id, opened.created)


async def follow(user_id: int, run_id: UUID, after: int = 0) -> EventStream:
    """The run's events after ``after``, as they come, up to its terminal one.

    Raises:
        AppError: ``run_not_found``.
        Resync: here or while it is iterated: the events after ``after`` are not there, or never
            will be.
    """
    here = await manager.current()
    run = here.run(run_id)
    # Somebody else's takes the way of one that does not exist, so no answer tells that it is there.
    if run is None or run.ids.owner_id != user_id:
        await patiently(run_for, user_id, run_id)
        return Replay(here.notifier, run_id, after)
    # Such a reader would wait for as many events as it claims to have, and never get those before.
    if after > run.buffer.last_seq:
        raise Resync("ahead")
    return LiveEvents(run, after)


async def cancel(user_id: int, run_id: UUID) -> None:
    """Stop a run. One that has ended already stays as it is.

    Raises:
        AppError: ``run_not_found``.
    """
    here = await manager.current()
    run = here.run(run_id)
    if run is None or run.ids.owner_id != user_id:
        await in_database(run_for, user_id, run_id)
        # Stored first, then notified: a notification may be lost, and while Redis is away there is
        # none; the process that answers reads the row four times a second.
        if await in_database(run_request_stop, owner_id=user_id, run_id=run_id):
            here.notifier.publish_stop(run_id)
        return
    run.stop("cancelled")


async def check_thread(user_id: int, thread_id: UUID) -> None:
    """Raises ``AppError`` ``thread_not_found``, unless the thread is the user's."""
    await in_database(thread_for, user_id, thread_id)
