"""One worker process, as the server sees it: started when needed, killed when over a limit."""

from __future__ import annotations

import dataclasses
import functools
import logging
import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from threading import Lock, Timer
from typing import IO, Any, cast

from common.errors import AppError
from conversations.files.decoding.worker import LENGTH, Job, Reply

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENT = {"PYTHONHASHSEED": "random", "LC_ALL": "C.UTF-8"}  # nothing of the server's own
REPLY_MAX_BYTES = 512 * 1024 * 1024
WALL_FACTOR = 3  # a busy machine gives a job less CPU time than the clock shows
END_S = 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """What one job may use: seconds of CPU time, and bytes of address space of its process."""

    cpu_s: int
    memory_bytes: int


class WorkerProcess:
    """Runs one job at a time. Not for more than one thread, but for ``close``.

    The limits inside of the worker (``worker.py``) end a job that works too much; what takes too
    long by the clock is killed from here.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = Lock()  # a process is started or ended
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    def run(self, work: functools.partial[Any]) -> Any:
        """What ``work`` returns, called in the worker.

        Raises:
            AppError: the function's own, or ``bad_file`` for a job that was over a limit, broke
                off, or raised anything else.
        """
        child, name = self._running(), work.func.__name__
        # For what uses no CPU time of the worker's: a job that sleeps, one that started a process
        # of its own (Pandoc), or a worker that no longer answers because its code is not ours any
        # more.
        watchdog = Timer(self._limits.cpu_s * WALL_FACTOR, _kill, [child])
        watchdog.daemon = True
        watchdog.start()
        try:
            reply = _exchange(child, Job(work, self._limits.cpu_s))
        except (OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            # After a kill, or whatever else came instead of a whole reply, the pipe may hold half a
            # message, which the next job would read as its own: always replaced, never used again.
            raise self._error_for(child, name, error) from None
        except BaseException:
            self.stop()  # half a job may have been written
            raise
        finally:
            watchdog.cancel()
        if reply.retire:
            self.stop()
        return _value(reply, name)

    def stop(self) -> None:
        """End the process, if there is one; a job in it is lost."""
        with self._lock:
            child, self._child = self._child, None
            if child is not None:
                _kill(child)
                child.wait(END_S)
                _close(child)

    def close(self) -> None:
        """End the process for good."""
        self._closed = True
        self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is not None:
            self.stop()  # it died between two jobs
        with self._lock:
            if self._closed:
                raise busy()
            self._child = self._child or subprocess.Popen(  # noqa: S603  # ourselves
                [sys.executable, "-m", f"{__package__}.worker", str(self._limits.memory_bytes)],
                cwd=ROOT,
                env=ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # A library's complaints may quote the file, and must not get into the server's log.
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl+C is for the server, which ends its workers
            )
            return self._child

    def _error_for(self, child: subprocess.Popen[bytes], name: str, error: Exception) -> AppError:
        """What a job without a reply means for who waits for it."""
        self.stop()
        if self._closed:
            return busy()
        logger.warning("%s over a file: %s, exit %s", name, type(error).__name__, child.returncode)
        ended = isinstance(error, OSError | EOFError)
        # SIGXCPU is the kernel's, at the end of the CPU time; SIGKILL is the watchdog's.
        if ended and child.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return AppError(
                "bad_file", "This file takes too long to read. Save it anew, or make it smaller."
            )
        return _damaged()


def _exchange(child: subprocess.Popen[bytes], job: Job) -> Reply:
    jobs, replies = cast(IO[bytes], child.stdin), cast(IO[bytes], child.stdout)
    pickle.dump(tuple(job), jobs)
    jobs.flush()
    (length,) = LENGTH.unpack(_read(replies, LENGTH.size))
    # A worker that a file took over says what it likes, a length of terabytes for one.
    if length > REPLY_MAX_BYTES:
        raise ValueError("too long")
    return Reply(*_ReplyUnpickler(BytesIO(_read(replies, length))).load())


def _read(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


class _ReplyUnpickler(pickle.Unpickler):
    """Takes plain values and our dataclasses: a worker that a file took over gains nothing here.

    Unpickling calls whatever a pickle names, which would run code of its choice in the server. A
    dataclass of ours, of a module that the server has imported already, only stores its fields.
    """

    def find_class(self, module: str, name: str) -> Any:
        # Only what is imported already: an import runs code by itself.
        cls = getattr(sys.modules.get(module), name, None)
        is_ours = module.startswith("conversations.") and isinstance(cls, type)
        if not is_ours or not dataclasses.is_dataclass(cls):
            raise pickle.UnpicklingError(f"{module}.{name} is no result")
        return cls


def _value(reply: Reply, name: str) -> Any:
    if reply.kind == "result":
        return reply.value
    if reply.kind == "refused":
        code, message, status = reply.value
        raise AppError(code, message, status=status)
    if reply.kind == "memory":
        raise AppError(
            "bad_file", "This file needs too much memory to read. Make it smaller, then send it."
        )
    logger.error("%s failed over a file: %s", name, reply.value)
    raise _damaged()


def busy(status: int = 503) -> AppError:
    """Too many files wait: 429 for ones of the same owner."""
    who = "Your other files are" if status == 429 else "Other files are"
    message = f"{who} being read. Wait a moment, then send this one again."
    return AppError("busy", message, status=status, retry_after_s=5)


def _damaged() -> AppError:
    return AppError("bad_file", "This file is damaged or incomplete. Try another copy of it.")


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End a worker and what it may have started, which is its process group."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _close(child: subprocess.Popen[bytes]) -> None:
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with suppress(OSError):  # bytes that it will not read any more
                stream.close()
