"""Threads: their list, and what a person does to one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import OuterRef, Q, Subquery
from django.dispatch import receiver

from accounts.services import user_deletion
from common.deletion import delete_with_retry
from common.keylike import refuse_key, without_keys
from common.paging import newest_first, page_of, time_cursor
from common.text import sanitize_text, visible_text
from conversations.access import thread_for
from conversations.models import Run, Thread

PAGE_SIZE = 50
TITLE_CHARS = 80
_MARKDOWN_START = re.compile(r"^\s*(?:#{1,6}\s|>|[-*]\s|```.*)\s*")


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


def thread_list(*, user_id: int, cursor: str = "") -> ThreadPage:
    """The threads of a user, the last one spoken in first."""
    threads = newest_first(Thread.objects.filter(owner_id=user_id), "updated_at", cursor)
    running = Run.objects.filter(thread=OuterRef("pk"), status=Run.Status.RUNNING)
    columns = ("id", "title", "created_at", "updated_at", Subquery(running.values("id")[:1]))
    rows, last = page_of(threads.values_list(*columns), PAGE_SIZE)
    threads_shown = [ThreadSummary(*row) for row in rows]
    if last is None:
        return ThreadPage(threads_shown, None)
    return ThreadPage(
        threads_shown, time_cursor(threads_shown[-1].updated_at, threads_shown[-1].id)
    )


def thread_detail(*, user_id: int, thread_id: UUID | str) -> ThreadSummary:
    """Raises ``AppError`` ``thread_not_found`` (404)."""
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


def title_from(text: str) -> str:
    """A title made of the first line that says something, cut at a word; never with a key."""
    # A message with a key can be sent on purpose; a title is in every list and in the window's.
    text = without_keys(text)
    lines = (visible_text(_MARKDOWN_START.sub("", line)) for line in text.splitlines())
    line = next((line for line in lines if line), "")
    if len(line) <= TITLE_CHARS:
        return line
    cut = line[: TITLE_CHARS - 1]
    words, _, _ = cut.rpartition(" ")
    return (words or cut).rstrip(" ,;:.") + "…"


def thread_create(*, owner_id: int, title: str = "") -> Thread:
    """Raises ``AppError`` ``looks_like_key`` for a title with a key in it."""
    refuse_key(title, field="title")
    thread = Thread(owner_id=owner_id, title=_tidy(title))
    thread.clean_fields(exclude=["owner"])
    thread.save(force_insert=True)
    return thread


def thread_rename(*, owner_id: int, thread_id: UUID | str, title: str) -> Thread:
    """Give a thread another title; its place in the list stays: there is no new message.

    Raises:
        AppError: ``thread_not_found``; ``looks_like_key`` for a title with a key in it.
    """
    thread = thread_for(owner_id, thread_id)
    refuse_key(title, field="title")
    thread.title = _tidy(title)
    thread.clean_fields(exclude=["owner"])
    thread.save(update_fields=["title"])
    return thread


def thread_instruct(*, owner_id: int, thread_id: UUID | str, instructions: str) -> None:
    """Set the owner's instructions for a thread, from the next answer on; empty is none.

    Raises:
        AppError: ``thread_not_found``; ``looks_like_key`` for a text with a key in it.
    """
    refuse_key(instructions, field="instructions")
    thread = thread_for(owner_id, thread_id)
    thread.instructions = sanitize_text(instructions)
    thread.save(update_fields=["instructions"])


def _tidy(title: str) -> str:
    return visible_text(sanitize_text(title))


def thread_delete(*, owner_id: int, thread_id: UUID | str) -> None:
    """Delete a thread with its messages, runs and files; a running answer loses its log.

    Another process may be writing the log of a run in it at this very moment.
    """

    def delete() -> None:
        thread = thread_for(owner_id, thread_id)
        # A cascade deletes from the leaves up: an event that is inserted after the events were
        # deleted and before its run is would fail the whole deletion by its foreign key. Writers
        # lock the run before they insert (``log.py``, ``run_end.py``); so with thread and runs
        # locked here first, each of them either inserted before the cascade begins, or finds its
        # run gone and gives up.
        _lock(Q(pk=thread.pk), Q(thread=thread))
        thread.delete()

    # What refers to a run without locking it (a row of the ledger, a file that an agent makes) can
    # still come in between.
    delete_with_retry(delete)


@receiver(user_deletion, dispatch_uid="conversations.lock_for_deletion")
def lock_for_deletion(user: User, **kwargs: Any) -> None:
    """Hold up whoever writes to the user's runs, or to a borrower's with one of the user's keys.

    For the reason that ``thread_delete`` gives.
    """
    # A borrower's answer writes to a run of its own, which refers to the key that goes with its
    # lender. Only running ones: those that have ended are written to by nobody.
    _lock(Q(owner=user), Q(owner=user) | Q(key__user=user, status=Run.Status.RUNNING))


def _lock(threads: Q, runs: Q) -> None:
    """Lock rows in the one order there is, or two of us wait for each other: threads, then runs,
    each by id."""
    for model, rows in ((Thread, threads), (Run, runs)):
        # Not NO KEY as elsewhere: these rows are going, so what wants to refer to them has to wait.
        locked = model._default_manager.select_for_update(of=("self",)).filter(rows)
        list(locked.order_by("pk").values_list("pk"))
