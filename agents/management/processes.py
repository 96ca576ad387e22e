"""Servers that a command starts, waits for and ends: its own children only, each by its id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from django.core.management.base import CommandError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
READY_WITHIN_S = 60
END_WITHIN_S = 40  # a server gives running answers their grace before it ends
ANSWER_WITHIN_S = 2
POLL_S = 0.1


@dataclass
class Address:
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Address:
        parts = urlsplit(url)
        return cls(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))

    @property
    def on_this_machine(self) -> bool:
        return self.host in LOOPBACK

    @property
    def url(self) -> str:
        """How a browser on this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @classmethod
    def unused(cls) -> Address:
        """An address that only this machine reaches, where nobody listens now."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return cls("127.0.0.1", probe.getsockname()[1])

    def is_free(self) -> bool:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As servers set it: an address that one has just left counts as taken for a minute
            # otherwise.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError:
                return False
        return True


def emulator_command(base_url: str) -> list[str]:
    """The command that serves the emulator at ``base_url``.

    Raises:
        CommandError: the address is not on this machine.
    """
    address = Address.of(base_url)
    if not address.on_this_machine:
        raise CommandError(
            "The emulator serves this machine only, and GEMINI_BASE_URL points elsewhere. "
            "Name an address: manage.py emulator http://127.0.0.1:8089"
        )
    where = ["--host", address.host, "--port", str(address.port)]
    return [sys.executable, "-m", "emulator", *where]


def server_command(address: Address) -> list[str]:
    """Daphne, silent: what there is to say goes through the log."""
    where = ["-b", address.host, "-p", str(address.port)]
    return [sys.executable, "-m", "daphne", "-v", "0", *where, "chatproject.asgi:application"]


def reloading_server_command(address: Address) -> list[str]:
    """Django's runserver, which is daphne here and starts anew when a module changes."""
    where = f"{address.host}:{address.port}"
    return [sys.executable, "manage.py", "runserver", "--no-color", where]  # colours spoil the log


def page_command(address: Address) -> list[str]:
    """Vite, which serves the page from its sources and hands the rest to BACKEND_URL."""
    vite = ["deploy/with-node.sh", "node", "web/node_modules/vite/bin/vite.js", "web"]
    where = ["--host", address.host, "--port", str(address.port), "--strictPort"]
    return [*vite, *where, "--clearScreen", "false"]


class Servers:
    """The children of one command; a context in which SIGINT and SIGTERM ask for their end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._end_requested = threading.Event()
        self._handlers: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> Servers:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handlers[number] = signal.signal(number, lambda *_: self._end_requested.set())
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def start(self, name: str, command: Sequence[str], **environment: str) -> None:
        # A session of its own: Ctrl-C in the terminal reaches this process, which passes it on.
        # It cannot read from the terminal then, so it is given nothing to read.
        child = subprocess.Popen(  # noqa: S603
            command,
            cwd=self._folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._children.append((name, child))

    def wait_until_ready(self, url: str) -> bool:
        """Whether ``url`` answers in time; False also when the end was asked for meanwhile."""
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline and not self._end_requested.is_set():
            self._refuse_dead_child()
            if answers(url):
                return True
            # Not ``time.sleep``, which goes on after a signal: Ctrl-C ends this wait at once.
            self._end_requested.wait(POLL_S)
        if self._end_requested.is_set():
            return False
        raise CommandError(f"Nothing answered at {url} within {READY_WITHIN_S} seconds.")

    def wait_until_end_requested(self) -> None:
        while not self._end_requested.wait(POLL_S * 5):
            self._refuse_dead_child()

    def _refuse_dead_child(self) -> None:
        for name, child in self._children:
            if child.poll() is not None:
                raise CommandError(f"The {name} ended with code {child.returncode}; see above.")

    def end(self) -> None:
        """End the children, the last one started first: it may still use the others."""
        while self._children:
            _name, child = self._children.pop()
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(END_WITHIN_S)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()


def answers(url: str) -> bool:
    """Whether a server answers at ``url``, with success."""
    address, path = Address.of(url), urlsplit(url).path
    with closing(HTTPConnection(address.host, address.port, timeout=ANSWER_WITHIN_S)) as talk:
        try:
            talk.request("GET", path)
            return talk.getresponse().status < 400
        except (OSError, HTTPException):
            return False
