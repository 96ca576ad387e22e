"""What the servers and their decoding workers hold in memory, as Linux counts it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cluster import Cluster
from tests.faults.history import History

LOOK_EVERY_S = 0.2
WORKER = b"conversations.files.decoding.worker"


@dataclass
class Process:
    """``peak_bytes``: the most that was ever resident; ``workers``: the most at one time."""

    kind: str
    peak_bytes: int = 0
    workers: int = 0


class Watch:
    """Looks at all processes, those that are started anew included, until it is stopped."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._seen: dict[int, Process] = {}

    async def look(self) -> None:
        while True:
            await asyncio.to_thread(self._look)
            await asyncio.sleep(LOOK_EVERY_S)

    def note(self, history: History) -> None:
        for pid, process in self._seen.items():
            history.note("process", pid=pid, kind=process.kind, peak_bytes=process.peak_bytes,
                         workers=process.workers)  # fmt: skip

    def _look(self) -> None:
        servers = {node.pid for node in self._cluster.nodes if node.alive}
        workers = dict.fromkeys(servers, 0)
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, ValueError, IndexError):  # it ended meanwhile
                pid = int(folder.name)
                if pid in servers:
                    self._measure(pid, "server")
                elif (parent := _parent(folder)) in servers and _is_worker(folder):
                    workers[parent] += 1
                    self._measure(pid, "worker")
        for pid, count in workers.items():
            if pid in self._seen:
                self._seen[pid].workers = max(self._seen[pid].workers, count)

    def _measure(self, pid: int, kind: str) -> None:
        process = self._seen.setdefault(pid, Process(kind))
        process.peak_bytes = max(process.peak_bytes, _peak_bytes(pid))


def _parent(folder: Path) -> int:
    return int((folder / "stat").read_text().rpartition(")")[2].split()[1])


def _is_worker(folder: Path) -> bool:
    return WORKER in (folder / "cmdline").read_bytes()


def _peak_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
