"""The messages of a thread, with the runs they came from: in pages, or all for an export."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max, Q, TextField
from django.db.models.functions import Cast

from common.paging import newest_first, time_cursor
from conversations.compaction import EVENT_CHARS, AguiEvent, compact
from conversations.files.attachments import refusals_of
from conversations.log import events_after
from conversations.models import Message, Run
from conversations.threads import ThreadSummary, thread_detail

RUNS_PAGE_SIZE = 30
RUNS_PAGE_CHARS = 1024 * 1024
RUNS_BATCH = 6
MESSAGES_BATCH = 20
RUN_CHARS = 256 * 1024  # of the log of a run that has no transcript (yet)


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """A run and its events so far, folded, with its messages.

    Args:
        last_seq: the last event that ``events`` contain.
        complete: there are no more; else the run goes on, or is too long for a page. Then the
            messages are the user's alone.
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
    runs: list[RunSnapshot]
    next: str | None

    @property
    def messages(self) -> list[Message]:
        messages = [message for snapshot in self.runs for message in snapshot.messages]
        return sorted(messages, key=lambda message: message.position)


def thread_messages(*, user_id: int, thread_id: UUID | str, cursor: str = "") -> ConversationPage:
    """A page of a thread, up to now: its newest runs, or those before a cursor.

    Following each running run after the ``last_seq`` of its snapshot misses nothing and repeats
    nothing.

    Raises:
        AppError: ``thread_not_found`` (404), ``bad_cursor``.
    """
    # No transaction, which on SQLite would queue every page load behind the writers (it begins
    # IMMEDIATE). What is read fits together by the order of reading: ``last_seq`` is the last of
    # the events that were really read, and messages of runs that are not on the page are left out.
    thread = thread_detail(user_id=user_id, thread_id=thread_id)
    runs = newest_first(Run.objects.filter(thread_id=thread.id), "created_at", cursor)
    newest = list(runs.defer("contents", "transcript", "instructions")[: RUNS_PAGE_SIZE + 1])
    page: list[RunSnapshot] = []
    room = RUNS_PAGE_CHARS
    for snapshot in _snapshots(newest[:RUNS_PAGE_SIZE]):
        room -= snapshot.chars
        # The first one comes however large it is, or the page before it could never be reached.
        if page and room < 0:
            break
        page.append(snapshot)
    last = page[-1].run if len(page) < len(newest) else None
    following = time_cursor(last.created_at, last.pk) if last else None
    return ConversationPage(thread, page[::-1], following)


def _snapshots(runs: Sequence[Run]) -> Iterator[RunSnapshot]:
    """Some at a time: how many fit on a page is seen when they are read."""
    for at in range(0, len(runs), RUNS_BATCH):
        batch = runs[at : at + RUNS_BATCH]
        ids = [run.pk for run in batch]
        # As text: most transcripts are only counted and copied. The messages come after the
        # transcripts: those of a run that ends in between stay out, as its transcript does.
        ended = Run.objects.filter(pk__in=ids, transcript__isnull=False).order_by()
        text = Cast("transcript", TextField())
        transcripts = dict(ended.annotate(text=text).values_list("pk", "text"))
        whole = Q(run__in=list(transcripts)) | Q(run__in=ids, role=Message.Role.USER)
        messages = list(Message.objects.filter(whole).order_by("position"))
        _mark_refused(messages)
        by_run: dict[UUID, list[Message]] = {run_id: [] for run_id in ids}
        for message in messages:
            by_run[message.run_id].append(message)
        for run in batch:
            yield _snapshot(run, transcripts.get(run.pk), by_run[run.pk])


def _snapshot(run: Run, transcript: str | None, messages: list[Message]) -> RunSnapshot:
    chars = sum(len(message.text) for message in messages)
    if transcript is not None:
        events = json.loads(transcript)
        return RunSnapshot(run, run.last_seq, events, True, messages, chars + len(transcript))
    # Its beginning alone, or one long answer would fill every page that it is on; readers follow
    # its log from there.
    page = events_after(run_id=run.pk, after=0, chars=RUN_CHARS, limit=RUN_CHARS // EVENT_CHARS)
    events = compact(json.loads(data) for _, data in page.events)
    last_seq = page.events[-1][0] if page.events else 0
    return RunSnapshot(run, last_seq, events, False, messages, chars + RUN_CHARS)


def _mark_refused(messages: Iterable[Message]) -> None:
    """Note at attachments that Google cannot use why that is: known only after they were sent."""
    files = [file for message in messages for file in message.attachments]
    refused = refusals_of(file["id"] for file in files)
    for file in files:
        if file["id"] in refused:
            file["refused"] = refused[file["id"]]


def messages_of(thread_id: UUID) -> Iterator[Message]:
    """All messages of a thread, in order; some of them are in memory at a time."""
    messages = Message.objects.filter(thread_id=thread_id).order_by("position")
    after = 0
    while batch := list(messages.filter(position__gt=after)[:MESSAGES_BATCH]):
        yield from batch
        after = batch[-1].position


def last_position(thread_id: UUID) -> int:
    """The position of a thread's last message; 0 if it has none."""
    last = Message.objects.filter(thread_id=thread_id).aggregate(last=Max("position"))["last"]
    return last or 0
