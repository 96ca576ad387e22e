"""A real chatproject server in a process of its own, and the people who come to its front door."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import jwt
import pytest

from emulator.testing import Emulator
from tests.people import PASSWORD

# Where daphne could differ: how connections and streams begin and end, and what is cut off. The
# rest is the same code, and tested on uvicorn.
both_servers = pytest.mark.parametrize("server", ["uvicorn", "daphne"], indirect=True)

ROOT = Path(__file__).resolve().parent.parent.parent
OPERATORS_KEY = "AIzaSyOPERATOR" + secrets.token_hex(13)[:25]
READY_WITHIN_S = 60
ENDS_WITHIN_S = 20
LIMITS = {
    "SOCKET_AUTH_S": "1",
    "RUN_FIRST_BYTE_S": "3",
    "RUN_IDLE_S": "2",
    "LOGIN_PER_ADDRESS": "100000",  # everybody here comes from one address
    "GEMINI_INLINE_MAX_BYTES": str(2**20),  # larger files go by way of Google's Files API
}


@dataclass(frozen=True)
class Place:
    """Where a server keeps what outlives it: its database, its files and its secrets."""

    folder: Path
    secrets: dict[str, str]

    @classmethod
    def new(cls, folder: Path, migrated: Path | None = None) -> Place:
        """A place of its own; with ``migrated``, a copy of that database spares the migrations."""
        names = ("SECRET_KEY", "JWT_SIGNING_KEY", "FERNET_KEYS")
        place = cls(folder, {name: secrets.token_urlsafe(48) for name in names})
        if migrated is not None:
            with closing(sqlite3.connect(migrated)) as old, closing(place.open()) as new:
                old.backup(new)
        return place

    @property
    def database(self) -> Path:
        return self.folder / "chatproject.sqlite3"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.database, timeout=10)

    def environment(self, emulator: Emulator, port: int) -> dict[str, str]:
        """As an operator would set it, with keys of Google's that must have no effect."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        strays = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
        return {
            **kept,
            **LIMITS,
            **self.secrets,
            **dict.fromkeys(strays, OPERATORS_KEY),
            "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9/",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "VAR_DIR": str(self.folder),
            "PORT": str(port),
            "GEMINI_BASE_URL": emulator.base_url,
            "ALLOW_REGISTRATION": "1",
        }

    def manage(
        self, emulator: Emulator, *words: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run ``manage.py`` beside the server, on the same database."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            env=self.environment(emulator, 8000) | environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


class ChatServer:
    """One server process; it can be killed and started again on the same place."""

    def __init__(self, kind: str, place: Place, emulator: Emulator) -> None:
        self.kind = kind
        self.place = place
        self.emulator = emulator
        self.port = _free_port()
        self.keys: list[str] = []
        self.http = httpx2.Client(base_url=self.url, timeout=20, trust_env=False)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stream_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/chat/stream"

    def start(self, *, ready: bool = True) -> None:
        """Start the process, and wait until it answers; with ``ready``, until it can serve."""
        environment = self.place.environment(self.emulator, self.port)
        with self.place.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.kind, *self._arguments()],
                env=environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._answers("/readyz" if ready else "/healthz"):
            assert self._process.poll() is None, f"the server ended:\n{self.log()[-3000:]}"
            assert time.monotonic() < deadline, "the server did not come up"
            time.sleep(0.05)

    def _arguments(self) -> list[str]:
        """As ``make run`` starts daphne, and ``deploy/`` uvicorn."""
        if self.kind == "daphne":
            options = f"-b 127.0.0.1 -p {self.port} -v 0"
        else:
            options = (
                f"--host 127.0.0.1 --port {self.port} --lifespan on --ws websockets-sansio "
                "--ws-max-size 65536 --ws-per-message-deflate false --no-access-log "
                "--no-server-header --timeout-graceful-shutdown 5"
            )
        return [*options.split(), "chatproject.asgi:application"]

    def _answers(self, path: str) -> bool:
        try:
            return self.http.get(path).status_code == 200
        except httpx2.TransportError:
            return False

    def kill(self) -> None:
        """As a power cut would: nothing is told, nothing is tidied up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def terminate(self) -> None:
        """As a service manager asks it to end; waits until it has."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(ENDS_WITHIN_S)

    def stop(self) -> None:
        self.terminate()
        self.http.close()

    def log(self) -> str:
        return self.place.log.read_text()

    def person(self, name: str, *, with_key: bool = True) -> Person:
        """Somebody who has just registered here, and by default has added a key."""
        username = f"{name}-{uuid4().hex[:12]}"
        answer = self.http.post("/api/register/", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        person = Person(self, username, **answer.json())
        if with_key:
            person.add_key()
        return person

    def token(self, person: Person, lasts_s: float = 300, **claims: Any) -> str:
        """An access token like the person's, signed by this server, with other claims."""
        known = jwt.decode(person.access, options={"verify_signature": False})
        return jwt.encode(
            known | {"exp": int(time.time() + lasts_s)} | claims,
            self.place.secrets["JWT_SIGNING_KEY"],
        )


@dataclass
class Person:
    """A user of the server, with the REST API in their hands."""

    server: ChatServer
    username: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    key: str = field(default="", repr=False)
    key_id: str = ""

    def rest(self, method: str, path: str, **options: Any) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.access}"}
        return self.server.http.request(method, f"/api/{path}", headers=headers, **options)

    def get(self, path: str) -> Any:
        answer = self.rest("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def add_key(self, name: str = "work") -> str:
        """Add a new key, which becomes the one asked with; returns its id."""
        self.key = self.server.emulator.new_key()
        self.server.keys.append(self.key)
        answer = self.rest("POST", "keys/", json={"name": name, "key": self.key})
        assert answer.status_code == 201, answer.text
        self.key_id = answer.json()["id"]
        self.rest("POST", f"keys/{self.key_id}/select/")
        return self.key_id

    def upload(self, name: str, data: bytes) -> dict[str, Any]:
        """Send a file; returns what REST tells of it."""
        answer = self.rest("POST", "files/", files={"file": (name, data)})
        assert answer.status_code == 201, answer.text
        sent: dict[str, Any] = answer.json()
        return sent

    def history(self, thread_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"threads/{thread_id}/messages/")
        return found

    def upstream(self, count: int = 0, **match: Any) -> list[dict[str, Any]]:
        """The answers that were asked of the emulator with this person's last key."""
        asked = self.server.emulator.requests(
            key=self.key, count=count + 1 if count else 0, **match
        )
        return [request for request in asked if request["method"] == "POST"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
