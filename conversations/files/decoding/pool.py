"""The pool of worker processes, and the two ways to have foreign bytes decoded in it.

    picture = decode(user_id, clean_picture, data, "image/png")               # in a thread
    picture = await decode_async(user_id, clean_picture, data, "image/png")   # in a coroutine

The function stands at the top level of a module without Django, takes what can be pickled, and
returns plain values or dataclasses defined in ``conversations``. What it refuses it raises as
``AppError``. A job has limits of CPU time, wall time and memory; over one of them its process is
killed, the file refused with ``bad_file``, and the next job gets a new process.

Nobody's files are in the way of another's: owners take turns, and one owner never has all of the
workers. No thread of a caller's is needed while a coroutine waits.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Lock, Thread
from typing import Any, ParamSpec, TypeVar

from django.conf import settings

from conversations.files.decoding.process import Limits, WorkerProcess, busy

JOBS_PER_OWNER = 32  # waiting; two messages with sixteen files each
JOBS = 256
WAIT_S = 30.0
IDLE_S = 120.0  # a worker without a job ends, and with it the memory that it holds

P = ParamSpec("P")
R = TypeVar("R")


def decode(owner_id: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The result of ``function`` from a worker process; waits in the calling thread.

    Raises:
        AppError: the function's own; ``bad_file`` for a file over a limit; ``busy`` (429 or 503)
            when too many files wait already.
    """
    return pool().submit(owner_id, function, *args, **kwargs).result()


async def decode_async(
    owner_id: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Like ``decode``, for coroutines. A caller that is cancelled takes its waiting job along."""
    return await asyncio.wrap_future(pool().submit(owner_id, function, *args, **kwargs))


def pool() -> DecodingPool:
    """This process's pool; its workers start with the first jobs, and end with the process."""
    with _lock:
        return _pool()


_lock = Lock()


@functools.cache
def _pool() -> DecodingPool:
    limits = Limits(settings.DECODING_CPU_S, settings.DECODING_MEMORY_BYTES)
    new = DecodingPool(settings.DECODING_WORKERS, limits)
    atexit.register(new.close)
    return new


@dataclass(slots=True, eq=False)
class _Job:
    owner_id: int
    work: functools.partial[Any]
    future: Future[Any] = field(default_factory=Future)
    since: float = field(default_factory=time.monotonic)


class DecodingPool:
    """A thread for each worker process, which takes the next job that is due and waits for it.

    Args:
        workers: how many processes there are at most.
        limits: of each job.
    """

    def __init__(self, workers: int, limits: Limits) -> None:
        self._processes = [WorkerProcess(limits) for _ in range(workers)]
        # One worker stays for the others, however many files an owner sends. Where there is only
        # one, taking turns is all that can be done.
        self._running_per_owner = max(1, workers - 1)
        self._threads: list[Thread] = []
        self._changed = Condition()
        self._waiting: OrderedDict[int, deque[_Job]] = OrderedDict()  # owners, in turn
        self._running: Counter[int] = Counter()
        self._closed = False

    def submit(
        self, owner_id: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> Future[R]:
        """A job at the end of its owner's queue. Raises ``AppError`` ``busy`` if that is full."""
        job = _Job(owner_id, functools.partial(function, *args, **kwargs))
        with self._changed:
            self._check_room(owner_id)
            self._waiting.setdefault(owner_id, deque()).append(job)
            if not self._threads:
                self._start_threads()
            self._changed.notify()
        return job.future

    def close(self) -> None:
        """End the workers; jobs that wait or run are refused."""
        with self._changed:
            self._closed = True
            waiting = [job for jobs in self._waiting.values() for job in jobs]
            self._waiting.clear()
            self._changed.notify_all()
        for job in waiting:
            # Cancelled ones have their answer; to give them another is an error.
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(busy())
        for process in self._processes:
            process.close()

    def _check_room(self, owner_id: int) -> None:
        if self._closed or sum(map(len, self._waiting.values())) >= JOBS:
            raise busy()
        if len(self._waiting.get(owner_id, ())) >= JOBS_PER_OWNER:
            raise busy(429)

    def _start_threads(self) -> None:
        for process in self._processes:
            thread = Thread(target=self._work, args=(process,), name="decoding", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self, process: WorkerProcess) -> None:
        while not self._closed:
            job = self._next(process)
            if job is None:
                continue
            try:
                _run_job(job, process)
            finally:
                self._done(job.owner_id)

    def _next(self, process: WorkerProcess) -> _Job | None:
        """The job that is due; None once there was none for a while, or the pool was closed."""
        with self._changed:
            while not self._closed:
                # In the order of their turns, past owners who have as many workers as they may.
                for owner_id, jobs in self._waiting.items():
                    if self._running[owner_id] < self._running_per_owner:
                        return self._take(owner_id, jobs)
                # A worker costs 18 MB as long as it is there, and 0.3 s to start again.
                if not self._changed.wait(IDLE_S):
                    process.stop()
        return None

    def _take(self, owner_id: int, jobs: deque[_Job]) -> _Job:
        job = jobs.popleft()
        # An owner with more files waiting goes behind all others.
        self._waiting.move_to_end(owner_id)
        if not jobs:
            del self._waiting[owner_id]
        self._running[owner_id] += 1
        return job

    def _done(self, owner_id: int) -> None:
        with self._changed:
            self._running[owner_id] -= 1
            if not self._running[owner_id]:
                del self._running[owner_id]
            # What waited for its owner's share is due now, and maybe for another thread.
            self._changed.notify()


def _run_job(job: _Job, process: WorkerProcess) -> None:
    """Have the job done, unless nobody waits for it any more or it waited too long."""
    # A caller that left took its job along. From here on it cannot be cancelled any more.
    if not job.future.set_running_or_notify_cancel():
        return
    try:
        if time.monotonic() - job.since > WAIT_S:
            raise busy()
        job.future.set_result(process.run(job.work))
    # Whatever it is, it is the caller's. Raised here it would end the thread, and with it one
    # worker of the pool for good.
    except BaseException as error:
        job.future.set_exception(error)
