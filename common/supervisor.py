"""Keeps the background tasks of an event loop running, for as long as the process lives.

A task that fails is started again, later each time it fails in a row; the log has one line when
that begins and one when it is over, and ``/readyz`` names the task meanwhile. Periodic work is a
table of jobs, and one loop that starts each of them when it is due.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from common.database_errors import classify

logger = logging.getLogger(__name__)

BACKOFF_S = 0.25
BACKOFF_MAX_S = 30.0
STEADY_S = 5.0  # a task that should never end and has run for so long has recovered
CANCEL_AGAIN_S = 0.5
LATE_S = 0.1  # how often a job that is due is tried to start, while its last attempt still runs

Work = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done again and again.

    Args:
        name: what the log and ``/readyz`` call it.
        period_s: from one start to the next; a job that takes longer misses a turn.
        vital: without it the process cannot keep its promises, and should get no new work.
    """

    name: str
    period_s: float
    work: Work
    vital: bool = False


@dataclass(slots=True)
class _Health:
    """How a task fares.

    Args:
        vital: without it the process cannot keep its promises, and should get no new work.
        failures: in a row; 0 while all is well.
        since: when the first of them came, by the monotonic clock.
        is_logged: the log has said that it fails.
    """

    vital: bool
    failures: int = 0
    since: float = 0.0
    is_logged: bool = False


@dataclass(frozen=True, slots=True)
class FailingTask:
    """A background task that fails again and again.

    Args:
        for_s: how long it has been failing, in seconds.
    """

    name: str
    vital: bool
    for_s: float


class Supervisor:
    """The background tasks of one event loop."""

    def __init__(self) -> None:
        self._health: dict[str, _Health] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._due: dict[str, float] = {}
        self._attempts: dict[str, asyncio.Task[None]] = {}
        _supervisors.add(self)

    def run(self, name: str, work: Work, *, vital: bool = False) -> None:
        """Keep ``work`` running, which is meant never to return."""
        self._health[name] = _Health(vital)
        self._spawn(name, self._keep_running(name, work))

    def schedule(self, jobs: Sequence[Job]) -> None:
        """Do each job every ``period_s``. A database that is away changes nothing in that."""
        for job in jobs:
            self._health[job.name] = _Health(job.vital)
            self._due[job.name] = 0.0
        self.run("housekeeping", lambda: self._housekeeping(jobs), vital=True)

    def failing(self) -> list[FailingTask]:
        """The tasks whose last attempt failed. Any thread may call this."""
        now = time.monotonic()
        return [
            FailingTask(name, health.vital, now - health.since)
            for name, health in list(self._health.items())
            if health.failures
        ]

    async def stop(self) -> None:
        """End all tasks, and wait until they have ended."""
        # A library can swallow one cancellation, as Redis's does while it connects.
        while pending := {task for task in self._tasks if not task.done()}:
            for task in pending:
                task.cancel()
            await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
        self._health.clear()

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _keep_running(self, name: str, work: Work) -> None:
        while True:
            steady = asyncio.get_running_loop().call_later(STEADY_S, self._succeeded, name)
            error = await _outcome(work) or RuntimeError("it ended by itself")
            steady.cancel()
            self._failed(name, error)
            await asyncio.sleep(self._backoff_s(name))

    async def _housekeeping(self, jobs: Sequence[Job]) -> None:
        """Start what is due, each in a task of its own, and none while its last one still runs."""
        # Awaited one after another, a job that hangs in a slow query would hold up the others, and
        # leases that are not renewed in time end everybody's answers.
        while True:
            now = time.monotonic()
            for job in jobs:
                if self._due[job.name] > now:
                    continue
                attempt = self._attempts.get(job.name)
                if attempt is not None and not attempt.done():
                    # Not a whole period later: a job that took a little longer than its period
                    # would only be done every second time, and rights be checked half as often.
                    self._due[job.name] = now + min(job.period_s, LATE_S)
                    continue
                self._due[job.name] = now + job.period_s
                self._attempts[job.name] = self._spawn(job.name, self._attempt(job))
            await asyncio.sleep(min(self._due[job.name] for job in jobs) - now)

    async def _attempt(self, job: Job) -> None:
        if error := await _outcome(job.work):
            self._failed(job.name, error)
            if not classify(error):
                # What is broken fails more and more seldom, or it would fill the log and the pool.
                retry_at = time.monotonic() + self._backoff_s(job.name)
                self._due[job.name] = max(self._due[job.name], retry_at)
        else:
            self._succeeded(job.name)

    def _failed(self, name: str, error: BaseException) -> None:
        health = self._health[name]
        if not health.failures:
            health.since = time.monotonic()
        health.failures += 1
        # Whoever records an outage of the database logs it, once for all that meet it.
        if not health.is_logged and not classify(error):
            health.is_logged = True
            logger.error("%s failed and is started again", name, exc_info=error)

    def _succeeded(self, name: str) -> None:
        health = self._health.get(name)
        if health is None:
            return
        if health.is_logged:
            logger.info("%s works again", name)
        health.failures, health.is_logged = 0, False

    def _backoff_s(self, name: str) -> float:
        delay_s = min(BACKOFF_MAX_S, BACKOFF_S * 2.0 ** min(self._health[name].failures - 1, 20))
        return delay_s * (0.5 + random.random() / 2)  # noqa: S311 (jitter, not a secret)


async def _outcome(work: Work) -> BaseException | None:
    """Do ``work``; what it failed with, or None.

    A cancellation from inside is a failure like any other; one of this task ends it.
    """
    try:
        await work()
        failure: BaseException | None = None
    except (Exception, asyncio.CancelledError) as error:
        failure = error
    # Both arrive as CancelledError. From inside comes one of a future that a library gave up, as
    # Redis's does; taken for the end it would silently stop a vital task. One of this task counts
    # even if ``work`` has swallowed it or made another error of it.
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return failure


def failing_tasks() -> list[FailingTask]:
    """The failing background tasks of this process, over all of its event loops."""
    return [task for supervisor in list(_supervisors) for task in supervisor.failing()]


_supervisors: weakref.WeakSet[Supervisor] = weakref.WeakSet()
