"""One answer while it is made in this process.

A run belongs to the process, not to a socket: it goes on when its reader leaves. Each event is
numbered, put on the run's tail for the followers here, and handed to the writer. Only the
terminal event is stored before it is told: who hears it can ask the next question at once.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseFault

from accounts.rights import SignIn
from agents.core.agui import Event
from agents.core.context import CallRecord
from agents.core.engine import Answer
from agents.runs.budgets import LedgerBudget
from agents.runs.ledger import ledger_row
from agents.runs.tail import Numbered, Tail
from agents.runs.writer import Writer
from apikeys.health import key_report
from apikeys.rights import Right, Standing
from common.database import in_database
from common.outages import DatabaseUnavailable, classify
from conversations.log import Row
from conversations.models import Run
from conversations.run_end import run_close
from conversations.usage.ledger import ModelCallRow
from gemini.errors import SENTENCES, GeminiError

logger = logging.getLogger(__name__)

CLOSE_WAIT_S = 120.0  # how long an answer that has ended waits for a database that is away
CLOSE_RETRY_S = 0.5


@dataclass(frozen=True, slots=True)
class RunIds:
    """Which run, whose; without its ``fence`` nothing of it can be written."""

    run_id: UUID
    thread_id: UUID
    owner_id: int
    fence: int


class RunTask:
    """One answer while it is made: its task, its tail, its followers."""

    def __init__(
        self,
        ids: RunIds,
        answer: Answer,
        *,
        total_s: float,
        sign_in: SignIn | None = None,
        budget: LedgerBudget | None = None,
    ) -> None:
        """A run not begun.

        Args:
            sign_in: whose end is that of the run; None: the run rests on its owner alone.
            budget: of the keys that the run may use.
        """
        self.ids = ids
        self._sign_in = sign_in or SignIn(ids.owner_id)
        self._budget = budget
        self.tail = Tail(ids.run_id)
        self.ended = False
        self.lost = False
        self._answer = answer
        self._total_s = total_s
        self._stop_reason = ""
        self._begun = False
        self._closing = False
        self._wakers: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self, writer: Writer, on_done: Callable[[RunTask], None]) -> None:
        """Begin answering; ``on_done`` is called when nothing is left to do."""
        writer.register(self.ids.run_id, self.ids.fence, self.lose, self.tail.trim)
        self._writer = writer
        self._answer.context.on_call = lambda call: writer.note(self._ledger_row(call))
        self._task = asyncio.create_task(self._run(on_done), name=f"run {self.ids.run_id}")

    async def follow(self, after: int) -> AsyncGenerator[list[Numbered], None]:
        """Events after ``after`` as they come, until the run ended or was lost."""
        waker = asyncio.Event()
        self._wakers.add(waker)
        try:
            while True:
                waker.clear()
                if rows := await self.tail.after(after):
                    after = rows[-1][0]
                    yield rows
                elif self.ended or self.lost:
                    return
                else:
                    await waker.wait()
        finally:
            self._wakers.discard(waker)

    def stop(self, reason: str) -> None:
        """End the answer: ``cancelled`` by its owner, ``interrupted`` by this server, or a code.

        One that is ending by itself is left to do so: cut short there, its end would not be stored.
        """
        if not self._stop_reason and self._task is not None and not self._closing:
            self._stop_reason = reason
            if self._begun:  # a task that is cancelled before its first step never takes it
                self._task.cancel()

    @property
    def rights(self) -> list[Right]:
        """The run's sign-in with each of its keys; the one in use with what is asked by it."""
        in_use, calls = self._key_in_use, self._answer.record.calls
        models = frozenset(call.model for call in calls if not call.outcome)
        keys = self._budget.keys if self._budget else []
        nonces = {in_use: ""} | {key.id: key.seal_nonce for key in keys}
        return [
            Right(self._sign_in, key_id, nonce, models if key_id == in_use else frozenset())
            for key_id, nonce in nonces.items()
        ]

    async def on_standing(self, right: Right, standing: Standing) -> None:
        """Stop with the code of what ended; the end of a key that only waits is remembered."""
        if self._budget and right.key_id:
            self._budget.renew(right.key_id, standing)
        if standing.code and right.key_id == self._key_in_use:
            self.stop(standing.code)

    async def wait(self) -> None:
        """Until nothing of the run is left to do in this process."""
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await asyncio.shield(self._task)

    def lose(self) -> None:
        """The run was ended by somebody else, who found its lease run out. Say no more.

        While it is being closed its row is the judge: who looks may have seen our own end.
        """
        if self._closing:
            return
        self.lost = True
        self.stop("lost")
        self._wake()

    async def _run(self, on_done: Callable[[RunTask], None]) -> None:
        try:
            ending = await self._make_events()
            self._closing = True
            await asyncio.sleep(0)  # readers first: storing the end keeps a core busy for a while
            if not self.lost:
                await self._close(ending)
        finally:
            self.lost = not self.ended
            self._writer.forget(self.ids.run_id)
            on_done(self)
            self._wake()

    async def _make_events(self) -> list[Event]:
        """Publish the answer's events; returns those that end it.

        A stop that was asked for is an outcome; one that was not is passed on.
        """
        self._begun = True
        if self._stop_reason:
            return self._stopped()
        try:
            async with asyncio.timeout(self._total_s):
                return [await self._answer.run(self._publish, self._drain)]
        except TimeoutError:
            return self._answer.fail(GeminiError("timeout"))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._stop_reason or task is None:
                raise
            task.uncancel()
        return self._stopped()

    async def _drain(self) -> None:
        """Backpressure: hold the agents up while the database takes events slower than they
        come; what is not stored yet is in memory, and would be lost with the process."""
        if self._writer.is_behind(self.ids.run_id):
            await self._writer.room(self.ids.run_id)

    def _stopped(self) -> list[Event]:
        if self._stop_reason == "cancelled":
            return self._answer.cancel()
        code = self._stop_reason if self._stop_reason in SENTENCES else "interrupted"
        return self._answer.fail(GeminiError(code))

    def _publish(self, event: Event) -> None:
        row = self._numbered(event)
        self.tail.append(row)
        self._writer.add(self.ids.run_id, row)
        self._wake()

    def _numbered(self, event: Event, offset: int = 1) -> Row:
        data = json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return self.tail.last_seq + offset, event["type"], data

    def _wake(self) -> None:
        for waker in self._wakers:
            waker.set()

    async def _close(self, ending: list[Event]) -> None:
        """Store the end, then tell it."""
        rows = [self._numbered(event, offset) for offset, event in enumerate(ending, start=1)]
        pending = await self._writer.release(self.ids.run_id)
        if await self._closed([*pending, *rows]):
            for row in rows:
                self.tail.append(row)
            self.ended = True
            self._wake()
        else:
            self.lost = True
            for call in self._ledger():
                self._writer.note(call)

    async def _closed(self, rows: list[Row]) -> bool:
        """Close the run, waiting for a database that is away. False: it is not ours any more."""
        answer, record = self._answer, self._answer.record
        error = record.error
        deadline = time.monotonic() + CLOSE_WAIT_S
        while True:
            try:
                return await in_database(
                    _close_and_report,
                    self._key_reports(),
                    run_id=self.ids.run_id,
                    fence=self.ids.fence,
                    events=rows,
                    status=Run.Status.FAILED if error else Run.Status.FINISHED,
                    outcome=record.outcome,
                    error_code=error.code if error else "",
                    error_message=error.message if error else "",
                    usage=record.usage(),
                    contents=answer.contents(),
                    calls=self._ledger(),
                    refused=record.refused,
                )
            except DatabaseFault:
                logger.exception("Run %s cannot be closed", self.ids.run_id)
                return False  # whoever finds its lease run out keeps the stored prefix
            except DatabaseUnavailable:
                if time.monotonic() > deadline:
                    logger.error("Run %s is given up: no database to store it", self.ids.run_id)
                    return False
                await asyncio.sleep(CLOSE_RETRY_S)

    def _ledger(self) -> list[ModelCallRow]:
        return [self._ledger_row(call) for call in self._answer.record.calls]

    def _ledger_row(self, call: CallRecord) -> ModelCallRow:
        return ledger_row(call, owner_id=self.ids.owner_id, run_id=self.ids.run_id)

    @property
    def _key_in_use(self) -> UUID | None:
        key = self._answer.context.keys.in_use
        return UUID(key.id) if key else None

    def _key_reports(self) -> list[dict[str, Any]]:
        """What this run found out about its keys; a call that worked outweighs one that did not."""
        found: dict[str, CallRecord] = {}
        for call in self._answer.record.calls:
            told = found.get(call.key_id)
            if told is None or told.outcome == "cancelled" or call.outcome == "ok":
                found[call.key_id] = call
        return [
            {
                "key_id": UUID(key_id),
                "code": None if call.outcome in ("ok", "cancelled") else call.outcome,
                "retry_after_s": call.retry_after_s,
                "model": call.model,
                "message": call.message,
            }
            for key_id, call in found.items()
        ]


def _close_and_report(reports: list[dict[str, Any]], **closing: Any) -> bool:
    """Close a run and note what it found out about its keys, before anybody hears of its end:
    whoever asks again at once is judged by that."""
    if not run_close(**closing):
        return False
    for report in reports:
        try:
            key_report(**report)
        except DatabaseFault as fault:
            if not classify(fault):
                logger.exception("A key's status was not noted")
    return True
