"""Real PostgreSQL and Redis servers for tests, on loopback, on free ports, gone afterwards.

    with postgres() as database, redis() as redis_service: ...

They come from Debian's packages. Each keeps its data in a directory of its own and can be stopped,
killed and started again.

    python -m tests.services install            get them, where that is possible
    python -m tests.services run pytest ...     a command with DATABASE_URL and REDIS_URL set
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = ("postgresql", "redis-server", "nginx-light")
POSTGRES_USER = "postgres"  # PostgreSQL refuses to run as root; Debian's package makes this one
START_S = 20.0


class Missing(Exception):
    """A program that is not installed here; its text is a reason to skip."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_bin(name: str) -> str:
    """The path of a PostgreSQL program, the newest version installed.

    Raises:
        Missing: there is none.
    """
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    path = str(found[-1]) if found else shutil.which(name)
    if not path:
        raise Missing("PostgreSQL is not installed")
    return path


@dataclass
class Service:
    """One server process of ours; ``url`` stays the same over stops and starts."""

    url: str
    port: int
    command: Sequence[str]
    stop_signal: signal.Signals
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self.log.read_text()[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """As an administrator would: open connections are cut, data is kept."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """As a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is not None and process.poll() is None:
            process.send_signal(how)
            process.wait(timeout=30)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextlib.contextmanager
def postgres() -> Iterator[Service]:
    """A fresh cluster with one empty database; durable as in production."""
    initdb, server = postgres_bin("initdb"), postgres_bin("postgres")
    with _directory() as directory:
        as_user = _as_postgres(directory)
        data = directory / "data"
        setup = [initdb, "-D", str(data), "-U", "test", "--auth=trust", "-E", "UTF8", "--locale=C"]
        subprocess.run([*as_user, *setup], check=True, stdout=subprocess.DEVNULL)
        port = free_port()
        flags = {"listen_addresses": "127.0.0.1", "port": str(port), "max_connections": "100",
                 "unix_socket_directories": "", "shared_buffers": "32MB"}  # fmt: skip
        options = [part for name, value in flags.items() for part in ("-c", f"{name}={value}")]
        service = Service(
            url=f"postgres://test@127.0.0.1:{port}/postgres",
            port=port,
            command=[*as_user, server, "-D", str(data), *options],
            stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown
            log=directory / "log",
        )
        with _running(service):
            yield service


@contextlib.contextmanager
def redis() -> Iterator[Service]:
    """An empty Redis that keeps nothing on disk."""
    program = shutil.which("redis-server")
    if not program:
        raise Missing("Redis is not installed")
    with _directory() as directory:
        port = free_port()
        flags = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        service = Service(
            url=f"redis://127.0.0.1:{port}/0",
            port=port,
            command=[program, *flags, "--dir", str(directory)],
            stop_signal=signal.SIGTERM,
            log=directory / "log",
        )
        with _running(service):
            yield service


@contextlib.contextmanager
def _running(service: Service) -> Iterator[None]:
    service.start()
    try:
        yield
    finally:
        service.stop()


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="chatproject-service-") as name:
        yield Path(name)


def _as_postgres(directory: Path) -> list[str]:
    """How to run a program as somebody PostgreSQL accepts, who owns ``directory``."""
    if getpass.getuser() != "root":
        return []
    directory.chmod(0o711)
    shutil.chown(directory, POSTGRES_USER)
    # setpriv replaces itself by the program, so that our signals reach PostgreSQL.
    return ["setpriv", f"--reuid={POSTGRES_USER}", f"--regid={POSTGRES_USER}", "--clear-groups"]


def install() -> None:
    """Install what is missing from Debian's packages, where that is possible."""
    with contextlib.suppress(Missing):
        postgres_bin("postgres")
        if shutil.which("redis-server") and shutil.which("nginx"):
            return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.stderr.write("PostgreSQL, Redis or nginx is missing: their tests are skipped.\n")
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", *PACKAGES]):
        done = subprocess.run(
            ["apt-get", *arguments], env=environment, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            sys.stderr.write("Debian's packages could not be had: their tests are skipped.\n")
            return


def run(command: Sequence[str]) -> int:
    """Run ``command`` on PostgreSQL and Redis; returns its exit code."""
    with postgres() as database, redis() as redis_service:
        # A test's transaction is open while it computes, which a busy machine makes long.
        patient = {"DATABASE_STATEMENT_TIMEOUT_MS": "30000"}
        servers = {"DATABASE_URL": database.url, "REDIS_URL": redis_service.url}
        environment = {**os.environ, **servers, **patient}
        return subprocess.run(command, env=environment, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    match arguments:
        case ["install"]:
            install()
            return 0
        case ["run", *command] if command:
            try:
                return run(command)
            except Missing as missing:
                sys.stderr.write(f"{missing}: not run.\n")
                return 0
    sys.stderr.write(__doc__ or "")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
