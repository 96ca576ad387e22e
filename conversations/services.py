"""What a person does to threads, and how files come and go with them."""

from __future__ import annotations

import re
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from common.errors import not_found
from conversations.access import run_for, thread_for
from conversations.models import Artifact, Run, Thread
from conversations.storable import storable_text

TITLE_CHARS = 80
_MARKDOWN_START = re.compile(r"^\s*(?:#{1,6}\s|>|[-*]\s|```.*)\s*")


def title_from(text: str) -> str:
    """A title made of the first line that says something, cut at a word."""
    lines = (" ".join(_MARKDOWN_START.sub("", line).split()) for line in text.splitlines())
    line = next((line for line in lines if line), "")
    line = "".join(char for char in line if char.isprintable())
    if len(line) <= TITLE_CHARS:
        return line
    cut = line[: TITLE_CHARS - 1]
    words, _, _ = cut.rpartition(" ")
    return (words or cut).rstrip(" ,;:.") + "…"


def thread_create(*, owner_id: int, title: str = "") -> Thread:
    thread = Thread(owner_id=owner_id, title=_tidy(title))
    thread.clean_fields(exclude=["owner"])
    thread.save(force_insert=True)
    return thread


def thread_rename(*, owner_id: int, thread_id: UUID | str, title: str) -> Thread:
    """Give a thread another title; its place in the list stays, for nothing was said."""
    thread = thread_for(owner_id, thread_id)
    thread.title = _tidy(title)
    thread.clean_fields(exclude=["owner"])
    thread.save(update_fields=["title"])
    return thread


def _tidy(title: str) -> str:
    return " ".join(storable_text(title).split())


def thread_delete(*, owner_id: int, thread_id: UUID | str) -> None:
    """Remove the thread and all that was said and made in it; a running answer loses its log."""
    with transaction.atomic():
        thread = thread_for(owner_id, thread_id)
        # Under these locks nobody appends an event between our look and our delete.
        list(Thread.objects.select_for_update().filter(pk=thread.pk).values_list("pk"))
        list(Run.objects.select_for_update().filter(thread=thread).order_by("pk").values_list("pk"))
        thread.delete()


def artifact_create(
    *,
    owner_id: int,
    thread_id: UUID,
    run_id: UUID | None,
    data: bytes,
    mime_type: str,
    name: str,
) -> Artifact:
    """Keep a file; its path is random and nothing of it comes from the name."""
    thread = thread_for(owner_id, thread_id)
    run = run_for(owner_id, run_id) if run_id else None
    artifact = Artifact(owner_id=owner_id, thread=thread, run=run, size_bytes=len(data))
    artifact.mime_type = storable_text(mime_type)[:100]
    artifact.name = storable_text(name)[:200]
    artifact.file.save("", ContentFile(data), save=False)
    try:
        artifact.save(force_insert=True)
    except IntegrityError:  # the thread was deleted meanwhile
        artifact.file.delete(save=False)
        raise not_found("thread") from None
    return artifact
