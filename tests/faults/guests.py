"""People whose rights end while they are being served."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from uuid import uuid4

import httpx2

from emulator.testing import Emulator
from tests.faults.history import History
from tests.faults.proxy import Proxy
from tests.faults.questions import Question
from tests.faults.rights import Right
from tests.faults.tab import Tab

FRAMES, SIZE, PACE_MS = 3000, 20, 40  # two minutes: it ends because it has to
AGAIN_AFTER_S = 0.4
STAYS_S = 3.0  # after the end, to see whether anything is still to be had
ENDS_WITHIN_S = 40.0
VISIT_S = 120.0


class Guests:
    """A queue of people; each is served, loses a right, and tries to go on."""

    def __init__(
        self, rights: list[Right], proxy: Proxy, history: History, rng: random.Random
    ) -> None:
        self.keys: dict[str, str] = {}  # per run: what was asked with
        self._rights: Iterator[tuple[int, Right]] = iter(enumerate(rights, start=1))
        self._proxy = proxy
        self._history = history
        self._rng = rng

    async def come_and_go(self, over: asyncio.Event) -> None:
        """One after the other, until ``over`` or nobody is left."""
        while not over.is_set() and (following := next(self._rights, None)):
            number, right = following
            visit = self._read_admin if right.cookies is not None else self._talk
            with suppress(TimeoutError):  # what has not come by then is found by the checker
                await asyncio.wait_for(visit(f"guest{number}", right), VISIT_S)

    async def _talk(self, name: str, right: Right) -> None:
        token = right.person.server.token(right.person, lasts_s=3600)
        tab = Tab(name, self._proxy, token, self._history, self._rng)
        living = asyncio.create_task(tab.live())
        try:
            question = _question(FRAMES, SIZE, PACE_MS)
            await _until(lambda: _is_accepted(tab, question))
            self.keys[question.run_id] = right.key
            await tab.until(lambda: tab.held.get(question.run_id, 0) > 0)
            await asyncio.sleep(self._rng.uniform(0.2, 1.5))
            await self._end(name, right, question.run_id)
            await self._try_again(tab)
            if not right.signs_out:
                with suppress(TimeoutError):
                    await asyncio.wait_for(tab.has(question.run_id), ENDS_WITHIN_S)
        finally:
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
            await tab.close()

    async def _try_again(self, tab: Tab) -> None:
        """Ask something new for a while, as who does not know yet."""
        until = time.monotonic() + STAYS_S
        while (left_s := until - time.monotonic()) > 0:
            try:
                await asyncio.wait_for(tab.ask(_question(3, SIZE, 0)), left_s)
            except TimeoutError:
                return
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _read_admin(self, name: str, right: Right) -> None:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{self._proxy.port}", cookies=right.cookies,
            timeout=STAYS_S, trust_env=False,
        ) as http:  # fmt: skip
            await _until(lambda: self._sees_admin(name, http))
            await self._end(name, right, "")
            until = time.monotonic() + STAYS_S
            while time.monotonic() < until:
                await self._sees_admin(name, http)
                await asyncio.sleep(AGAIN_AFTER_S)

    async def _sees_admin(self, name: str, http: httpx2.AsyncClient) -> bool:
        sent_at = time.time()
        try:
            answer = await http.get("/admin/auth/user/")
        except httpx2.TransportError:
            return False
        if answer.status_code == 200:
            self._history.note("used", client=name, sent_at=sent_at)
        return answer.status_code == 200

    async def _end(self, name: str, right: Right, run: str) -> None:
        await asyncio.to_thread(right.end)
        self._history.note("right_ended", client=name, kind=right.kind, run=run, code=right.code,
                           signs_out=right.signs_out)  # fmt: skip


async def _until(attempt: Callable[[], Awaitable[bool]]) -> None:
    while True:
        if await attempt():
            return
        await asyncio.sleep(AGAIN_AFTER_S)


async def _is_accepted(tab: Tab, question: Question) -> bool:
    return bool((await tab.ask(question))["op"] == "accepted")


def _question(frames: int, size: int, pace_ms: int) -> Question:
    text = f"question {uuid4()}\n/emulate frames={frames} size={size} pace={pace_ms}"
    return Question(str(uuid4()), text, "", Emulator.numbered_text(frames, size), 1)
