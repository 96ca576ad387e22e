"""The worker process: runs one function after the other over foreign bytes, within limits.

The libraries that read pictures, PDFs and films are large, partly C, and meet bytes that somebody
chose. This process is what such a library may take over or bring down, so it has nothing: neither
Django nor the server's environment, so no secret and no database; and it can write no file. Its
limits are the kernel's, because code in C asks nobody.

    python -m conversations.files.decoding.worker MEMORY_BYTES

reads pickled ``Job``s from standard input and writes framed replies to standard output.
"""

from __future__ import annotations

import os
import pickle
import resource
import struct
import sys
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

from common.errors import AppError

LENGTH = struct.Struct(">Q")
NICENESS = 5  # whoever waits for an answer comes first
RETIRE_BYTES = 256 * 1024 * 1024  # a process that once was this large gives its memory back


class Job(NamedTuple):
    work: Callable[[], Any]
    cpu_s: int


class Reply(NamedTuple):
    """``kind``: ``result`` with the value, ``refused`` with ``(code, message, status)``,
    ``memory``, or ``failed`` with where and what, without a word of the file's."""

    kind: str
    value: Any
    retire: bool


def main() -> None:
    # Address space, for the process's whole life. Past it an allocation fails: mostly as
    # ``MemoryError``, which refuses the file and leaves the process alive; a library in C may also
    # abort, which the server sees as a process that ended.
    _limit(resource.RLIMIT_AS, int(sys.argv[1]))
    # A core dump would hold what somebody sent.
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    os.nice(NICENESS)
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no reply
    retire_bytes = max(RETIRE_BYTES, _peak_bytes())  # which begins with what the server has
    while (reply := _next_reply(sys.stdin.buffer, retire_bytes)) is not None:
        body = _pickled(reply)
        replies.write(LENGTH.pack(len(body)) + body)
        replies.flush()


def _next_reply(jobs: BinaryIO, retire_bytes: int) -> Reply | None:
    """The reply to the next job; None when there will be no more."""
    try:
        job = Job(*pickle.load(jobs))  # noqa: S301  # from our own server
        _limit_cpu(job.cpu_s)
        kind, value = "result", job.work()
    except EOFError:
        return None
    except AppError as error:
        kind, value = "refused", (error.code, error.message, error.status)
    except MemoryError:
        kind, value = "memory", None
    except Exception as error:
        kind, value = "failed", _place(error)
    return Reply(kind, value, _peak_bytes() > retire_bytes)


def _pickled(reply: Reply) -> bytes:
    try:
        return pickle.dumps(tuple(reply))
    except MemoryError:
        # The result was made, and its copy as bytes was too much.
        return pickle.dumps(("memory", None, True))
    except Exception as error:
        return pickle.dumps(("failed", _place(error), reply.retire))


def _limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard),) * 2)


def _limit_cpu(seconds: int) -> None:
    """End this process once the job has used so many seconds of CPU time."""
    # The kernel counts from the start of the process, so each job gets its share on top.
    used = resource.getrusage(resource.RUSAGE_SELF)
    # CPU time and not time by the clock, or a busy machine would refuse good files; a file that
    # makes it wait instead of work meets the clock of the server (``process.py``).
    limit = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _place(error: Exception) -> str:
    """The class of the error and the line it came from; its text may quote the file."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {where}"


if __name__ == "__main__":
    main()
