"""People who send files: honest ones, and pictures made to cost much."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2

from tests.conversations.samples import huge_png, many_frames, picture, scanned_jpeg
from tests.faults.history import History
from tests.faults.proxy import Proxy

PATIENCE_S = 60.0
TIMEOUT_S = 35.0  # longer than a file may wait for its turn
RETRY_S = 0.3
PAUSES_S = {"honest": (0.2, 1.0), "bomb": (0.5, 2.0)}


@dataclass(frozen=True)
class Sent:
    """``kind``: honest; a bomb, which is refused; or costly, which may be."""

    kind: str
    name: str
    data: bytes


def honest(rng: random.Random) -> Sent:
    if rng.random() < 0.5:
        return Sent("honest", "notes.txt", f"Notes {uuid4()}\n".encode() * rng.randint(1, 500))
    return Sent("honest", "a.png", picture(size=(rng.randint(20, 400), 200)))


def bomb(rng: random.Random) -> Sent:
    return rng.choice(_bombs())


def _bombs() -> list[Sent]:
    if not _made:
        _made.extend([
            Sent("bomb", "scans.jpg", scanned_jpeg(150)),
            Sent("bomb", "frames.gif", many_frames(30_000)),
            Sent("bomb", "pixels.png", huge_png()),
            Sent("costly", "slow.jpg", scanned_jpeg(50, size=(6000, 6000))),
            Sent("costly", "large.jpg", scanned_jpeg(4, size=(13_000, 13_000))),
        ])  # fmt: skip
    return _made


_made: list[Sent] = []


class Sender:
    """Sends one file after the other, each until the server says yes or no."""

    def __init__(
        self, name: str, proxy: Proxy, token: str, history: History, rng: random.Random,
        make: Callable[[random.Random], Sent],
    ) -> None:  # fmt: skip
        self._name = name
        self._history = history
        self._rng = rng
        self._make = make
        self._http = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{proxy.port}", timeout=TIMEOUT_S, trust_env=False,
            headers={"authorization": f"Bearer {token}"},
        )  # fmt: skip

    async def send_files(self, over: asyncio.Event) -> None:
        async with self._http:
            while not over.is_set():
                sent = await asyncio.to_thread(self._make, self._rng)
                await self._send(sent)
                await asyncio.sleep(self._rng.uniform(*PAUSES_S.get(sent.kind, (1, 4))))

    async def _send(self, sent: Sent) -> None:
        began = time.monotonic()
        status, answer = 0, dict[str, Any]()
        while time.monotonic() - began < PATIENCE_S:
            status, answer = await self._once(sent)
            if status and status not in (429, 503):
                break
            await asyncio.sleep(RETRY_S)
        after_s = time.monotonic() - began
        same = status == 201 and sent.kind == "honest" and await self._is_there(answer, sent)
        code = answer.get("code", "")
        self._history.note("upload", client=self._name, kind=sent.kind, name=sent.name,
                           status=status, code=code, same=same, after_s=after_s)  # fmt: skip

    async def _once(self, sent: Sent) -> tuple[int, dict[str, Any]]:
        """The status and what was said; 0 for a connection that was lost."""
        with suppress(httpx2.TransportError):
            answer = await self._http.post("/api/files/", files={"file": (sent.name, sent.data)})
            with suppress(ValueError):
                return answer.status_code, dict(answer.json())
            return answer.status_code, {}
        return 0, {}

    async def _is_there(self, stored: dict[str, Any], sent: Sent) -> bool:
        """Whether it is given back: a text to the letter, a picture in its size."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with suppress(httpx2.TransportError):
                answer = await self._http.get(stored["url"])
                if answer.status_code == 200:
                    is_picture = sent.name.endswith(".png")
                    return stored["height"] == 200 if is_picture else answer.content == sent.data
            await asyncio.sleep(RETRY_S)
        return False
