"""The run engine's three functions. Every transport calls these, and holds no rule of its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.selectors import choices_of
from agents import live
from agents.budgets import LedgerBudget, check_budget
from agents.core import catalogue
from agents.core.engine import Answer, generate_streaming_response
from agents.core.keys import Key
from agents.core.outputs import Content, Media, Saved
from agents.core.turn import Limits
from agents.database import in_database
from agents.inputs import RunInput
from agents.liverun import LiveRun, Numbered, RunIds
from agents.reading import Resync as Resync
from agents.reading import stored
from apikeys.selectors import RunKey, run_keys
from common.errors import AppError
from conversations.access import run_for, thread_for
from conversations.models import Run
from conversations.opening import OpenedRun, run_open
from conversations.services import artifact_create
from conversations.stops import run_request_stop
from conversations.storable import storable_text

logger = logging.getLogger(__name__)

EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "audio/wav": "wav",
}


@dataclass(frozen=True, slots=True)
class Started:
    """A run that was accepted; ``created`` is False when this very question came before."""

    run_id: UUID
    thread_id: UUID
    message_id: UUID
    created: bool


@dataclass(frozen=True, slots=True)
class _WorkOrder:
    opened: OpenedRun
    model: str
    keys: tuple[RunKey, ...]


async def start(user_id: int, question: RunInput) -> Started:
    """Store the question and begin to answer it. Sent again, it finds the run that is there.

    The user's message is durable when this returns.

    Raises:
        AppError: no key that works, an unknown thread or model, a thread or user that is busy.
    """
    here = await live.current()
    if here.draining:
        raise AppError("restarting", "The server is restarting. Try again.", status=503)
    order = await in_database(_open, user_id, question, here.process)
    opened = order.opened
    if opened.created:
        ids = RunIds(opened.run_id, opened.thread_id, user_id, opened.fence)
        answer = _answer(here, ids, question, order)
        here.begin(LiveRun(ids, answer, total_s=settings.RUN_TOTAL_S))
    return Started(opened.run_id, opened.thread_id, opened.message_id, opened.created)


async def follow(
    user_id: int, run_id: UUID, after: int = 0
) -> AsyncGenerator[list[Numbered], None]:
    """The run's events after ``after``, as they come, up to its terminal one.

    Raises:
        AppError: ``run_not_found``.
        Resync: the events after ``after`` are not there, or never will be.
    """
    here = await live.current()
    run = here.run(run_id)
    if run is None or run.ids.owner_id != user_id:
        async with aclosing(stored(here, user_id, run_id, after)) as pages:
            async for rows in pages:
                yield rows
        return
    if after > len(run.tail):
        raise Resync("ahead")
    async with aclosing(run.follow(after)) as batches:
        async for rows in batches:
            yield rows
    if run.lost:
        raise Resync("interrupted")


async def cancel(user_id: int, run_id: UUID) -> None:
    """Stop a run. One that has ended already stays as it is.

    Raises:
        AppError: ``run_not_found``.
    """
    here = await live.current()
    run = here.run(run_id)
    if run is None or run.ids.owner_id != user_id:
        await in_database(run_for, user_id, run_id)
        if await in_database(run_request_stop, owner_id=user_id, run_id=run_id):
            here.bell.stop(run_id)
        return
    run.stop("cancelled")


async def check_thread(user_id: int, thread_id: UUID) -> None:
    """Raises ``AppError`` ``thread_not_found``, unless the thread is the user's."""
    await in_database(thread_for, user_id, thread_id)


@sensitive_variables()
def _open(user_id: int, question: RunInput, process: str) -> _WorkOrder:
    choices = choices_of(user_id)
    keys = run_keys(user_id, question.key_id, choices)
    model = _model(question.model, choices.ai_model)
    if _check_rates(user_id, question.run_id):
        check_budget(keys[0], catalogue.api_id(model), user_id)
    opened = run_open(
        owner_id=user_id,
        thread_id=question.thread_id,
        run_id=question.run_id,
        message_id=question.message_id,
        text=question.text,
        continues=question.continues,
        agent=question.agent,
        model=model,
        key_id=keys[0].id,
        lease_owner=process,
        lease_s=live.LEASE_S,
    )
    return _WorkOrder(opened, model, tuple(keys))


def _model(wanted: str | None, chosen: str) -> str:
    if wanted and not catalogue.is_known(wanted):
        raise AppError("unknown_model", "There is no such model. Choose one from the list.")
    return wanted or (chosen if catalogue.is_known(chosen) else catalogue.DEFAULT)


def _answer(here: live.Live, ids: RunIds, question: RunInput, order: _WorkOrder) -> Answer:
    async def save(media: Media) -> Saved:
        extension = EXTENSIONS.get(media.mime_type, "bin")
        artifact = await in_database(
            artifact_create,
            owner_id=ids.owner_id,
            thread_id=ids.thread_id,
            run_id=ids.run_id,
            data=media.data,
            mime_type=media.mime_type,
            name=f"{media.name}.{extension}",
        )
        url = f"/api/files/{artifact.id}/"
        return Saved(str(artifact.id), url, artifact.mime_type, artifact.name)

    history: tuple[Content, ...] = tuple(
        content for contents in order.opened.history for content in contents
    )
    keys = [Key(str(key.id), key.label, key.secret) for key in order.keys]
    return generate_streaming_response(
        api_key=keys[0],
        spare_keys=keys[1:],
        budget=LedgerBudget(order.keys, ids.owner_id),
        prompt=storable_text(question.text),  # as it was stored
        thread_id=str(ids.thread_id),
        run_id=str(ids.run_id),
        gemini=here.gemini,
        save=save,
        model=order.model,
        agent=question.agent,
        history=history,
        limits=_limits(),
    )


def _limits() -> Limits:
    return Limits(
        model_calls=settings.RUN_MODEL_CALLS,
        total_s=settings.RUN_TOTAL_S,
        first_byte_s=settings.RUN_FIRST_BYTE_S,
        idle_s=settings.RUN_IDLE_S,
    )


def _check_rates(user_id: int, run_id: UUID) -> bool:
    """Whether this run is new; counted in the database, for all processes together.

    Raises:
        AppError: ``too_many_runs`` at once, or ``too_many_messages`` in a minute.
    """
    a_minute_ago = timezone.now() - timedelta(minutes=1)
    wanted = Q(pk=run_id) | Q(status=Run.Status.RUNNING) | Q(created_at__gt=a_minute_ago)
    runs = Run.objects.filter(wanted, owner_id=user_id).order_by()
    found = list(runs.values_list("pk", "status", "created_at"))
    others = [(status, created_at) for pk, status, created_at in found if pk != run_id]
    if sum(status == Run.Status.RUNNING for status, _ in others) >= settings.RUNS_PER_USER:
        message = "Too many answers are being written at once. Wait for one, or stop one."
        raise AppError("too_many_runs", message, status=429)
    if sum(at > a_minute_ago for _, at in others) >= settings.MESSAGES_PER_MINUTE:
        message = "That was a lot of messages in one minute. Wait a moment, then go on."
        raise AppError("too_many_messages", message, status=429, retry_after_s=30)
    return len(others) == len(found)
