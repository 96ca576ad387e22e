"""The emulator for tests: start it on a free port, script it, and see the requests it got.

with running() as emulator:
    key = emulator.new_key()
    emulator.script({"texts": ["Hello", " world"]}, key=key)
    ...  # point the program under test at emulator.base_url
    [request] = emulator.requests(key=key, count=1, ended=True)
    assert request["ended"] == "completed"
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import secrets
import string
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from emulator.app import EmulatorServer
from emulator.prose import numbered

Json = dict[str, Any]


@dataclass(frozen=True)
class Emulator:
    """A running emulator, steered over HTTP; the same for one in a thread or in a process."""

    base_url: str

    def new_key(self, marker: str = "") -> str:
        """A key that looks real.

        The marker blocked, suspended, quota or invalid makes it bad; ``free`` has no billing.
        region, noapi, website, ipbound and standard are refused for a reason that lies elsewhere;
        listonly, spent, capped list models and get no answers.
        """
        letters = string.ascii_uppercase + string.digits  # no marker comes about by chance
        return "AIza" + marker + "".join(secrets.choice(letters) for _ in range(35 - len(marker)))

    def script(self, *steps: Json, key: str = "", agent: str = "", method: str = "") -> None:
        """Queue replies; each is used once, by the first call of that key, agent and method."""
        body = {"key": key, "agent": agent, "method": method, "steps": list(steps)}
        self._send("POST", "script", body)

    def publish(self, model_id: str, **fields: Any) -> None:
        """Put a model on Google's list that was not there; the fields: ``catalogue.Model``."""
        self._send("POST", "models", {"id": model_id, **fields})

    def withdraw(self, model_id: str) -> None:
        """Take a model off Google's list; from then on it is not found."""
        self._send("DELETE", "models", id=model_id)

    def requests(
        self, *, key: str = "", count: int = 0, ended: bool = False, timeout_s: float = 5
    ) -> list[Json]:
        """The requests so far, oldest first; with `count`, waits until there are so many.

        Args:
            key: of this key alone.
            count: how many there must be.
            ended: only those whose reply has ended.
            timeout_s: how long to wait for them.

        Raises:
            AssertionError: fewer came in time.
        """
        match: Json = {"key": key, "count": count, "ended": int(ended), "timeout": timeout_s}
        answer = self._send("GET", "requests", timeout_s=timeout_s + 5, **match)
        requests: list[Json] = answer["requests"]
        if len(requests) < count:
            raise AssertionError(f"{len(requests)} requests after {timeout_s} s, not {count}")
        return requests

    async def requests_async(self, **match: Any) -> list[Json]:
        """As ``requests``, without blocking the event loop that the program under test runs in."""
        return await asyncio.to_thread(self.requests, **match)

    def open_streams(self, *, key: str = "") -> list[Json]:
        """The streams that run now."""
        streams: list[Json] = self._send("GET", "requests", key=key, open=1)["requests"]
        return streams

    def files(self, *, key: str = "") -> list[Json]:
        """All uploads, oldest first, as Google shows them, and ``key`` (masked), ``expired``."""
        files: list[Json] = self._send("GET", "files", key=key)["files"]
        return files

    def expire_files(self, *, key: str = "") -> int:
        """Let the files of a key (all if none is named) lapse now; how many there were."""
        expired: int = self._send("POST", "files/expire", key=key)["expired"]
        return expired

    def clear(self) -> None:
        """Forget all requests, scripts, files and published models."""
        self._send("DELETE", "state")

    @staticmethod
    def numbered_text(frames: int, size: int = 40) -> str:
        """The whole text that ``/emulate frames=N size=S`` streams."""
        return "".join(numbered(frames, size))

    def _send(
        self, method: str, page: str, body: Json | None = None, timeout_s: float = 10, **query: Any
    ) -> Json:
        address = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout_s)
        with contextlib.closing(connection):
            path = f"/emulator/{page}?{urlencode(query)}"
            connection.request(method, path, json.dumps(body))
            response = connection.getresponse()
            answer: Json = json.loads(response.read())
        if response.status != 200:
            raise ValueError(answer["error"]["message"])
        return answer


@contextlib.contextmanager
def running(*, recordings: Path | None = None, pace_ms: float = 0) -> Iterator[Emulator]:
    """An emulator in a thread of this process."""
    server = EmulatorServer(recordings=recordings, pace_s=pace_ms / 1000)
    thread = threading.Thread(target=server.serve_here, name="emulator", daemon=True)
    thread.start()
    if not server.listening.wait(10):
        raise TimeoutError("the emulator did not start within 10 s")
    try:
        yield Emulator(server.base_url)
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)


@contextlib.contextmanager
def running_process() -> Iterator[Emulator]:
    """An emulator in a process of its own: for measurements, where it must not share the loop."""
    command = [sys.executable, "-m", "emulator", "--port", "0", "--pace", "0"]
    root = Path(__file__).parent.parent
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen(  # noqa: S603 - our own module, our own arguments
        command, stdout=subprocess.PIPE, text=True, cwd=root, env=environment
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield Emulator(line.rpartition(" ")[2].strip())
        finally:
            process.terminate()
