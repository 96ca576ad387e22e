"""The tree of a conversation: which run goes on from which.

A run names the run before it, its parent; without one it opens the conversation. Two runs after
the same parent are two branches: an answer that was regenerated, or a message that was edited.
What was said before a run is said by its ancestors alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol
from uuid import UUID

from common.errors import not_found
from conversations.models import Message, Run


class ParentChoice(Protocol):
    """Where in its thread a new run goes on: after its newest run, unless one of these is set.

    Attributes:
        at_start: after nothing, as a new beginning.
        parent_message_id: after the run of this message.
        parent_run_id: after this run.
    """

    @property
    def at_start(self) -> bool: ...
    @property
    def parent_message_id(self) -> UUID | None: ...
    @property
    def parent_run_id(self) -> UUID | None: ...


def parent_for(choice: ParentChoice, *, thread_id: UUID, newest: UUID | None) -> UUID | None:
    """The run that a new one in this thread goes on from; None: it opens the conversation.

    Args:
        newest: the run that was opened last in the thread.

    Raises:
        AppError: ``run_not_found`` or ``message_not_found``, for what is not in this thread,
            wherever else it may be.
    """
    if choice.at_start:
        return None
    if choice.parent_message_id is not None:
        # Looked for in this thread alone, so a branch cannot begin in somebody else's conversation,
        # and their text become its history.
        messages = Message.objects.filter(pk=choice.parent_message_id, thread_id=thread_id)
        run_id = messages.order_by().values_list("run_id", flat=True).first()
        if run_id is None:
            raise not_found("message")
        return run_id
    if choice.parent_run_id is not None:
        if not Run.objects.filter(pk=choice.parent_run_id, thread_id=thread_id).exists():
            raise not_found("run")
        return choice.parent_run_id
    return newest


def newest_run(thread_id: UUID) -> tuple[UUID | None, int]:
    """The run that was opened last in the thread, and the last position taken by a message.

    By positions, which are given out under the thread's lock: clocks of hosts may differ.
    """
    messages = Message.objects.filter(thread_id=thread_id).order_by("-position")
    return messages.values_list("run_id", "position").first() or (None, 0)


def path_to(run_id: UUID | None) -> list[UUID]:
    """A run and its ancestors, the newest first; one query, however many they are."""
    if run_id is None:
        return []
    runs = Run.objects.filter(thread__runs=run_id).order_by()
    return list(_path_in(dict(runs.values_list("pk", "parent_id")), run_id))


def current_branch(thread_id: UUID) -> set[UUID]:
    """The runs of the branch that was spoken in last."""
    newest, _ = newest_run(thread_id)
    runs = Run.objects.filter(thread_id=thread_id).order_by()
    return set(_path_in(dict(runs.values_list("pk", "parent_id")), newest))


def _path_in(parents: Mapping[UUID, UUID | None], run_id: UUID | None) -> Iterator[UUID]:
    # It ends: a run's parent was there before it, and is never changed.
    while run_id is not None:
        yield run_id
        run_id = parents[run_id]
