"""The runs that are being answered in this process, and what keeps them alive."""

from __future__ import annotations

import asyncio
import os
import socket
import time
import weakref
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection
from django.utils import timezone

from agents.runs import rights
from agents.runs.connections import ConnectionRegistry
from agents.runs.notifier import STARTED, STOP, Notification, Notifier
from agents.runs.task import RunTask
from agents.runs.writer import Writer
from common.database import in_database
from common.database_errors import DatabaseUnavailable
from common.supervisor import Job, Supervisor
from conversations.run_end import runs_close_stale
from conversations.runs import lease_renew, runs_begun, runs_to_stop
from gemini.client import GeminiClient
from gemini.pool import Endpoint

# Lease and fence. A run is answered by the process that holds its lease, and the process renews it,
# by the database's clock: hosts share no other. One that cannot, because it died, hangs or has lost
# its database, has lost the run. Another process ends it (``runs_close_stale``), so that its thread
# is free again, and raises the run's fence. Every write of a run names the fence that it was opened
# with. The lease alone would not do: a process that was only asleep, for a minute of swapping say,
# wakes up in the middle of a write that it had decided on before, and would put it behind an end
# that readers have seen. With the fence that write is refused, in the transaction that makes it,
# and the run is stopped here as well (``RunTask.on_lease_lost``).
LEASE_S = 15.0  # three renewals: one that fails is no death
RENEW_S = 5.0
# After an outage, before runs of others are ended: time for two renewals of theirs. A little less
# than a multiple of the period, or a renewal that failed late would put it off by a whole turn.
CLOSE_STALE_PAUSE_S = 2 * RENEW_S - 1.0
STOP_POLL_S = 0.25  # how long a stop from another process waits, where no notification comes
STARTED_POLL_S = 2.0
# So far back each poll reaches: a run is stamped by the clock of its host, and before it is
# committed. What is found twice is told once (``ThreadWatchers``).
STARTED_OVERLAP_S = 10.0
CLOSE_IDLE_S = 5.0

Watcher = Callable[[UUID, UUID], None]


class RunManager:
    """What one event loop has once: its runs, its connections, and the housekeeping for both."""

    def __init__(self) -> None:
        self.process = f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid4().hex[:8]}"
        self.gemini = GeminiClient(Endpoint(settings.GEMINI_BASE_URL, settings.GEMINI_API_VERSION))
        self.notifier = Notifier(settings.REDIS_URL, self.process, self._on_notification)
        self.writer = Writer(on_written=self.notifier.publish_written)
        self.thread_watchers = ThreadWatchers()
        self.rights = rights.RightsMonitor()
        self.connections = ConnectionRegistry(self.rights)
        self.draining = False
        self._close_stale_from = 0.0
        self._database_was_away = False
        self._runs: dict[UUID, RunTask] = {}
        self._supervisor = Supervisor()

    async def start(self) -> None:
        self.notifier.start(self._supervisor)
        # Vital: a process that cannot store events or renew its leases would take questions whose
        # answers it has to give up. So ``/readyz`` says 503, and a proxy asks another one.
        self._supervisor.run("the writer of events", self.writer.run, vital=True)
        self._supervisor.schedule(
            [
                Job("renewing leases", RENEW_S, self._renew_leases, vital=True),
                Job("looking for stops", STOP_POLL_S, self._poll_stops),
                Job("checking rights", rights.REVALIDATE_S, self.rights.revalidate),
                Job("looking for new runs", STARTED_POLL_S, self.thread_watchers.poll),
                Job("closing idle connections", CLOSE_IDLE_S, self.gemini.close_idle),
            ]
        )
        await self.gemini.warm_up()

    async def stop(self, grace_s: float = 0.0) -> None:
        """Let running answers end within ``grace_s`` seconds, then interrupt what is left."""
        # In this order: first no new runs, then the ends of those that are there, which need the
        # writer, the database and Gemini; then what is pending of runs that could not be closed.
        # The housekeeping goes on until then: answers in their last seconds need their leases.
        self.draining = True
        ends = [asyncio.create_task(run.wait()) for run in self._runs.values()]
        if ends and grace_s:
            await asyncio.wait(ends, timeout=grace_s)
        for run in list(self._runs.values()):
            run.stop("interrupted")
        if ends:
            await asyncio.wait(ends, timeout=LEASE_S)
        await self.writer.flush()
        await self._supervisor.stop()
        await self.notifier.close()
        await self.gemini.close()

    def begin(self, run: RunTask) -> None:
        """Start a run, and notify those who watch its thread."""
        # Known here before it starts: its sender follows it at once, and must find it.
        self._runs[run.ids.run_id] = run
        self.rights.add(run)
        run.start(self.writer, self._on_ended)
        self.thread_watchers.notify(run.ids.thread_id, run.ids.run_id)
        self.notifier.publish_started(run.ids.thread_id, run.ids.run_id)

    def run(self, run_id: UUID) -> RunTask | None:
        """The run, if it is answered here."""
        return self._runs.get(run_id)

    def _on_ended(self, run: RunTask) -> None:
        self._runs.pop(run.ids.run_id, None)
        self.rights.remove(run)
        self.notifier.publish_written([run.ids.run_id])

    def _on_notification(self, notification: Notification) -> None:
        match notification:
            case (kind, run_id) if kind == STOP:
                if run := self._runs.get(run_id):
                    run.stop("cancelled")
            case (kind, thread_id, run_id) if kind == STARTED:
                self.thread_watchers.notify(thread_id, run_id)

    async def _renew_leases(self) -> None:
        """Renew the leases of the runs here, and end the runs of processes that died."""
        try:
            fences = {run_id: run.ids.fence for run_id, run in self._runs.items()}
            if fences:
                lost = await in_database(
                    lease_renew, run_fences=fences, lease_owner=self.process, lease_s=LEASE_S
                )
                for run_id in lost & self._runs.keys():
                    self._runs[run_id].on_lease_lost()
            else:
                await in_database(lambda: connection.ensure_connection())  # of that thread
        except DatabaseUnavailable:
            self._database_was_away = True
            raise
        now = time.monotonic()
        # Nobody could renew a lease while the database was away. Without this pause, which begins
        # when it is back, the first process that reaches it would end the runs of all others, who
        # are alive. An outage that is long enough to let a lease run out fails one attempt here at
        # least: each waits for a connection no longer than a renewal's period.
        if self._database_was_away:
            self._database_was_away = False
            self._close_stale_from = now + 2 * RENEW_S
        if now >= self._close_stale_from:
            self.notifier.publish_written(await in_database(runs_close_stale))

    async def _poll_stops(self) -> None:
        """Stop the runs whose stop another process has stored. Free while nothing runs here."""
        if self._runs:
            for run_id in await in_database(runs_to_stop, list(self._runs)):
                if run := self._runs.get(run_id):
                    run.stop("cancelled")


