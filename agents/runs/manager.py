"""The runs that are being answered in this process, and what keeps them alive."""

from __future__ import annotations

import asyncio
import os
import socket
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from agents.runs import rights
from agents.runs.notifier import STARTED, STOP, WRITTEN, Notifier, Ring
from agents.runs.task import RunTask
from agents.runs.writer import Writer
from common.database import in_database
from common.outages import DatabaseUnavailable
from common.supervisor import Supervisor
from conversations.run_end import runs_close_stale
from conversations.runs import lease_renew, runs_begun, runs_to_stop
from gemini.client import GeminiClient
from gemini.pool import Endpoint

LEASE_S = 15.0
RENEW_S = 5.0
STOP_LOOK_S = 0.25  # how long a stop that came through another process waits without a bell
BEGUN_LOOK_S = 2.0
CLOSE_IDLE_S = 5.0
BEGUN_OVERLAP_S = 10.0  # a run is stamped before it is committed: look back a little

Watcher = Callable[[UUID, UUID], None]


class RunManager:
    """All of it, for one event loop."""

    def __init__(self) -> None:
        self.process = f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid4().hex[:8]}"
        self.gemini = GeminiClient(Endpoint(settings.GEMINI_BASE_URL, settings.GEMINI_API_VERSION))
        self.bell = Notifier(settings.REDIS_URL, self.process, self._heard)
        self.writer = Writer(on_written=self.bell.written)
        self.watched = Watched()
        self.draining = False
        self._spare_until = 0.0
        self._runs: dict[UUID, RunTask] = {}
        self._waiting: dict[UUID, set[asyncio.Event]] = {}
        self._tasks = Supervisor()

    async def start(self) -> None:
        tasks = self._tasks
        self.bell.start(tasks)
        tasks.run("the writer of events", self.writer.run, vital=True)
        tasks.every(RENEW_S, "renewing leases", self._keep, vital=True)
        tasks.every(STOP_LOOK_S, "looking for stops", self._look_for_stops)
        tasks.every(rights.SWEEP_S, "checking rights", rights.current().sweep)
        tasks.every(BEGUN_LOOK_S, "looking for new runs", self.watched.look)
        tasks.every(CLOSE_IDLE_S, "closing idle connections", self.gemini.close_idle)
        await self.gemini.warm_up()

    async def stop(self, grace_s: float = 0.0) -> None:
        """Let running answers end within ``grace_s`` seconds, then interrupt what is left."""
        self.draining = True
        waiting = [asyncio.create_task(run.wait()) for run in self._runs.values()]
        if waiting and grace_s:
            await asyncio.wait(waiting, timeout=grace_s)
        for run in list(self._runs.values()):
            run.stop("interrupted")
        if waiting:
            await asyncio.wait(waiting, timeout=LEASE_S)
        with suppress(DatabaseUnavailable):
            await self.writer.flush()
        await self._tasks.stop()
        await self.bell.close()
        await self.gemini.close()

    def begin(self, run: RunTask) -> None:
        """Start a run and tell those who watch its thread."""
        self._runs[run.ids.run_id] = run
        rights.current().hold(run)
        run.start(self.writer, self._ended)
        self.watched.tell(run.ids.thread_id, run.ids.run_id)
        self.bell.started(run.ids.thread_id, run.ids.run_id)

    def run(self, run_id: UUID) -> RunTask | None:
        """The run, if it is answered here."""
        return self._runs.get(run_id)

    @contextmanager
    def rung_for(self, run_id: UUID) -> Iterator[asyncio.Event]:
        """An event that is set whenever another process rings for this run."""
        rung = asyncio.Event()
        waiting = self._waiting.setdefault(run_id, set())
        waiting.add(rung)
        try:
            yield rung
        finally:
            waiting.discard(rung)
            if not waiting and self._waiting.get(run_id) is waiting:
                del self._waiting[run_id]

    def _ended(self, run: RunTask) -> None:
        self._runs.pop(run.ids.run_id, None)
        rights.current().release(run)
        self.bell.written([run.ids.run_id])

    def _heard(self, ring: Ring) -> None:
        match ring:
            case (kind, run_id) if kind == WRITTEN:
                for rung in self._waiting.get(run_id, ()):
                    rung.set()
            case (kind, run_id) if kind == STOP:
                if run := self._runs.get(run_id):
                    run.stop("cancelled")
            case (kind, thread_id, run_id) if kind == STARTED:
                self.watched.tell(thread_id, run_id)

    async def _keep(self) -> None:
        """Renew the leases of the runs here, and end the runs of processes that died."""
        try:
            await self._renew()
            if time.monotonic() >= self._spare_until:
                self.bell.written(await in_database(runs_close_stale))
        except DatabaseUnavailable:
            # Nobody could renew a lease meanwhile: the other processes get the time to do so.
            self._spare_until = time.monotonic() + 2 * RENEW_S
            raise

    async def _renew(self) -> None:
        fences = {run_id: run.ids.fence for run_id, run in self._runs.items()}
        if fences:
            lost = await in_database(
                lease_renew, run_fences=fences, lease_owner=self.process, lease_s=LEASE_S
            )
            for run_id in lost & self._runs.keys():
                self._runs[run_id].lose()

    async def _look_for_stops(self) -> None:
        """Stop what was asked to stop in another process. Costs nothing while nothing runs."""
        if self._runs:
            for run_id in await in_database(runs_to_stop, list(self._runs)):
                if run := self._runs.get(run_id):
                    run.stop("cancelled")


class Watched:
    """The threads that sockets here look at, and who is to be told when a run begins in one."""

    def __init__(self) -> None:
        # What each has been told: one that comes later is told as well.
        self._watchers: dict[UUID, dict[Watcher, set[UUID]]] = {}

    def add(self, thread_id: UUID, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher(thread_id, run_id)`` for each run that begins, and for those that just
        have; returns how to end that."""
        self._watchers.setdefault(thread_id, {})[watcher] = set()

        def unwatch() -> None:
            watchers = self._watchers.get(thread_id, {})
            watchers.pop(watcher, None)
            if not watchers:
                self._watchers.pop(thread_id, None)

        return unwatch

    def tell(self, thread_id: UUID, run_id: UUID) -> None:
        """A run has begun; each is told once, however often and from wherever it is heard of."""
        for watcher, told in list(self._watchers.get(thread_id, {}).items()):
            if run_id not in told:
                told.add(run_id)
                watcher(thread_id, run_id)

    async def look(self) -> None:
        """Find the runs that began in other processes, for when no bell rings."""
        if self._watchers:
            since = timezone.now() - timedelta(seconds=BEGUN_OVERLAP_S)
            for thread_id, run_id in await in_database(runs_begun, list(self._watchers), since):
                self.tell(thread_id, run_id)


_by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, RunManager] = (
    weakref.WeakKeyDictionary()
)


async def current() -> RunManager:
    """The running loop's manager, started on first use: daphne does not announce its start."""
    loop = asyncio.get_running_loop()
    live = _by_loop.get(loop)
    if live is None:
        live = _by_loop[loop] = RunManager()
        await live.start()
    return live


async def startup() -> None:
    await current()


async def shutdown() -> None:
    """End what runs on this loop; answers that are being made get their time to end."""
    live = _by_loop.pop(asyncio.get_running_loop(), None)
    if live is not None:
        await live.stop(settings.SHUTDOWN_GRACE_S)


async def interrupt() -> None:
    """End what runs on this loop at once; what was said so far is stored."""
    live = _by_loop.pop(asyncio.get_running_loop(), None)
    if live is not None:
        await live.stop(grace_s=0)
