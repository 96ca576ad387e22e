"""What every benchmark needs: servers in processes of their own, accounts, clocks, results."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import platform
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from emulator.testing import Emulator

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
READY_WITHIN_S = 60
# The limits of one account, out of the way: a few accounts stand for many people.
WIDE = {
    "ALLOW_REGISTRATION": "1",
    "LOGIN_PER_ADDRESS": "100000",
    "LOGIN_PER_ACCOUNT": "100000",
    "MESSAGES_PER_MINUTE": "1000000",
    "RUNS_PER_USER": "10000",
    "SOCKETS_PER_USER": "10000",
    "SOCKET_UNITS_PER_S": "1000000",
}
# As deploy/chatproject.service has it.
SERVE = (
    "--lifespan on --ws websockets-sansio --ws-max-size 65536 --no-access-log --no-server-header"
)
DEFLATE_OFF = "--ws-per-message-deflate false"

Json = dict[str, Any]


@dataclass
class Person:
    """An account with a key of its own."""

    name: str
    password: str
    gemini_key: str
    token: str = ""


@dataclass
class Server:
    """A server under test, in a process of its own."""

    port: int
    pid: int
    people: list[Person] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sign_in(self) -> list[Person]:
        """Fresh tokens for everybody: they last five minutes."""
        for person in self.people:
            answer = self.ask(
                "POST", "/api/token/", {"username": person.name, "password": person.password}
            )
            person.token = answer["access"]
        return self.people

    def ask(self, method: str, path: str, body: Json | None = None, token: str = "") -> Json:
        """One REST request; raises ``RuntimeError`` with the server's sentence."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - our own address
            self.url + path, data, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                found: Json = json.loads(answer.read() or b"{}")
                return found
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()!r}") from None

    def join(self, count: int, emulator: Emulator) -> None:
        """Register ``count`` people over REST, each with a key."""
        for _ in range(count):
            person = Person(f"user-{uuid4().hex[:12]}", secrets.token_hex(12), emulator.new_key())
            account = {"username": person.name, "password": person.password}
            person.token = self.ask("POST", "/api/register/", account)["access"]
            key = {"name": "benchmark", "key": person.gemini_key}
            self.ask("POST", "/api/keys/", key, person.token)
            self.people.append(person)


@contextlib.contextmanager
def emulator(module: str = "emulator", *, pace_ms: float = 0) -> Iterator[Emulator]:
    """The emulator, or a module that serves it, in a process of its own."""
    command = [sys.executable, "-m", module, "--port", "0", "--pace", str(pace_ms)]
    with _running(command, _environment(), stdout=subprocess.PIPE) as process:
        yield Emulator(_announced(process))


@contextlib.contextmanager
def floor_server(upstream: Emulator) -> Iterator[Server]:
    """The floor: see ``benchmarks/floor.py``."""
    command = [sys.executable, "-m", "benchmarks.floor", upstream.base_url, upstream.new_key()]
    with _running(command, _environment(), stdout=subprocess.PIPE) as process:
        port = int(_announced(process).rpartition(":")[2])
        yield Server(port, process.pid)


@contextlib.contextmanager
def chat_server(
    upstream: Emulator, *, people: int = 2, deflate: bool = False, **settings: str
) -> Iterator[Server]:
    """The whole product on uvicorn, with a fresh SQLite, and people who have keys."""
    with tempfile.TemporaryDirectory(prefix="chatproject-bench-") as folder:
        environment = _environment() | WIDE | settings
        environment |= {"VAR_DIR": folder, "GEMINI_BASE_URL": upstream.base_url}
        for name in ("SECRET_KEY", "JWT_SIGNING_KEY", "FERNET_KEYS"):
            environment[name] = secrets.token_urlsafe(48)
        migrate = [sys.executable, "manage.py", "migrate", "--noinput", "-v", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
        port = free_port()
        options = SERVE.split() + ([] if deflate else DEFLATE_OFF.split())
        where = ["--host", "127.0.0.1", "--port", str(port)]
        serve = [sys.executable, "-m", "uvicorn", "chatproject.asgi:application", *where, *options]
        with (
            (Path(folder) / "log").open("wb") as log,
            _running(serve, environment | {"LOG_LEVEL": "WARNING"}, stderr=log) as process,
        ):
            server = Server(port, process.pid)
            _wait_until_ready(server, process, Path(log.name))
            server.join(people, upstream)
            yield server


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "ENV_FILE": os.devnull, "PYTHONUNBUFFERED": "1"}


@contextlib.contextmanager
def _running(
    command: Sequence[str], environment: dict[str, str], **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, cwd=ROOT, env=environment, **options) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _announced(process: subprocess.Popen[bytes]) -> str:
    """The address in a server's first line."""
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        raise RuntimeError("A server did not start.")
    return line.decode().rpartition(" ")[2].strip()


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server did not start: {log.read_text()[-2000:]}")
        with contextlib.suppress(OSError, RuntimeError):
            server.ask("GET", "/api/config/")
            return
        time.sleep(0.1)
    raise RuntimeError("The server did not start in time.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_s(pid: int) -> float:
    """User and system time of a process so far; of all its threads, also those that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the values do not exceed."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def parser(name: str) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    options.add_argument("--quick", action="store_true", help="seconds instead of minutes")
    return options


@dataclass(frozen=True)
class Figure:
    """One line of the summary; without a ``bar`` it is information."""

    what: str
    value: float
    unit: str = ""
    bar: float | None = None

    @property
    def good(self) -> bool:
        return self.bar is None or self.value <= self.bar

    def row(self) -> tuple[str, str, str, str]:
        verdict = "" if self.bar is None else ("ok" if self.good else "MISSED")
        bar = "" if self.bar is None else f"<= {self.bar:g}"
        return self.what, f"{self.value:.4g} {self.unit}".strip(), bar, verdict


def report(name: str, figures: Sequence[Figure], detail: Json, *, quick: bool) -> None:
    """Print the table and write ``results/<name>.json``; nothing in it names this machine."""
    table(["", name, "bar", ""], [figure.row() for figure in figures])
    RESULTS.mkdir(exist_ok=True)
    written = {
        "benchmark": name,
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "quick": quick,
        "figures": [
            {"what": f.what, "value": round(f.value, 4), "unit": f.unit, "bar": f.bar}
            for f in figures
        ],
        "detail": detail,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    print()
    for row in [head, *rows]:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    sys.stdout.flush()