class ThreadWatchers:
    """Who is notified of each run that begins in a thread: the sockets that show it."""

    def __init__(self) -> None:
        # With the runs that each was notified of. They are its own: one that subscribes later is
        # notified of a run that has just begun as well.
        self._watchers: dict[UUID, dict[Watcher, set[UUID]]] = {}

    def subscribe(self, thread_id: UUID, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher(thread_id, run_id)`` for each run that begins, and for those that just
        have. Returns how to unsubscribe."""
        self._watchers.setdefault(thread_id, {})[watcher] = set()

        def unsubscribe() -> None:
            watchers = self._watchers.get(thread_id, {})
            watchers.pop(watcher, None)
            if not watchers:
                self._watchers.pop(thread_id, None)

        return unsubscribe

    def notify(self, thread_id: UUID, run_id: UUID) -> None:
        """A run has begun. Each is notified once, however often and from wherever this comes."""
        for watcher, notified in list(self._watchers.get(thread_id, {}).items()):
            if run_id not in notified:
                notified.add(run_id)
                watcher(thread_id, run_id)

    async def poll(self) -> None:
        """Find the runs that began in other processes, for when no notification comes."""
        if self._watchers:
            since = timezone.now() - timedelta(seconds=STARTED_OVERLAP_S)
            for thread_id, run_id in await in_database(runs_begun, list(self._watchers), since):
                self.notify(thread_id, run_id)


# Weak: a loop that goes without ``shutdown`` (a command, a test) takes its manager along.
_by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, RunManager] = (
    weakref.WeakKeyDictionary()
)


async def current() -> RunManager:
    """The running loop's manager, started on first use: daphne does not announce its start."""
    # One per loop, not per process: its events, tasks and connections belong to the loop.
    loop = asyncio.get_running_loop()
    manager = _by_loop.get(loop)
    if manager is None:
        # Known before it is started: of two first callers at once the second must not make another
        # one, whose runs and leases nobody would look after.
        manager = _by_loop[loop] = RunManager()
        await manager.start()
    return manager


async def startup() -> None:
    await current()


async def shutdown() -> None:
    """End what runs on this loop; answers that are being made get their time to end."""
    manager = _by_loop.pop(asyncio.get_running_loop(), None)
    if manager is not None:
        await manager.stop(settings.SHUTDOWN_GRACE_S)


async def interrupt() -> None:
    """End what runs on this loop at once; what was answered so far is stored."""
    manager = _by_loop.pop(asyncio.get_running_loop(), None)
    if manager is not None:
        await manager.stop(grace_s=0)
