"""What a person does to threads."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q
from django.dispatch import receiver

from accounts.services import user_deletion
from common.deletion import delete_with_retry
from common.keylike import refuse_key, without_keys
from common.text import sanitize_text, visible_text
from conversations.access import thread_for
from conversations.files.artifacts import artifact_create
from conversations.models import Run, Thread

__all__ = [
    "artifact_create",
    "thread_create",
    "thread_delete",
    "thread_instruct",
    "thread_rename",
    "title_from",
]

TITLE_CHARS = 80
_MARKDOWN_START = re.compile(r"^\s*(?:#{1,6}\s|>|[-*]\s|```.*)\s*")


def title_from(text: str) -> str:
    """A title made of the first line that says something, cut at a word; never with a key."""
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
    """Give a thread another title; its place in the list stays, for nothing was said.

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
    """Remove the thread and all that was said and made in it; a running answer loses its log."""

    def delete() -> None:
        thread = thread_for(owner_id, thread_id)
        # Under these locks nobody appends an event between our look and our delete.
        _lock(Q(pk=thread.pk), Q(thread=thread))
        thread.delete()

    delete_with_retry(delete)


@receiver(user_deletion, dispatch_uid="conversations.lock_for_deletion")
def lock_for_deletion(user: User, **kwargs: Any) -> None:
    """Hold up whoever writes to the user's runs, or to a borrower's with one of the user's keys."""
    _lock(Q(owner=user), Q(owner=user) | Q(key__user=user, status=Run.Status.RUNNING))


def _lock(threads: Q, runs: Q) -> None:
    """Lock rows in the one order there is: threads, then runs, each by id."""
    for model, rows in ((Thread, threads), (Run, runs)):
        locked = model._default_manager.select_for_update(of=("self",)).filter(rows)
        list(locked.order_by("pk").values_list("pk"))
