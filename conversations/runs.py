"""The life of a run in the database: opened, written to, kept alive, closed.

Every function is one short transaction and safe to call from several threads and processes.
Only the holder of a run's fence may write; when a lease ends the fence moves, so a process that
wakes up late writes nothing. Locks are taken in one order: thread, then runs by id.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Now
from django.utils import timezone

from common.bounded import KEPT_CHARS
from common.outages import classify
from common.text import sanitize_json, sanitize_text
from conversations import compaction
from conversations.access import canonical_uuid
from conversations.files.attachments import addresses_refuse, files_refuse
from conversations.log import EventBatch, Row, events_append, rows_append
from conversations.models import TERMINAL_EVENTS, Event, Message, Run, Thread
from conversations.opening import OpenedRun, lease_end, run_open
from conversations.selectors import last_position, log_of
from conversations.usage.ledger import ModelCallRow, calls_interrupt, calls_write

logger = logging.getLogger(__name__)

__all__ = [
    "EventBatch",
    "ModelCallRow",
    "OpenedRun",
    "Row",
    "events_append",
    "last_own_seq",
    "lease_renew",
    "run_close",
    "run_open",
    "runs_close_stale",
]

TRANSCRIPT_CHARS = 1024 * 1024  # a longer run has its log alone, which is read in pages
MESSAGES_CHARS = 1024 * 1024  # that are stored at once

INTERRUPTED = "interrupted"
INTERRUPTED_SENTENCE = (
    "The server stopped before this answer was finished. What was written is kept; "
    "send a message to continue."
)


@dataclass(frozen=True, slots=True)
class _Ending:
    status: str
    outcome: str
    error_code: str = ""
    error_message: str = ""


def run_close(
    *,
    run_id: UUID,
    fence: int,
    events: Sequence[Row],
    status: str,
    outcome: str,
    error_code: str = "",
    error_message: str = "",
    usage: list[dict[str, Any]],
    contents: list[dict[str, Any]],
    calls: Sequence[ModelCallRow],
    refused: Mapping[str, str] | None = None,
) -> bool:
    """Write the rest of the log, fold it, end the run. False if it is no longer ours to end.

    The ledger is written in any case: what was used was used.

    Args:
        refused: ids of files that Google cannot use, and why.
    """
    with transaction.atomic():
        calls_write(calls)
        run = _locked_running(run_id, Q(fence=fence))
        if run is None or not rows_append(run, events):
            return False
        if unusable := sanitize_json(refused or {}):
            files_refuse(owner_id=run.owner_id, refused=unusable)
            addresses_refuse(thread_id=run.thread_id, refused=unusable)
        run.usage, run.contents = sanitize_json(usage), sanitize_json(contents)
        _fold(run, _Ending(status, outcome, error_code, error_message))
    return True


def lease_renew(*, run_fences: Mapping[UUID, int], lease_owner: str, lease_s: float) -> set[UUID]:
    """Keep the leases of this process; returns the runs that are no longer its own."""
    with transaction.atomic():
        ours = Run.objects.filter(
            pk__in=list(run_fences), status=Run.Status.RUNNING, lease_owner=lease_owner
        ).select_for_update(no_key=True)
        fences = ours.order_by("pk").values_list("pk", "fence")
        kept = {run_id for run_id, fence in fences if run_fences[run_id] == fence}
        Run.objects.filter(pk__in=kept).update(lease_until=lease_end(lease_s))
    return set(run_fences) - kept


def runs_close_stale(now: datetime | None = None) -> list[UUID]:
    """End the runs whose process stopped renewing its lease; returns the ones ended here.

    Args:
        now: a moment to judge leases by instead of the database's clock.
    """
    stale = Q(status=Run.Status.RUNNING, lease_until__lt=now or Now())
    found = list(Run.objects.filter(stale).order_by("lease_until").values_list("pk", flat=True))
    ended = []
    for run_id in found:
        try:
            if _close_stale(run_id, stale):
                ended.append(run_id)
        except Exception as fault:
            if classify(fault):
                raise
            logger.exception("Run %s cannot be ended", run_id)  # and must not keep the others
    return ended


def last_own_seq(run_id: UUID) -> int:
    """The last event of an interrupted run that its own process stored, or a little before that.

    The events that ended it in its place look like events that the process may have stored.
    """
    ends = {*compaction.CLOSING_TYPES, *TERMINAL_EVENTS}
    own = Event.objects.filter(run_id=run_id).exclude(type__in=ends)
    found: int | None = own.aggregate(last=Max("seq"))["last"]
    return found or 0


def _close_stale(run_id: UUID, stale: Q) -> bool:
    with transaction.atomic():
        run = _locked_running(run_id, stale, skip_locked=True)
        if run is None:
            return False
        run.fence += 1
        calls_interrupt(run.pk)
        terminal = _terminal(run)
        _fold(run, _ending_of(terminal), keeps_words=True)
    return True


def _locked_running(run_id: UUID, condition: Q, *, skip_locked: bool = False) -> Run | None:
    """The run if it is running and meets the condition, with its thread locked before it.

    Args:
        skip_locked: do not wait for somebody who has one of them locked, but find nothing.
    """
    threads = Thread.objects.filter(runs=run_id)
    threads = threads.select_for_update(no_key=True, of=("self",), skip_locked=skip_locked)
    if threads.first() is None:
        return None
    runs = Run.objects.filter(condition, pk=run_id, status=Run.Status.RUNNING)
    return runs.select_for_update(no_key=True, skip_locked=skip_locked).first()


def _terminal(run: Run) -> compaction.AguiEvent:
    """The last event of a log; stored now, behind what its open brackets need, if it has none."""
    brackets, last = compaction.Brackets(), None
    for last in log_of(run.pk):
        brackets.feed(last)
    if last is not None and last["type"] in TERMINAL_EVENTS:
        return last
    why = {"code": INTERRUPTED, "message": INTERRUPTED_SENTENCE}
    ends = [*brackets.closing_events(**why), {"type": "RUN_ERROR", **why}]
    rows = [
        (seq, end["type"], json.dumps(end, separators=(",", ":")))
        for seq, end in enumerate(ends, start=run.last_seq + 1)
    ]
    rows_append(run, rows)
    return ends[-1]


def _ending_of(terminal: compaction.AguiEvent) -> _Ending:
    """What a stored terminal event says: a process can die between writing it and closing."""
    if terminal["type"] == "RUN_ERROR":
        code, message = terminal.get("code", ""), terminal["message"]
        return _Ending(Run.Status.FAILED, Run.Outcome.ERROR, code, message)
    outcome = terminal.get("outcome", {}).get("type", Run.Outcome.SUCCESS)
    return _Ending(Run.Status.FINISHED, outcome)


def _fold(run: Run, ending: _Ending, *, keeps_words: bool = False) -> None:
    """Turn the log into transcript and messages, piece by piece, and end the run.

    Args:
        keeps_words: what was said is all that the next turn can be told of this one.
    """
    transcript, pieces = compaction.Compactor(TRANSCRIPT_CHARS), compaction.Pieces()
    messages = _Messages(run)
    for event in map(sanitize_json, log_of(run.pk)):
        transcript.feed(event)
        messages.add(pieces.feed(event))
    messages.add(pieces.end())
    messages.store()
    if keeps_words:
        run.contents = messages.contents()
    run.transcript = transcript.events()
    run.status, run.outcome = ending.status, ending.outcome
    run.error_code = ending.error_code[:50]
    run.error_message = sanitize_text(ending.error_message)[:500]
    run.finished_at, run.lease_until = timezone.now(), None
    run.save()
    Thread.objects.filter(pk=run.thread_id).update(updated_at=run.finished_at)


class _Messages:
    """Keeps what was said under the ids the stream gave it, where those are ids of ours to give."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._first = last_position(run.thread_id) + 1
        self._pending: list[tuple[int, compaction.Piece]] = []
        self._chars = 0
        self._words: list[str] = []
        self._room = KEPT_CHARS

    def add(self, pieces: Sequence[tuple[int, compaction.Piece]]) -> None:
        for place, piece in pieces:
            self._pending.append((place, piece))
            self._chars += len(piece.text)
            if self._room > 0:
                self._words.append(piece.text[: self._room])
                self._room -= len(piece.text)
            if self._chars > MESSAGES_CHARS:
                self.store()

    def contents(self) -> list[dict[str, Any]]:
        """What was said, as the model's content."""
        parts = [{"text": words} for words in self._words]
        return [{"role": "model", "parts": parts}] if parts else []

    def store(self) -> None:
        pending, self._pending, self._chars = self._pending, [], 0
        ids = [canonical_uuid(piece.message_id) for _, piece in pending]
        known = Message.objects.filter(pk__in=[id_ for id_ in ids if id_])
        taken = set(known.values_list("pk", flat=True))
        Message.objects.bulk_create(
            Message(
                id=uuid4() if message_id is None or message_id in taken else message_id,
                thread_id=self._run.thread_id,
                run=self._run,
                position=self._first + place,
                role=Message.Role.ASSISTANT,
                agent=piece.agent[:20],
                subagent_run_id=piece.subagent_run_id[:36],
                text=piece.text,
            )
            for (place, piece), message_id in zip(pending, ids, strict=True)
        )
