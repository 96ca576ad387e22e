"""One answer while it is made in this process.

A run belongs to the process, not to a connection: it goes on when its reader leaves. Each event is
numbered, appended to the run's buffer for the readers in this process, and handed to the writer.
Readers get it before it is stored, but for the terminal one: see ``closing``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from accounts.rights import SignIn
from agents.core.agui import Event
from agents.core.engine import Answer
from agents.core.errors import RunError
from agents.runs.budgets import LedgerBudget
from agents.runs.buffer import EventBuffer
from agents.runs.closing import call_row, close_run
from agents.runs.writer import Writer
from apikeys.rights import Right, Standing
from conversations.log import Row


@dataclass(frozen=True, slots=True)
class RunIds:
    """Which run, whose; without its ``fence`` nothing of it can be written."""

    run_id: UUID
    thread_id: UUID
    owner_id: int
    fence: int


class RunTask:
    """One answer while it is made.

    Attributes:
        buffer: its events, for readers in this process (``replay.LiveEvents``).
        changed: is set, once, when there are more events or the run ends. Take it before you read
            the buffer, and nothing is missed; there is a new one each time.
        ended: its end is stored, and in the buffer.
        lost: it is not ours any more; how it ends is in the log.
    """

    def __init__(
        self,
        ids: RunIds,
        answer: Answer,
        *,
        total_s: float,
        sign_in: SignIn | None = None,
        budget: LedgerBudget | None = None,
    ) -> None:
        """A run that has not begun.

        Args:
            sign_in: whose end is that of the run; None: the run rests on its owner alone.
            budget: of the keys that the run may use.
        """
        self.ids = ids
        self._sign_in = sign_in or SignIn(ids.owner_id)
        self._budget = budget
        self.buffer = EventBuffer(ids.run_id)
        self.changed = asyncio.Event()
        self.ended = False
        self.lost = False
        self._answer = answer
        self._total_s = total_s
        self._stop_reason = ""
        self._begun = False
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self, writer: Writer, on_done: Callable[[RunTask], None]) -> None:
        """Begin answering; ``on_done`` is called when nothing is left to do."""
        writer.register(
            self.ids.run_id,
            self.ids.fence,
            on_lease_lost=self.on_lease_lost,
            on_stored=self.buffer.trim,
        )
        self._writer = writer
        self._answer.context.on_call = lambda call: writer.record_call(
            call_row(call, owner_id=self.ids.owner_id, run_id=self.ids.run_id)
        )
        self._task = asyncio.create_task(self._run(on_done), name=f"run {self.ids.run_id}")

    def stop(self, reason: str) -> None:
        """End the answer: ``cancelled`` by its owner, ``interrupted`` by this server, or a code."""
        # Only the first reason counts. While the run is being closed it comes too late: a
        # cancellation there would cut the transaction's waiter off, and its end would not be sent.
        if not self._stop_reason and self._task is not None and not self._closing:
            self._stop_reason = reason
            # A task that is cancelled before its first step never takes it, and would neither be
            # closed nor leave the manager; ``_make_events`` sees the reason then.
            if self._begun:
                self._task.cancel()

    @property
    def rights(self) -> list[Right]:
        """The run's sign-in with each of its keys; the one in use with the models it calls."""
        in_use, calls = self._key_in_use, self._answer.record.calls
        models = frozenset(call.model for call in calls if not call.outcome)
        keys = self._budget.keys if self._budget else []
        # Spare keys as well: one that ended has to be known as such before the run would go on with
        # it.
        nonces = {in_use: ""} | {key.id: key.seal_nonce for key in keys}
        return [
            Right(self._sign_in, key_id, nonce, models if key_id == in_use else frozenset())
            for key_id, nonce in nonces.items()
        ]

    async def on_standing(self, right: Right, standing: Standing) -> None:
        """Stop with the code of what ended; a spare key that ended is passed over when needed."""
        if self._budget and right.key_id:
            self._budget.renew(right.key_id, standing)
        if standing.code and right.key_id == self._key_in_use:
            self.stop(standing.code)

    async def wait(self) -> None:
        """Until nothing of the run is left to do in this process."""
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                # Shielded: whoever stops waiting, at the end of a grace time, must not end the run
                # with that.
                await asyncio.shield(self._task)

    def on_lease_lost(self) -> None:
        """Somebody else has ended the run, or will: stop, and publish nothing more."""
        # Called by whoever meets the fence first, the renewal of leases or the writer. While the
        # run is being closed it is ignored: then the row decides (``close_run``), since the renewal
        # may have seen our own end.
        if self._closing:
            return
        self.lost = True
        self.stop("lost")
        self._notify_readers()

    async def _run(self, on_done: Callable[[RunTask], None]) -> None:
        try:
            ending = await self._make_events()
            self._closing = True
            # Readers first: folding a long answer keeps a core busy for a while, and they have not
            # got its last words yet.
            await asyncio.sleep(0)
            if not self.lost:
                await self._close(ending)
        finally:
            # In this order. Readers that are woken must see how the run ended, or they would wait
            # for ever; rows that are left belong to nobody now; and who asks for the run from here
            # on reads the log.
            self.lost = not self.ended
            self._writer.discard(self.ids.run_id)
            on_done(self)
            self._notify_readers()

    async def _make_events(self) -> list[Event]:
        """Publish the answer's events; returns those that end it."""
        self._begun = True
        if self._stop_reason:
            return self._stopped()
        try:
            async with asyncio.timeout(self._total_s):
                drain = partial(self._writer.drain, self.ids.run_id)
                return [await self._answer.run(self._publish, drain)]
        except TimeoutError:
            return self._answer.fail(RunError("timeout"))
        except asyncio.CancelledError:
            # Ours, by ``stop``, is an outcome of the run, and is taken back so that the task can go
            # on to close it. One that nobody sent to this task comes from a future that a library
            # gave up: a fault like any other, or the run would wait for its lease to run out. Any
            # other is the loop's end, and is passed on.
            task = asyncio.current_task()
            if task is not None and not task.cancelling():
                return self._answer.fail(RunError("internal"))
            if not self._stop_reason or task is None:
                raise
            task.uncancel()
        return self._stopped()

    def _stopped(self) -> list[Event]:
        if self._stop_reason == "cancelled":
            return self._answer.cancel()
        code = self._stop_reason if self._stop_reason in RunError.specs else "interrupted"
        return self._answer.fail(RunError(code))

    def _publish(self, event: Event) -> None:
        # Nothing is awaited here, so number, buffer and writer get all events in one order, from
        # whichever agent they come.
        row = self._numbered(event)
        self.buffer.append(row)
        self._writer.add(self.ids.run_id, row)
        self._notify_readers()

    def _numbered(self, event: Event, offset: int = 1) -> Row:
        # Made into text once; buffer, log and all readers share it. NaN is refused: it is no JSON,
        # and the first reader to parse it would lose the whole stream.
        data = json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return self.buffer.last_seq + offset, event["type"], data

    def _notify_readers(self) -> None:
        # A new event for each change instead of one that readers clear: no reader can clear it for
        # another, none has to be registered, and one that goes away has nothing to undo.
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()

    async def _close(self, ending: list[Event]) -> None:
        """Store the end, then publish it."""
        ids = self.ids
        # Numbered, but not in the buffer yet: there readers would get them before they are stored.
        rows = [self._numbered(event, offset) for offset, event in enumerate(ending, start=1)]
        pending = await self._writer.release(ids.run_id)
        self.ended = await close_run(
            self._answer,
            [*pending, *rows],
            run_id=ids.run_id,
            owner_id=ids.owner_id,
            fence=ids.fence,
        )
        if self.ended:
            for row in rows:
                self.buffer.append(row)
            self._notify_readers()
        else:
            # The run is somebody else's, but its calls were made with the owner's keys: they go to
            # the ledger by way of the writer, which tries again while the database is away.
            self.lost = True
            for call in self._answer.record.calls:
                self._writer.record_call(call_row(call, owner_id=ids.owner_id, run_id=ids.run_id))

    @property
    def _key_in_use(self) -> UUID | None:
        key = self._answer.context.keys.in_use
        return UUID(key.id) if key else None
