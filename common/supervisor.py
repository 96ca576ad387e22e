"""Keeps the background tasks of an event loop running, for as long as the process lives.

A task that fails is started again, later each time it fails in a row; the log has one line when
that begins and one when it is over, and ``/readyz`` names the task meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from common.outages import classify

logger = logging.getLogger(__name__)

BACKOFF_S = 0.25
BACKOFF_MAX_S = 30.0
STEADY_S = 5.0  # a task that should never end and has run for so long has recovered
CANCEL_AGAIN_S = 0.5

Work = Callable[[], Awaitable[None]]


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
        _supervisors.add(self)

    def run(self, name: str, work: Work, *, vital: bool = False) -> None:
        """Keep ``work`` running, which is meant never to return."""
        self._start(name, vital, self._keep_running(name, work))

    def every(self, seconds: float, name: str, work: Work, *, vital: bool = False) -> None:
        """Do ``work`` every so often. A database that is away is tried again at the usual pace."""
        self._start(name, vital, self._repeat(seconds, name, work))

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
        pending = set(self._tasks)
        while pending:  # a library can swallow one cancellation, as Redis's does while it connects
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
        self._health.clear()

    def _start(self, name: str, vital: bool, loop: Coroutine[Any, Any, None]) -> None:
        self._health[name] = _Health(vital)
        task = asyncio.create_task(loop, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_running(self, name: str, work: Work) -> None:
        while True:
            steady = asyncio.get_running_loop().call_later(STEADY_S, self._succeeded, name)
            error = await _outcome(work) or RuntimeError("it ended by itself")
            steady.cancel()
            self._failed(name, error)
            await asyncio.sleep(self._backoff_s(name))

    async def _repeat(self, seconds: float, name: str, work: Work) -> None:
        while True:
            pause_s = seconds
            if error := await _outcome(work):
                self._failed(name, error)
                if not classify(error):
                    pause_s = max(seconds, self._backoff_s(name))
            else:
                self._succeeded(name)
            await asyncio.sleep(pause_s)

    def _failed(self, name: str, error: BaseException) -> None:
        health = self._health[name]
        if not health.failures:
            health.since = time.monotonic()
        health.failures += 1
        # An outage of the database is told by who records it, once for all that meet it.
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

    A cancellation that nobody asked this task for comes from inside, of a future that a library
    gave up: that is a failure like any other. One that was asked for ends the task, whatever
    ``work`` makes of it.
    """
    try:
        await work()
        failure: BaseException | None = None
    except (Exception, asyncio.CancelledError) as error:
        failure = error
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    return failure


def failing_tasks() -> list[FailingTask]:
    """The failing background tasks of this process, over all of its event loops."""
    return [task for supervisor in list(_supervisors) for task in supervisor.failing()]


_supervisors: weakref.WeakSet[Supervisor] = weakref.WeakSet()
