"""What is read from conversations, for a person, a page or the next answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, OuterRef, Q, Subquery, TextField
from django.db.models.functions import Cast

from conversations.access import run_for, thread_for
from conversations.branches import path_in, path_to
from conversations.compaction import EVENT_CHARS, AguiEvent, compact
from conversations.cursors import cursor_after, read_cursor
from conversations.files.attachments import refusals_of, said, without_refused
from conversations.models import Artifact, Event, Message, Run, Thread

REFUSED = frozenset(
    {"blocked", "recitation", "language", "bad_request", "too_long", "too_large", "stopped"}
)
"""Codes of errors that say: this very question, asked again, is refused again."""

PAGE_SIZE = 50
EVENTS_PAGE_SIZE = 1000
EVENTS_PAGE_CHARS = 1024 * 1024
EVENTS_BATCH = 100
RUNS_PAGE_SIZE = 30
RUNS_PAGE_CHARS = 1024 * 1024
RUNS_BATCH = 6
MESSAGES_BATCH = 20
RUN_CHARS = 256 * 1024  # of the log of a run that has no transcript (yet)


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """A thread as a list shows it, where ``instructions`` are left out."""

    id: UUID
    title: str
    created_at: datetime
    updated_at: datetime
    running_run: UUID | None = None
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class ThreadPage:
    results: list[ThreadSummary]
    next: str | None


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events with their seq, as JSON text; ``more``: there may be others after them."""

    events: list[tuple[int, str]]
    more: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A run and its events so far, folded, with its messages.

    Args:
        last_seq: the last event that ``events`` contain.
        complete: there are no more; else the run goes on, or is too long to be told at once. Then
            the messages are the user's alone.
        chars: what it takes on a page, about.
    """

    run: Run
    last_seq: int
    events: list[AguiEvent]
    complete: bool
    messages: list[Message]
    chars: int


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """Some runs of a thread that follow each other in time, and the cursor of those before."""

    thread: ThreadSummary
    runs: list[Told]
    next: str | None

    @property
    def messages(self) -> list[Message]:
        found = [message for told in self.runs for message in told.messages]
        return sorted(found, key=lambda message: message.position)


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
    return ThreadSummary(
        thread.pk,
        thread.title,
        thread.created_at,
        thread.updated_at,
        running,
        thread.instructions,
    )


def thread_messages(*, user_id: int, thread_id: UUID | str, cursor: str = "") -> ConversationPage:
    """What was said in a thread, and how, up to now: its newest runs, or those before a cursor.

    It takes no transaction, which on SQLite would queue every page load behind the writers. What
    is read fits together by the order of reading: a run is told up to ``last_seq``, the last of
    the events that were really read, and messages of runs that are not told are left out. So
    following each running run after its ``last_seq`` misses nothing and repeats nothing.
    """
    thread = thread_detail(user_id=user_id, thread_id=thread_id)
    runs = Run.objects.filter(thread_id=thread.id).order_by("-created_at", "-id")
    if cursor:
        at, run_id = read_cursor(cursor)
        runs = runs.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=run_id))
    newest = list(runs.defer("contents", "transcript", "instructions")[: RUNS_PAGE_SIZE + 1])
    page: list[Told] = []
    room = RUNS_PAGE_CHARS
    for told in _told(newest[:RUNS_PAGE_SIZE]):
        room -= told.chars
        if page and room < 0:
            break
        page.append(told)
    last = page[-1].run if len(page) < len(newest) else None
    following = cursor_after(last.created_at, last.pk) if last else None
    return ConversationPage(thread, page[::-1], following)


def _mark_refused(messages: Iterable[Message]) -> None:
    """Say of attachments that Google cannot use why that is: found out after they were sent."""
    files = [file for message in messages for file in message.attachments]
    refused = refusals_of(file["id"] for file in files)
    for file in files:
        if file["id"] in refused:
            file["refused"] = refused[file["id"]]


def _told(runs: Sequence[Run]) -> Iterator[Told]:
    """Some at a time: how many fit on a page is seen when they are read."""
    for at in range(0, len(runs), RUNS_BATCH):
        batch = runs[at : at + RUNS_BATCH]
        text = Cast("transcript", TextField())
        ids = [run.pk for run in batch]
        ended = Run.objects.filter(pk__in=ids, transcript__isnull=False).order_by()
        transcripts = dict(ended.annotate(raw=text).values_list("pk", "raw"))
        said: dict[UUID, list[Message]] = {run_id: [] for run_id in ids}
        whole = Q(run__in=list(transcripts)) | Q(run__in=ids, role=Message.Role.USER)
        messages = list(Message.objects.filter(whole).order_by("position"))
        _mark_refused(messages)
        for message in messages:
            said[message.run_id].append(message)
        for run in batch:
            yield _told_run(run, transcripts.get(run.pk), said[run.pk])


def _told_run(run: Run, transcript: str | None, messages: list[Message]) -> Told:
    chars = sum(len(message.text) for message in messages)
    if transcript is not None:
        events = json.loads(transcript)
        return Told(run, run.last_seq, events, True, messages, chars + len(transcript))
    page = events_after(run_id=run.pk, after=0, chars=RUN_CHARS, limit=RUN_CHARS // EVENT_CHARS)
    events = compact(json.loads(data) for _, data in page.events)
    last_seq = page.events[-1][0] if page.events else 0
    return Told(run, last_seq, events, False, messages, chars + RUN_CHARS)


def messages_of(thread_id: UUID) -> Iterator[Message]:
    """All that was said in a thread, in order; some messages are in memory at a time."""
    messages = Message.objects.filter(thread_id=thread_id).order_by("position")
    after = 0
    while batch := list(messages.filter(position__gt=after)[:MESSAGES_BATCH]):
        yield from batch
        after = batch[-1].position


def current_branch(thread_id: UUID) -> set[UUID]:
    """The runs of the branch that was spoken in last, from its newest run to its first."""
    newest = Message.objects.filter(thread_id=thread_id).order_by("-position")
    parents = dict(Run.objects.filter(thread_id=thread_id).order_by().values_list("pk", "parent"))
    return set(path_in(parents, newest.values_list("run_id", flat=True).first()))


def history_for(run_id: UUID | None) -> list[list[dict[str, Any]]]:
    """What Gemini is told was said up to a run: one list of contents per run, oldest first.

    That is what the run and its ancestors say; other branches have no part in it. Two queries,
    and one if there are files, however many runs there are; none for None, the start.

    A run that failed or was stopped before the model said anything still counts: the person did
    say it and may refer to it ("try that again"), and Gemini accepts two user contents in a row.
    But what Google refused does not go back, or every later question would be refused for it: a
    question that was refused as such is left out, of a file that was refused only the name goes.
    """
    asked = Message.objects.filter(run__in=path_to(run_id), role=Message.Role.USER)
    fields = ("text", "attachments", "run__contents", "run__error_code")
    rows = asked.order_by("position").values_list(*fields)
    exchanges = [
        [said(text, files), *contents]
        for text, files, contents, code in rows
        if contents or code not in REFUSED
    ]
    sendable = iter(without_refused([content for one in exchanges for content in one]))
    return [[next(sendable) for _ in one] for one in exchanges]


def run_detail(*, user_id: int, run_id: UUID | str) -> Run:
    return run_for(user_id, run_id)


def events_after(
    *, run_id: UUID, after: int, limit: int = EVENTS_PAGE_SIZE, chars: int = EVENTS_PAGE_CHARS
) -> EventPage:
    """The next events, at most ``limit`` and about ``chars``; the caller came by ``run_for``."""
    rows = Event.objects.filter(run_id=run_id).order_by("seq").values_list("seq", "data")
    found: list[tuple[int, str]] = []
    while True:
        wanted = min(EVENTS_BATCH, limit - len(found))
        batch = list(rows.filter(seq__gt=after)[:wanted])
        found += batch
        chars -= sum(len(data) for _, data in batch)
        if len(batch) < wanted:
            return EventPage(found, more=False)
        if chars <= 0 or len(found) >= limit:
            return EventPage(found, more=True)
        after = batch[-1][0]


def log_of(run_id: UUID) -> Iterator[AguiEvent]:
    """The stored events of a run, in order; a page of them is in memory at a time."""
    after, more = 0, True
    while more:
        page = events_after(run_id=run_id, after=after)
        for _, data in page.events:
            yield json.loads(data)
        more = page.more
        after = page.events[-1][0] if page.events else after


def last_position(thread_id: UUID) -> int:
    found = Message.objects.filter(thread_id=thread_id).aggregate(last=Max("position"))
    return found["last"] or 0
