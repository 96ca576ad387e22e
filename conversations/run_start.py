"""Starting a run: a user's message and the run that answers it, stored together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Protocol
from uuid import UUID, uuid4

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from common.errors import AppError, not_found
from common.text import sanitize_text
from conversations.branches import ParentChoice, newest_run, parent_for
from conversations.files.attachments import StoredAttachment, attachments_take, stored_address
from conversations.history import history_for
from conversations.models import Message, Run, Thread
from conversations.runs import FIRST_FENCE, lease_end
from conversations.threads import title_from
from gemini.addresses import Address
from gemini.instructions import Instructions
from gemini.types import Content

ATTEMPTS = 3


class NewRun(ParentChoice, Protocol):
    """What is stored of a request for a run; ``agents.core.request.RunRequest`` is one.

    Attributes:
        run_id: chosen by the client; the same one sent again is the same run.
        continues: the client believes that the thread exists, so it is not created.
        attachments: the owner's files that the message carries.
        addresses: what it carries besides, which lies elsewhere.
        model: a name of the catalogue; ``agent`` likewise is as the user chose it.
        instructions: of the owner for this conversation, from now on; None leaves them.
    """

    @property
    def thread_id(self) -> UUID: ...
    @property
    def run_id(self) -> UUID: ...
    @property
    def message_id(self) -> UUID: ...
    @property
    def text(self) -> str: ...
    @property
    def continues(self) -> bool: ...
    @property
    def attachments(self) -> Sequence[UUID]: ...
    @property
    def addresses(self) -> Sequence[Address]: ...
    @property
    def agent(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def instructions(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class OpenedRun:
    """The run that ``run_open`` stored, or the one that was there.

    Attributes:
        created: false for a request that came before: that run is answered already, and
            ``history``, ``attachments`` and ``instructions`` are empty.
        history: of Gemini contents one list per run before it, on its own branch.
        attachments: what the new message carries.
        instructions: those it is answered by.
    """

    run_id: UUID
    thread_id: UUID
    message_id: UUID
    fence: int
    history: list[list[Content]]
    created: bool
    thread_created: bool
    last_seq: int
    attachments: list[StoredAttachment] = field(default_factory=list)
    instructions: Instructions = field(default_factory=Instructions)


def run_open(
    *,
    owner_id: int,
    request: NewRun,
    key_id: UUID,
    lease_owner: str,
    lease_s: float,
    enclosed: Sequence[UUID] = (),
    profile_instructions: str = "",
) -> OpenedRun:
    """Store a user's message and the run that answers it; sent again, return the same run.

    Both are durable when this returns, before the client is told ``accepted``. A client that did
    not hear that sends the request again, perhaps to another process, perhaps while the first
    copy is still at work; so all ids are the client's, and a copy does no harm.

    Args:
        enclosed: files of the owner's that the message carries besides the request's own.
        profile_instructions: of the owner for all conversations.

    Raises:
        AppError: ``thread_not_found``, ``run_not_found``, ``message_not_found``,
            ``key_not_found``, ``thread_busy``, ``file_not_found``, ``too_many_files``.
    """
    run = Run(id=request.run_id, owner_id=owner_id, thread_id=request.thread_id, key_id=key_id)
    run.agent, run.model = request.agent, request.model
    run.fence, run.lease_owner, run.lease_until = FIRST_FENCE, lease_owner, lease_end(lease_s)
    files = (*request.attachments, *enclosed)
    # A thread that does not exist yet cannot be locked. Two copies of the request that creates it
    # both try, and the second one fails on a unique id. What failed in this way is tried again from
    # the start, in a new transaction, and then finds what the other one stored.
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return _open(run, request, files, profile_instructions)
        except IntegrityError:
            continue
    # No copy then, but a key that was deleted after it was chosen. Foreign keys are checked at the
    # commit, where the error does not say which row was missing.
    if not apps.get_model("apikeys.UserApiKey").objects.filter(pk=key_id).exists():
        raise not_found("key")
    raise _busy()


def _open(run: Run, request: NewRun, files: Sequence[UUID], profile_instructions: str) -> OpenedRun:
    text, message_id = sanitize_text(request.text), request.message_id
    # The thread's lock makes the requests of one thread queue. Under it are decided: is this run
    # there already, is another one running, which run is the newest, which position is next.
    # Without it two questions would follow the same run and take the same position.
    thread = _locked_thread(run)
    stored = _stored_messages(run.pk, message_id)
    # Before the refusals below: a copy of the request that is being answered is no second question
    # in a busy thread, and a file of it may have been deleted since.
    if opened := _opened_before(run, stored, message_id):
        return opened
    thread_created = thread is None
    if thread is None:
        # Deleted elsewhere meanwhile. Made anew, it would be answered without the past that its
        # owner still sees.
        if request.continues:
            raise not_found("thread")
        run.parent_id = parent_for(request, thread_id=run.thread_id, newest=None)
        thread = Thread.objects.create(id=run.thread_id, owner_id=run.owner_id)
        history, position = [], 1
    else:
        # For the sentence. That one run is running per thread is a constraint of the table, which
        # holds also where the lock was forgotten.
        if thread.runs.filter(status=Run.Status.RUNNING).exists():
            raise _busy()
        newest, last_position = newest_run(thread.pk)
        run.parent_id = parent_for(request, thread_id=thread.pk, newest=newest)
        history, position = history_for(run.parent_id), last_position + 1
    # Stored with the run: what it is answered by, whatever profile and thread say later.
    if request.instructions is not None:
        thread.instructions = sanitize_text(request.instructions)
    instructions = Instructions(profile_instructions, thread.instructions)
    run.instructions = asdict(instructions) if instructions else {}
    # An id that is taken, by whomever, has to fail here and must never become an update of that
    # row.
    run.save(force_insert=True)
    attachments = attachments_take(owner_id=run.owner_id, thread_id=thread.pk, ids=files)
    attachments += map(stored_address, request.addresses)
    thread.updated_at = timezone.now()
    if not thread.title:
        thread.title = title_from(text) or (attachments[0]["name"] if attachments else "")
    thread.save(update_fields=["updated_at", "title", "instructions"])
    # Read under the lock, before anything was stored: a copy of this very message ended above.
    is_taken = any(message.id == message_id for message in stored)
    message = Message.objects.create(
        # The client chose this id; if it stands in another thread, ours gets one of its own.
        id=uuid4() if is_taken else message_id,
        thread=thread,
        run=run,
        position=position,
        role=Message.Role.USER,
        text=text,
        attachments=attachments,
    )
    return OpenedRun(
        run_id=run.pk,
        thread_id=thread.pk,
        message_id=message.pk,
        fence=run.fence,
        history=history,
        created=True,
        thread_created=thread_created,
        last_seq=0,
        attachments=attachments,
        instructions=instructions,
    )


def _locked_thread(run: Run) -> Thread | None:
    """The thread under a lock; None if there is none."""
    # NO KEY: a file that an agent makes meanwhile refers to the thread, and its foreign key would
    # wait for a plain FOR UPDATE. On SQLite nothing is locked here: the transaction began
    # IMMEDIATE.
    thread = Thread.objects.select_for_update(no_key=True).filter(pk=run.thread_id).first()
    if thread is not None and thread.owner_id != run.owner_id:
        raise not_found("thread")
    return thread


@dataclass(frozen=True, slots=True)
class _StoredMessage:
    """A message under an id that the client chose, and its run."""

    id: UUID
    thread_id: UUID
    role: str
    run_id: UUID
    owner_id: int
    fence: int
    last_seq: int


def _stored_messages(run_id: UUID, message_id: UUID) -> list[_StoredMessage]:
    """What stands under the ids that the client chose, in whatever thread and of whomever."""
    messages = Message.objects.filter(Q(run_id=run_id, role=Message.Role.USER) | Q(pk=message_id))
    of_run = ("run_id", "run__owner_id", "run__fence", "run__last_seq")
    rows = messages.order_by().values_list("id", "thread_id", "role", *of_run)
    return [_StoredMessage(*row) for row in rows]


def _opened_before(run: Run, stored: list[_StoredMessage], message_id: UUID) -> OpenedRun | None:
    """The run that an earlier copy of this very request opened.

    By its run id, or by its message id in this thread: a client that lost the answer to its
    request may send the same message under a new run id.
    """
    same_run = next((message for message in stored if message.run_id == run.pk), None)
    # Not "taken": that would tell whoever tries ids that one exists.
    if same_run and (same_run.owner_id, same_run.thread_id) != (run.owner_id, run.thread_id):
        raise not_found("run")
    here = (message_id, run.thread_id, Message.Role.USER)
    same_message = next((one for one in stored if (one.id, one.thread_id, one.role) == here), None)
    earlier = same_run or same_message
    if earlier is None:
        return None
    return OpenedRun(
        run_id=earlier.run_id,
        thread_id=earlier.thread_id,
        message_id=earlier.id,
        fence=earlier.fence,
        history=[],
        created=False,
        thread_created=False,
        last_seq=earlier.last_seq,
    )


def _busy() -> AppError:
    return AppError(
        "thread_busy",
        "This conversation is still being answered. Wait for the answer, or stop it first.",
        status=409,
    )
