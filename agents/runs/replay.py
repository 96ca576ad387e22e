"""Reading a run's events as they come: from the process that answers it, or from the log.

A stream of events is a plain iterator of batches. It holds nothing that has to be closed, and a
reader that is cancelled while it waits for the next batch has lost nothing: it can wait again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from agents.runs.buffer import Numbered
from agents.runs.notifier import Notifier
from agents.runs.task import RunTask
from common.database import patiently
from conversations.log import events_after
from conversations.models import Run
from conversations.runs import FIRST_FENCE, last_own_seq

POLL_S = 2.0
POLL_AWAY_S = 0.5  # while Redis is away for a moment, as readers count on being woken
BEHIND_POLL_S = 0.1
BEHIND_POLLS = 30  # the log is behind what was sent by the moment a writer collects, not by more

EventStream = AsyncIterator[list[Numbered]]


class Resync(Exception):
    """What the reader holds cannot be continued from the log; it must take the snapshot."""


class LiveEvents(EventStream):
    """The events of a run that is answered in this process.

    Raises, while iterated:
        Resync: the run is not ours any more.
    """

    def __init__(self, run: RunTask, after: int) -> None:
        self._run = run
        self._after = after

    async def __anext__(self) -> list[Numbered]:
        run = self._run
        while True:
            changed = run.changed  # before reading: what comes meanwhile sets it
            if events := await run.buffer.after(self._after):
                self._after = events[-1][0]
                return events
            if run.lost:
                raise Resync("interrupted")
            if run.ended:
                raise StopAsyncIteration
            await changed.wait()


@dataclass(frozen=True, slots=True)
class _Page:
    ended: bool = False
    last_seq: int = 0
    events: list[Numbered] = field(default_factory=list)
    more: bool = True


class Replay(EventStream):
    """The stored events after ``after``, and those that are stored until the run has ended.

    Raises, while iterated:
        Resync: the events after ``after`` are not there, or never will be.
    """

    def __init__(self, notifier: Notifier, run_id: UUID, after: int) -> None:
        self._notifier = notifier
        self._run_id = run_id
        self._after = after
        # A reader may hold events that are not in the log: the process that answers sends them
        # before it stores them. If it dies in between, whoever ends the run in its place writes
        # other events under the same numbers. A reader that went on from its own number would miss
        # the end, or join halves of two different answers. So until a page has shown that the log
        # continues what the reader holds, a run that was ended for a dead process is compared with
        # what that process had stored itself (``_read``), and a reader who holds more takes the
        # snapshot instead.
        self._continues = after == 0
        self._behind_polls = BEHIND_POLLS
        self._wakeup = asyncio.Event()
        self._page = _Page()

    async def __anext__(self) -> list[Numbered]:
        while await self._may_have_more():
            # Before reading: what is written meanwhile sets it.
            self._wakeup = self._notifier.wakeup(self._run_id)
            self._page = await patiently(_read, self._run_id, self._after, self._continues)
            if events := self._page.events:
                self._after, self._continues = events[-1][0], True
                return events
        raise StopAsyncIteration

    async def _may_have_more(self) -> bool:
        """Wait until another page is worth reading. False: the run has ended."""
        # Judged by the page that was read last, and not by a further query: a reader that keeps up
        # with a run costs one query per notification.
        page = self._page
        if page.more or page.ended:
            return page.more
        if page.events or page.last_seq >= self._after:
            self._continues = True
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_AWAY_S if self._notifier.is_away else POLL_S):
                    await self._wakeup.wait()
        elif self._behind_polls:
            # The reader holds more than is stored. Most likely it has changed the process, and the
            # writer of the other one is about to store the rest.
            self._behind_polls -= 1
            await asyncio.sleep(BEHIND_POLL_S)
        else:
            raise Resync("ahead")
        return True


def _read(run_id: UUID, after: int, continues: bool) -> _Page:
    """The next page of the log. Raises ``Resync``."""
    # The row first, then its events. The other way round a run could end in between: the page would
    # say that it has ended and lack its last events, and the reader would stop before the terminal
    # one.
    run = Run.objects.filter(pk=run_id).values_list("status", "last_seq", "fence").first()
    if run is None:
        raise Resync("deleted")
    status, last_seq, fence = run
    ended = status != Run.Status.RUNNING
    if ended and after > last_seq:
        raise Resync("ahead")
    # A higher fence: the run was ended for a process that died.
    if ended and fence > FIRST_FENCE and not continues and after > last_own_seq(run_id):
        raise Resync("interrupted")
    # A log without gaps begins right after ``after``; old logs are pruned to what makes a snapshot.
    stored = events_after(run_id=run_id, after=after)
    if last_seq > after and (not stored.events or stored.events[0][0] != after + 1):
        raise Resync("pruned")
    return _Page(ended, last_seq, stored.events, stored.more)
