"""What is read from conversations, for a person, a page or the next answer."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, OuterRef, Q, Subquery

from common.errors import AppError
from conversations.access import canonical_uuid, run_for, thread_for
from conversations.compaction import AguiEvent, compact
from conversations.models import Event, Message, Run, Thread

PAGE_SIZE = 50
EVENTS_PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """A thread as a list shows it."""

    id: UUID
    title: str
    created_at: datetime
    updated_at: datetime
    running_run: UUID | None = None


@dataclass(frozen=True, slots=True)
class ThreadPage:
    results: list[ThreadSummary]
    next: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """A run and its events so far, folded; ``last_seq`` is the last one they contain."""

    run: Run
    last_seq: int
    events: list[AguiEvent]


@dataclass(frozen=True, slots=True)
class Conversation:
    thread: ThreadSummary
    messages: list[Message]
    runs: list[Told]


def thread_list(*, user_id: int, cursor: str = "", limit: int = PAGE_SIZE) -> ThreadPage:
    """The threads of a user, the last one spoken in first."""
    threads = Thread.objects.filter(owner_id=user_id).order_by("-updated_at", "-id")
    if cursor:
        at, thread_id = _read_cursor(cursor)
        threads = threads.filter(Q(updated_at__lt=at) | Q(updated_at=at, id__lt=thread_id))
    running = Run.objects.filter(thread=OuterRef("pk"), status=Run.Status.RUNNING)
    rows = threads.values_list(
        "id", "title", "created_at", "updated_at", Subquery(running.values("id")[:1])
    )
    found = [ThreadSummary(*row) for row in rows[: limit + 1]]
    more = len(found) > limit
    return ThreadPage(found[:limit], _cursor(found[limit - 1]) if more else None)


def thread_detail(*, user_id: int, thread_id: UUID | str) -> ThreadSummary:
    thread = thread_for(user_id, thread_id)
    running = thread.runs.filter(status=Run.Status.RUNNING).values_list("pk", flat=True).first()
    return ThreadSummary(thread.pk, thread.title, thread.created_at, thread.updated_at, running)


def _cursor(thread: ThreadSummary) -> str:
    place = f"{thread.updated_at.isoformat()}|{thread.id}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        at_text, _, id_text = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        at, thread_id = datetime.fromisoformat(at_text), canonical_uuid(id_text)
    except ValueError:
        thread_id = None
    if thread_id is None or at.tzinfo is None:
        raise AppError("bad_cursor", "This page of the list does not exist. Start from the first.")
    return at, thread_id


def thread_messages(*, user_id: int, thread_id: UUID | str) -> Conversation:
    """All that was said in a thread, and how, up to now.

    It takes no transaction, which on SQLite would queue every page load behind the writers. What
    is read fits together by the order of reading: a run is told up to ``last_seq``, the last of
    the events that were really read, and messages of runs that are not told are left out. So
    following each running run after its ``last_seq`` misses nothing and repeats nothing.
    """
    thread = thread_detail(user_id=user_id, thread_id=thread_id)
    runs = [_told(run) for run in Run.objects.filter(thread_id=thread.id).defer("contents")]
    messages = Message.objects.filter(run__in=[told.run.pk for told in runs]).order_by("position")
    return Conversation(thread, list(messages), runs)


def _told(run: Run) -> Told:
    if run.transcript is not None:
        return Told(run, run.last_seq, run.transcript)
    log = log_of(run.pk)
    return Told(run, len(log), compact(log))


def history_for(thread_id: UUID) -> list[list[dict[str, Any]]]:
    """What Gemini is told was said before: one list of contents per earlier run, in order.

    A run that failed or was stopped before the model said anything still counts: the person did
    say it and may refer to it ("try that again"), and Gemini accepts two user contents in a row.
    """
    said = Message.objects.filter(thread_id=thread_id, role=Message.Role.USER).order_by("position")
    return [
        [{"role": "user", "parts": [{"text": text}]}, *contents]
        for text, contents in said.values_list("text", "run__contents")
    ]


def run_detail(*, user_id: int, run_id: UUID | str) -> Run:
    return run_for(user_id, run_id)


def events_after(
    *, run_id: UUID, after: int, limit: int = EVENTS_PAGE_SIZE
) -> list[tuple[int, str]]:
    """The seq and the JSON text of the next events; the caller came through ``run_for``."""
    rows = Event.objects.filter(run_id=run_id, seq__gt=after).order_by("seq")
    return list(rows.values_list("seq", "data")[:limit])


def log_of(run_id: UUID) -> list[AguiEvent]:
    """The stored events of a run, in order."""
    rows = Event.objects.filter(run_id=run_id).order_by("seq").values_list("data", flat=True)
    return [json.loads(data) for data in rows]


def last_position(thread_id: UUID) -> int:
    found = Message.objects.filter(thread_id=thread_id).aggregate(last=Max("position"))
    return found["last"] or 0
