"""People: each has a tab that asks and a second one that watches what comes of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

from tests.faults.history import History
from tests.faults.proxy import Proxy
from tests.faults.questions import Question, make_question
from tests.faults.tab import Tab

QUESTIONS_PER_THREAD = 6
STOPS = 0.2
AGAIN_AFTER_S = 0.5
SAY_NO_FOR_NOW = {"unavailable", "restarting", "thread_busy", "too_many_runs"}


class Person:
    """Asks one question after the other, and sometimes changes their mind.

    Args:
        pause_s: between two questions.
    """

    def __init__(
        self, name: str, proxy: Proxy, token: str, history: History, rng: random.Random,
        make: Callable[[random.Random, str], Question] = make_question, pause_s: float = 0.0,
    ) -> None:  # fmt: skip
        self.asks = Tab(f"{name}/asks", proxy, token, history, rng)
        self.watches = Tab(f"{name}/watches", proxy, token, history, rng)
        self.wanted: set[str] = set()  # the runs that both tabs have to hold in the end
        self._rng = rng
        self._make = make
        self._pause_s = pause_s
        self._living: list[asyncio.Task[None]] = []

    def arrive(self) -> None:
        self._living = [asyncio.create_task(tab.live()) for tab in (self.asks, self.watches)]

    async def leave(self) -> None:
        for task in self._living:
            task.cancel()
        await asyncio.gather(*self._living, return_exceptions=True)
        for tab in (self.asks, self.watches):
            await tab.close()

    async def talk(self, over: asyncio.Event) -> None:
        """Until ``over``, then to the end of the last answer."""
        thread_id, asked = str(uuid4()), 0
        while not over.is_set():
            if asked == QUESTIONS_PER_THREAD:
                thread_id, asked = str(uuid4()), 0
            question = self._make(self._rng, thread_id)
            if await self._accepted(question, over):
                asked += 1
                await self.watches.watch(thread_id)
                await self._hear(question)
            else:
                thread_id, asked = str(uuid4()), 0
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), self._pause_s)

    async def caught_up(self) -> None:
        """Both tabs hold all that was answered."""
        self.asks.stays = self.watches.stays = True
        for run_id in self.wanted:
            await self.asks.has(run_id)
            await self.watches.has(run_id)

    async def _accepted(self, question: Question, over: asyncio.Event) -> bool:
        while True:
            answer = await self.asks.ask(question)
            if answer["op"] == "accepted":
                self.wanted.add(question.run_id)
                return True
            if answer["code"] not in SAY_NO_FOR_NOW or over.is_set():
                return False
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _hear(self, question: Question) -> None:
        stopping = None
        if self._rng.random() < STOPS:
            tab = self._rng.choice((self.asks, self.watches))
            stopping = asyncio.create_task(self._stop(tab, question.run_id))
        await self.asks.has(question.run_id)
        if stopping is not None:
            stopping.cancel()

    async def _stop(self, tab: Tab, run_id: str) -> None:
        await asyncio.sleep(self._rng.uniform(0.1, 2))
        await tab.stop(run_id)
