"""The runs that are being answered in this process, and what keeps them alive."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import weakref
from collections.abc import Callable
from uuid import UUID, uuid4

from django.conf import settings
from django.db import Error as DatabaseFault

from agents.core.gemini import Endpoint, Gemini
from agents.database import in_database
from agents.liverun import LiveRun
from agents.writer import Writer
from conversations.runs import lease_renew, runs_close_stale

logger = logging.getLogger(__name__)

LEASE_S = 15.0
RENEW_S = 5.0

Watcher = Callable[[UUID, UUID], None]


class Live:
    """All of it, for one event loop."""

    def __init__(self) -> None:
        self.process = f"{socket.gethostname()[:30]}:{os.getpid()}:{uuid4().hex[:8]}"
        self.gemini = Gemini(Endpoint(settings.GEMINI_BASE_URL, settings.GEMINI_API_VERSION))
        self.writer = Writer()
        self.draining = False
        self._runs: dict[UUID, LiveRun] = {}
        self._watchers: dict[UUID, set[Watcher]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self.writer.run()), asyncio.create_task(self._keep())]
        await self.gemini.warm_up()

    async def stop(self, grace_s: float = 0.0) -> None:
        """Let running answers end within ``grace_s`` seconds, then interrupt what is left."""
        self.draining = True
        waiting = [asyncio.create_task(run.wait()) for run in self._runs.values()]
        if waiting:
            await asyncio.wait(waiting, timeout=grace_s or 0.001)
        for run in list(self._runs.values()):
            run.stop("interrupted")
        if waiting:
            await asyncio.wait(waiting, timeout=LEASE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.gemini.close()

    def begin(self, run: LiveRun) -> None:
        """Start a run and tell those who watch its thread."""
        self._runs[run.ids.run_id] = run
        run.start(self.writer, self._forget)
        for watcher in list(self._watchers.get(run.ids.thread_id, ())):
            watcher(run.ids.thread_id, run.ids.run_id)

    def _forget(self, run: LiveRun) -> None:
        self._runs.pop(run.ids.run_id, None)

    def run(self, run_id: UUID) -> LiveRun | None:
        """The run, if it is answered here."""
        return self._runs.get(run_id)

    def watch(self, thread_id: UUID, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher(thread_id, run_id)`` for each run that starts; returns how to end that."""
        self._watchers.setdefault(thread_id, set()).add(watcher)

        def unwatch() -> None:
            watchers = self._watchers.get(thread_id, set())
            watchers.discard(watcher)
            if not watchers:
                self._watchers.pop(thread_id, None)

        return unwatch

    async def _keep(self) -> None:
        """Renew the leases of the runs here, and end the runs of processes that died."""
        while True:
            try:
                fences = {run_id: run.ids.fence for run_id, run in self._runs.items()}
                if fences:
                    lost = await in_database(
                        lease_renew, run_fences=fences, lease_owner=self.process, lease_s=LEASE_S
                    )
                    for run_id in lost & self._runs.keys():
                        self._runs[run_id].lose()
                await in_database(runs_close_stale)
            except DatabaseFault as fault:
                logger.warning("Leases wait for the database: %s", type(fault).__name__)
            await asyncio.sleep(RENEW_S)


_by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Live] = weakref.WeakKeyDictionary()


async def current() -> Live:
    """The running loop's ``Live``, started on first use: daphne does not announce its start."""
    loop = asyncio.get_running_loop()
    live = _by_loop.get(loop)
    if live is None:
        live = _by_loop[loop] = Live()
        await live.start()
    return live


async def startup() -> None:
    await current()


async def shutdown() -> None:
    """End what runs on this loop."""
    live = _by_loop.pop(asyncio.get_running_loop(), None)
    if live is not None:
        await live.stop()
