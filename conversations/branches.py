"""The tree of a conversation: which run goes on from which.

A run names the run before it, its parent; without one it opens the conversation. Two runs after
the same parent are two branches: an answer asked for again, or a message that was edited. What
was said before a run is said by its ancestors alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal
from uuid import UUID

from common.errors import not_found
from conversations.models import Message, Run


@dataclass(frozen=True, slots=True)
class After:
    """Where in a conversation a new run goes on.

    ``After.NEWEST``: after what was said last. ``After.START``: after nothing, as a new beginning.
    ``After.run(id)``, ``After.message(id)``: after that run, or the run of that message.
    """

    what: Literal["newest", "start", "run", "message"]
    id: UUID | None = None

    NEWEST: ClassVar[After]
    START: ClassVar[After]

    @classmethod
    def run(cls, run_id: UUID) -> After:
        return cls("run", run_id)

    @classmethod
    def message(cls, message_id: UUID) -> After:
        return cls("message", message_id)


After.NEWEST, After.START = After("newest"), After("start")


def parent_for(after: After, *, thread_id: UUID, newest: UUID | None) -> UUID | None:
    """The run that a new one in this thread goes on from; None: it opens the conversation.

    Args:
        newest: the run that was opened last in the thread.

    Raises:
        AppError: ``run_not_found`` or ``message_not_found``, for what is not in this thread,
            wherever else it may be.
    """
    if after.what == "newest":
        return newest
    if after.what == "start" or after.id is None:
        return None
    if after.what == "run":
        here = Run.objects.filter(pk=after.id, thread_id=thread_id).order_by()
        run_id = here.values_list("pk", flat=True).first()
    else:
        messages = Message.objects.filter(pk=after.id, thread_id=thread_id).order_by()
        run_id = messages.values_list("run_id", flat=True).first()
    if run_id is None:
        raise not_found(after.what)
    return run_id


def newest_run(thread_id: UUID) -> tuple[UUID | None, int]:
    """The run that was opened last in the thread, and the last position taken by a message.

    Told by positions, which are given under the thread's lock: hosts may differ about the time.
    """
    messages = Message.objects.filter(thread_id=thread_id).order_by("-position")
    return messages.values_list("run_id", "position").first() or (None, 0)


def path_to(run_id: UUID | None) -> list[UUID]:
    """A run and its ancestors, the newest first; one query, however many they are."""
    if run_id is None:
        return []
    runs = Run.objects.filter(thread__runs=run_id).order_by()
    return list(path_in(dict(runs.values_list("pk", "parent_id")), run_id))


def path_in(parents: Mapping[UUID, UUID | None], run_id: UUID | None) -> Iterator[UUID]:
    """``path_to`` where the parents of the thread's runs are at hand."""
    while run_id is not None:
        yield run_id
        run_id = parents[run_id]


def current_branch(thread_id: UUID) -> set[UUID]:
    """The runs of the branch that was spoken in last."""
    newest, _ = newest_run(thread_id)
    runs = Run.objects.filter(thread_id=thread_id).order_by()
    return set(path_in(dict(runs.values_list("pk", "parent_id")), newest))
