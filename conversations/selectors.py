"""What is read from conversations, for a person, a page or the next answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, OuterRef, Q, Subquery

from conversations.access import run_for, thread_for
from conversations.attachments import said
from conversations.branches import path_in, path_to
from conversations.compaction import AguiEvent, compact
from conversations.cursors import cursor_after, read_cursor
from conversations.models import Artifact, Event, Message, Run, Thread

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

    def current(self) -> set[UUID]:
        """The runs of the branch that was spoken in last, from its newest run to its first."""
        parents = {told.run.pk: told.run.parent_id for told in self.runs}
        return set(path_in(parents, self.messages[-1].run_id if self.messages else None))


def thread_list(*, user_id: int, cursor: str = "", limit: int = PAGE_SIZE) -> ThreadPage:
    """The threads of a user, the last one spoken in first."""
    threads = Thread.objects.filter(owner_id=user_id).order_by("-updated_at", "-id")
    if cursor:
        at, thread_id = read_cursor(cursor)
        threads = threads.filter(Q(updated_at__lt=at) | Q(updated_at=at, id__lt=thread_id))
    running = Run.objects.filter(thread=OuterRef("pk"), status=Run.Status.RUNNING)
    rows = threads.values_list(
        "id", "title", "created_at", "updated_at", Subquery(running.values("id")[:1])
    )
    found = [ThreadSummary(*row) for row in rows[: limit + 1]]
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return ThreadPage(found[:limit], cursor_after(last.updated_at, last.id) if last else None)


def file_list(
    *, user_id: int, cursor: str = "", limit: int = PAGE_SIZE
) -> tuple[list[Artifact], str | None]:
    """A page of a user's files, the newest first, and the cursor of the next page."""
    files = Artifact.objects.filter(owner_id=user_id).order_by("-created_at", "-id")
    if cursor:
        at, file_id = read_cursor(cursor)
        files = files.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=file_id))
    found = list(files[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return found[:limit], cursor_after(last.created_at, last.pk) if last else None


def thread_detail(*, user_id: int, thread_id: UUID | str) -> ThreadSummary:
    thread = thread_for(user_id, thread_id)
    running = thread.runs.filter(status=Run.Status.RUNNING).values_list("pk", flat=True).first()
    return ThreadSummary(thread.pk, thread.title, thread.created_at, thread.updated_at, running)


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


def history_for(run_id: UUID | None) -> list[list[dict[str, Any]]]:
    """What Gemini is told was said up to a run: one list of contents per run, oldest first.

    That is what the run and its ancestors say; other branches have no part in it. Two queries,
    however many runs there are; none for None, the start.

    A run that failed or was stopped before the model said anything still counts: the person did
    say it and may refer to it ("try that again"), and Gemini accepts two user contents in a row.
    """
    asked = Message.objects.filter(run__in=path_to(run_id), role=Message.Role.USER)
    rows = asked.order_by("position").values_list("text", "attachments", "run__contents")
    return [[said(text, files), *contents] for text, files, contents in rows]


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
