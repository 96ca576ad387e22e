"""Several server processes on one database, as behind a load balancer."""

from __future__ import annotations

import contextlib
import json
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from emulator.testing import Emulator, running_process
from tests.e2e.server import ENDS_WITHIN_S, ChatServer, Person, Place
from tests.services import Service, postgres, redis

Row = tuple[Any, ...]

SETTINGS = {
    "SOCKET_AUTH_S": "5",
    "RUN_FIRST_BYTE_S": "20",
    "RUN_IDLE_S": "40",  # longer than a process is paused
    "SOCKETS_PER_USER": "50",
    "SOCKET_UNITS_PER_S": "5000",  # one person here asks for many
    "RUNS_PER_USER": "20",
    "MESSAGES_PER_MINUTE": "1000",
    "SHUTDOWN_GRACE_S": "3",
}


@dataclass(frozen=True)
class Site(Place):
    """One process's folder; what the processes share is in the settings."""

    settings: dict[str, str]

    def environment(self, emulator: Emulator, port: int) -> dict[str, str]:
        return {**super().environment(emulator, port), **SETTINGS, **self.settings}


class Node(ChatServer):
    """One process of a cluster."""

    def pause(self) -> None:
        """Stop the process in its tracks, as a frozen virtual machine would."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    def terminate(self) -> None:
        """Ask it to end, as systemd does, without waiting."""
        self._signal(signal.SIGTERM)

    def exit_code(self) -> int:
        """Wait for the process to end."""
        assert self._process is not None
        return self._process.wait(ENDS_WITHIN_S)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


class Cluster:
    """The processes, what they share, and a look at the rows behind their backs."""

    def __init__(
        self,
        nodes: Sequence[Node],
        emulator: Emulator,
        database: Service | Path,
        redis_service: Service | None,
    ) -> None:
        self.nodes = nodes
        self.emulator = emulator
        self.database = database
        self.redis = redis_service

    def person(self, name: str) -> Person:
        """Somebody with a key, who registered at the first process."""
        return self.nodes[0].person(name)

    def restore(self) -> None:
        """Everything up again, for the next test."""
        for service in (self.database, self.redis):
            if isinstance(service, Service) and service.process is None:
                service.start()
        _each(_revive, self.nodes)

    def rows(self, query: str, *values: object) -> list[Row]:
        """Read from the database itself; ``%s`` stands for a value."""
        if isinstance(self.database, Path):
            plain = [str(value).replace("-", "") for value in values]  # how Django stores a UUID
            with closing(sqlite3.connect(self.database, timeout=10)) as connection:
                return connection.execute(query.replace("%s", "?"), plain).fetchall()
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def log_of(self, run_id: str) -> list[dict[str, Any]]:
        """The stored events of a run; their numbers have no gap."""
        found = self.rows("SELECT seq, data FROM events WHERE run_id = %s ORDER BY seq", run_id)
        assert [seq for seq, _ in found] == list(range(1, len(found) + 1))
        return [json.loads(data) for _, data in found]

    def run(self, run_id: str) -> tuple[str, str, str]:
        """A run's status, outcome and error code."""
        query = "SELECT status, outcome, error_code FROM runs WHERE id = %s"
        [(status, outcome, error_code)] = self.rows(query, run_id)
        return status, outcome, error_code

    def wait_for(self, happened: Callable[[], object], within_s: float) -> float:
        """Wait for something to be so; returns how long that took."""
        began = time.monotonic()
        while not happened():
            assert time.monotonic() - began < within_s, f"not within {within_s} s"
            time.sleep(0.05)
        return time.monotonic() - began

    def ended(self, run_id: str, within_s: float) -> float:
        """Wait for a run to end; returns how long that took."""
        return self.wait_for(lambda: self.run(run_id)[0] != "running", within_s)


def at(node: Node, person: Person) -> Person:
    """The same person, asking another process."""
    return replace(person, server=node)


@contextlib.contextmanager
def cluster(
    folder: Path,
    processes: int,
    *,
    database: str = "postgres",
    with_redis: bool = True,
    kind: str = "uvicorn",
    **settings: str,
) -> Iterator[Cluster]:
    """Start everything on free ports; all of it has ended afterwards.

    Raises:
        Missing: PostgreSQL or Redis is not installed.
    """
    with contextlib.ExitStack() as stack:
        store: Service | Path = folder / "shared.sqlite3"
        if database == "postgres":
            store = stack.enter_context(postgres())
        redis_service = stack.enter_context(redis()) if with_redis else None
        emulator = stack.enter_context(running_process())
        shared = {
            "DATABASE_URL": store.url if isinstance(store, Service) else f"sqlite:///{store}",
            "REDIS_URL": redis_service.url if redis_service else "",
            "MEDIA_ROOT": str(folder / "media"),
            **settings,
        }
        first = Place.new(folder)
        sites = [Site(_made(folder / f"{n}"), first.secrets, shared) for n in range(processes)]
        migrated = sites[0].manage(emulator, "migrate", "-v", "0")
        assert migrated.returncode == 0, migrated.stderr
        nodes = [Node(kind, site, emulator) for site in sites]
        stack.callback(_each, _end, nodes)
        _each(Node.start, nodes)
        yield Cluster(nodes, emulator, store, redis_service)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _each(action: Callable[[Node], None], nodes: Sequence[Node]) -> None:
    with ThreadPoolExecutor(len(nodes)) as pool:
        list(pool.map(action, nodes))


def _revive(node: Node) -> None:
    if node.alive:
        node.wake()
    else:
        node.start()


def _end(node: Node) -> None:
    if node.alive:
        node.wake()
        node.kill()
    node.stop()


def host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)
