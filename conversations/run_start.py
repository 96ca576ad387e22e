"""Opening a run: a user's message and the run that answers it, stored together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from common.errors import AppError, not_found
from common.text import sanitize_text
from conversations.branches import After, newest_run, parent_for
from conversations.files.attachments import attachments_take, snapshot_of_address
from conversations.history import history_for
from conversations.models import Message, Run, Thread
from conversations.runs import FIRST_FENCE, lease_end
from conversations.threads import title_from
from gemini.addresses import Address
from gemini.instructions import Instructions

ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """What ``run_open`` found or made.

    ``history`` holds one list of Gemini contents per run before it, on its own branch,
    ``attachments`` what the new message carries: ``[{id, name, mime_type, size_bytes}]``,
    ``instructions`` those it is answered by. All are empty when ``created`` is false: that run is
    already on its way and needs no second work order.
    """

    run_id: UUID
    thread_id: UUID
    message_id: UUID
    fence: int
    history: list[list[dict[str, Any]]]
    created: bool
    thread_created: bool
    last_seq: int
    attachments: list[dict[str, Any]] = field(default_factory=list)
    instructions: Instructions = field(default_factory=Instructions)


def run_open(
    *,
    owner_id: int,
    thread_id: UUID,
    run_id: UUID,
    message_id: UUID,
    text: str,
    continues: bool,
    agent: str,
    model: str,
    key_id: UUID,
    lease_owner: str,
    lease_s: float,
    parent: After = After.NEWEST,
    attachments: Sequence[UUID] = (),
    addresses: Sequence[Address] = (),
    instructions: str | None = None,
    profile_instructions: str = "",
) -> OpenedRun:
    """Store a user's message and the run that answers it; sent again, find the same run.

    Args:
        continues: the client believes that the thread exists, so it is not made.
        parent: where in the thread it goes on.
        attachments: the owner's files that the message carries.
        addresses: what it carries besides, which lies elsewhere.
        instructions: of the owner for this conversation, from now on; None leaves them.
        profile_instructions: for all conversations.

    Raises:
        AppError: ``thread_not_found``, ``run_not_found``, ``message_not_found``,
            ``key_not_found``, ``thread_busy``, ``file_not_found``, ``too_many_files``.
    """
    asked = _Asked(
        message_id,
        sanitize_text(text),
        tuple(attachments),
        tuple(addresses),
        continues,
        parent,
        instructions,
        profile_instructions,
    )
    run = Run(id=run_id, owner_id=owner_id, thread_id=thread_id, key_id=key_id, fence=FIRST_FENCE)
    run.agent, run.model, run.lease_owner = agent, model, lease_owner
    run.lease_until = lease_end(lease_s)
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return _open(run, asked)
        except IntegrityError:
            continue  # somebody else stored one of these ids first: look again
    if not apps.get_model("apikeys.UserApiKey").objects.filter(pk=key_id).exists():
        raise not_found("key")
    raise _busy()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a user sends with a run."""

    message_id: UUID
    text: str
    attachments: tuple[UUID, ...]
    addresses: tuple[Address, ...]
    continues: bool
    after: After
    instructions: str | None
    profile_instructions: str


def _open(run: Run, asked: _Asked) -> OpenedRun:
    thread = _locked_thread(run)
    said = _said_before(run, asked.message_id)
    opened = _opened_before(run, said, asked.message_id)
    if opened:
        return opened
    thread_created = thread is None
    if thread is None:
        if asked.continues:
            raise not_found("thread")
        run.parent_id = parent_for(asked.after, thread_id=run.thread_id, newest=None)
        thread = Thread.objects.create(id=run.thread_id, owner_id=run.owner_id)
        history, position = [], 1
    else:
        if thread.runs.filter(status=Run.Status.RUNNING).exists():
            raise _busy()
        newest, last = newest_run(thread.pk)
        run.parent_id = parent_for(asked.after, thread_id=thread.pk, newest=newest)
        history, position = history_for(run.parent_id), last + 1
    instructions = _frozen_instructions(run, thread, asked)
    run.save(force_insert=True)
    files = attachments_take(owner_id=run.owner_id, thread_id=thread.pk, ids=asked.attachments)
    files += map(snapshot_of_address, asked.addresses)
    thread.updated_at = timezone.now()
    thread.title = thread.title or title_from(asked.text) or (files[0]["name"] if files else "")
    thread.save(update_fields=["updated_at", "title", "instructions"])
    taken = any(message.id == asked.message_id for message in said)
    message = Message.objects.create(
        # The client chose this id; if it stands in another thread, ours gets one of its own.
        id=uuid4() if taken else asked.message_id,
        thread=thread,
        run=run,
        position=position,
        role=Message.Role.USER,
        text=asked.text,
        attachments=files,
    )
    ids = (run.pk, thread.pk, message.pk)
    return OpenedRun(*ids, run.fence, history, True, thread_created, 0, files, instructions)


def _frozen_instructions(run: Run, thread: Thread, asked: _Asked) -> Instructions:
    """What the run is answered by, whatever becomes of the profile and the thread later."""
    if asked.instructions is not None:
        thread.instructions = sanitize_text(asked.instructions)
    found = Instructions(asked.profile_instructions, thread.instructions)
    run.instructions = asdict(found) if found else {}
    return found


def _locked_thread(run: Run) -> Thread | None:
    """The thread under a lock; None if there is none."""
    thread = Thread.objects.select_for_update(no_key=True).filter(pk=run.thread_id).first()
    if thread is not None and thread.owner_id != run.owner_id:
        raise not_found("thread")
    return thread


@dataclass(frozen=True, slots=True)
class _Said:
    """A message under an id that the client chose, and its run."""

    id: UUID
    thread_id: UUID
    role: str
    run_id: UUID
    owner_id: int
    fence: int
    last_seq: int


def _said_before(run: Run, message_id: UUID) -> list[_Said]:
    """What stands under the ids that the client chose, wherever it stands."""
    said = Message.objects.filter(Q(run_id=run.pk, role=Message.Role.USER) | Q(pk=message_id))
    of_run = ("run_id", "run__owner_id", "run__fence", "run__last_seq")
    return [_Said(*row) for row in said.order_by().values_list("id", "thread_id", "role", *of_run)]


def _opened_before(run: Run, said: list[_Said], message_id: UUID) -> OpenedRun | None:
    """The run that was opened by an earlier copy of this very request."""
    same_run = next((message for message in said if message.run_id == run.pk), None)
    if same_run and (same_run.owner_id, same_run.thread_id) != (run.owner_id, run.thread_id):
        raise not_found("run")
    here = (message_id, run.thread_id, Message.Role.USER)
    found = same_run or next((m for m in said if (m.id, m.thread_id, m.role) == here), None)
    if found is None:
        return None
    ids = (found.run_id, found.thread_id, found.id)
    return OpenedRun(*ids, found.fence, [], False, False, found.last_seq)


def _busy() -> AppError:
    return AppError(
        "thread_busy",
        "This conversation is still being answered. Wait for the answer, or stop it first.",
        status=409,
    )
