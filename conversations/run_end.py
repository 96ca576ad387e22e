"""Ending a run: its log is folded into transcript and messages, and it runs no more.

By its own process (``run_close``), or in the place of one that died (``runs_close_stale``).
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
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from common.bounded import ANSWER_MAX_CHARS
from common.database_errors import classify
from common.text import sanitize_json, sanitize_text
from conversations import compaction
from conversations.access import canonical_uuid
from conversations.files.attachments import addresses_refuse, files_refuse
from conversations.log import Row, log_of, rows_append
from conversations.messages import last_position
from conversations.models import TERMINAL_EVENTS, Message, Run, Thread
from conversations.usage.ledger import ModelCallRow, calls_interrupt, calls_write
from gemini.types import Content, Part

logger = logging.getLogger(__name__)

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
    contents: Sequence[Content],
    calls: Sequence[ModelCallRow],
    refused: Mapping[str, str] | None = None,
) -> bool:
    """Write the rest of the log, fold it, end the run. False if it is no longer ours to end.

    A caller that does not know whether its commit arrived (the connection broke) calls again:
    False then means that the run has ended, by that commit or somebody else's. The ledger is
    written in any case.

    Args:
        usage: AG-UI ``TokenUsage``, one entry per model.
        contents: Gemini's, that the next turn is sent of this one.
        calls: rows of the ledger.
        refused: ids of files that Google cannot use, and why.
    """
    # One transaction: a run that is ``finished`` without its messages, or whose messages can be
    # read while it seems to run, would be shown twice or not at all.
    with transaction.atomic():
        # First, and kept when the rest is refused: what was used was used, whoever ends the run.
        calls_write(calls)
        # A compare-and-set: the run ends only while it is ``running`` under the caller's fence,
        # which is compared under its lock. So of a process that closes its run and another one that
        # takes it for dead, exactly one does; the log gets one terminal event, and the messages
        # stand in the thread once.
        run = _locked_running(run_id, Q(fence=fence))
        if run is None or not rows_append(run, events):
            return False
        if unusable := sanitize_json(refused or {}):
            files_refuse(owner_id=run.owner_id, refused=unusable)
            addresses_refuse(thread_id=run.thread_id, refused=unusable)
        run.usage, run.contents = sanitize_json(usage), sanitize_json(contents)
        _fold(run, _Ending(status, outcome, error_code, error_message))
    return True


def runs_close_stale(now: datetime | None = None) -> list[UUID]:
    """End the runs whose process stopped renewing its lease; returns the ones ended here.

    One that cannot be ended (its log is damaged) is logged and left.

    Args:
        now: a moment to judge leases by instead of the database's clock.

    Raises:
        django.db.Error: the database is away; that is no run's fault.
    """
    stale = Q(status=Run.Status.RUNNING, lease_until__lt=now or Now())
    run_ids = list(Run.objects.filter(stale).order_by("lease_until").values_list("pk", flat=True))
    ended = []
    # Each in a transaction of its own, and past one that fails: it is the oldest of the list again
    # the next time, and would keep all others from being ended for good.
    for run_id in run_ids:
        try:
            if _close_stale(run_id, stale):
                ended.append(run_id)
        except Exception as fault:
            if classify(fault):
                raise
            logger.exception("Run %s cannot be ended", run_id)
    return ended


def _close_stale(run_id: UUID, stale: Q) -> bool:
    """End one, unless its lease was renewed meanwhile or another process is about to end it.

    Args:
        stale: the condition that listed it.
    """
    with transaction.atomic():
        # Every process of the installation looks for stale runs: whoever comes second skips the
        # lock instead of queueing behind the first for nothing. ``stale`` is tested again under the
        # lock, because the holder may have renewed its lease since the list was read.
        run = _locked_running(run_id, stale, skip_locked=True)
        if run is None:
            return False
        # From here on nothing is accepted that the holder sends late. A process that was paused,
        # not dead, may wake up in the middle of a write: behind the terminal event, without this.
        run.fence += 1
        calls_interrupt(run.pk)
        terminal = _terminal(run)
        _fold(run, _ending_of(terminal), contents_from_log=True)
    return True


def _locked_running(run_id: UUID, condition: Q, *, skip_locked: bool = False) -> Run | None:
    """The run if it is running and meets the condition, with its thread locked before it.

    Args:
        skip_locked: None, instead of waiting, if somebody has one of them locked.
    """
    # The thread's lock gives out the positions of messages. ``run_open`` and ``thread_delete`` take
    # it first as well, or two of them would wait for each other. OF SELF, because the filter joins
    # the runs: without it their rows are locked in the same statement, in no order that anybody
    # chose.
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
    # Its process died between writing the end and closing. Readers were told that end, so it
    # stands; a second terminal event is refused by a constraint of the table.
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


def _fold(run: Run, ending: _Ending, *, contents_from_log: bool = False) -> None:
    """Turn the log into transcript and messages, event by event, and end the run.

    Args:
        contents_from_log: the process that had Gemini's contents died; the text in the log is all
            that the next turn can be sent of this run.
    """
    transcript, collector = compaction.Compactor(TRANSCRIPT_CHARS), compaction.MessageCollector()
    messages = _Messages(run)
    # Read back from the database and not taken from the caller's memory: what readers were given is
    # what was stored, and the messages must say the same. Page by page, because an answer of 29 MiB
    # that was held and folded as a whole cost its process 519 MiB.
    #
    # Sanitised only here: an event is stored as JSON text, where an escaped NUL or half of a
    # surrogate pair does no harm. In the transcript, a column of JSON, and in a message PostgreSQL
    # refuses both, and the run could never end.
    for event in map(sanitize_json, log_of(run.pk)):
        transcript.feed(event)
        messages.add(collector.feed(event))
    messages.add(collector.end())
    messages.store()
    if contents_from_log:
        run.contents = messages.contents()
    run.transcript = transcript.events()
    run.status, run.outcome = ending.status, ending.outcome
    # Cut to the columns: PostgreSQL refuses what is longer, where SQLite stores it.
    run.error_code = ending.error_code[:50]
    run.error_message = sanitize_text(ending.error_message)[:500]
    run.finished_at, run.lease_until = timezone.now(), None
    run.save()
    Thread.objects.filter(pk=run.thread_id).update(updated_at=run.finished_at)


class _Messages:
    """Stores the messages of a run under the ids the stream gave them, where those are free.

    Readers of the stream know a message by the id in its events; after a reload they should know
    it again. An id is not used if it is no UUID or stands somewhere already: agents may be
    somebody's own code, and ids are ours to keep apart.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        # Nobody else takes positions meanwhile: the thread is locked.
        self._first = last_position(run.thread_id) + 1
        self._pending: list[tuple[int, compaction.TextMessage]] = []
        self._chars = 0
        self._texts: list[str] = []
        self._room = ANSWER_MAX_CHARS

    def add(self, messages: Sequence[tuple[int, compaction.TextMessage]]) -> None:
        for place, message in messages:
            self._pending.append((place, message))
            self._chars += len(message.text)
            if self._room > 0:
                self._texts.append(message.text[: self._room])
                self._room -= len(message.text)
            if self._chars > MESSAGES_CHARS:
                self.store()

    def contents(self) -> list[Content]:
        """All texts as one content of the model's."""
        parts: list[Part] = [{"text": text} for text in self._texts]
        return [{"role": "model", "parts": parts}] if parts else []

    def store(self) -> None:
        pending, self._pending, self._chars = self._pending, [], 0
        # What is taken is looked up for a batch at once. An insert that fails on a unique id would
        # end the whole transaction, and the run with it would never end.
        ids = [canonical_uuid(message.message_id) for _, message in pending]
        known = Message.objects.filter(pk__in=[id_ for id_ in ids if id_])
        taken = set(known.values_list("pk", flat=True))
        Message.objects.bulk_create(
            Message(
                id=uuid4() if message_id is None or message_id in taken else message_id,
                thread_id=self._run.thread_id,
                run=self._run,
                position=self._first + place,
                role=Message.Role.ASSISTANT,
                agent=message.agent[:20],
                subagent_run_id=message.subagent_run_id[:36],
                text=message.text,
            )
            for (place, message), message_id in zip(pending, ids, strict=True)
        )
