"""Sends one run's events to one socket, no faster than its reader acknowledges them.

The server in front of us may take whatever we send without waiting for the network, so the brake
is ours: at most a window of events is unacknowledged. A reader that stays silent with a full
window is told so and let go; it can come back and continue where it was.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from uuid import UUID

from django.conf import settings

from agents.runs import service

SLOW_S = 15.0

SendText = Callable[[str], Awaitable[None]]


class SlowConsumer(Exception):
    """The reader did not acknowledge anything for too long."""


class EventDelivery:
    """One run on one socket."""

    def __init__(self, user_id: int, run_id: UUID, send: SendText) -> None:
        self._user_id = user_id
        self._run_id = run_id
        self._send = send
        self._sent: deque[tuple[int, int]] = deque()  # seq and bytes of what is unacknowledged
        self._bytes = 0
        self._acked = asyncio.Event()

    def ack(self, seq: int) -> None:
        """The reader has everything up to ``seq``."""
        while self._sent and self._sent[0][0] <= seq:
            self._bytes -= self._sent.popleft()[1]
        self._acked.set()

    async def run(self, after: int) -> None:
        """Send what comes after ``after`` until the run has ended.

        Raises:
            AppError: ``run_not_found``. Slow: the reader is.
        """
        head = f'{{"op":"event","runId":"{self._run_id}","seq":'
        try:
            async with aclosing(service.follow(self._user_id, self._run_id, after)) as batches:
                async for events in batches:
                    for seq, data in events:
                        await self._room(len(data))
                        self._sent.append((seq, len(data)))
                        self._bytes += len(data)
                        await self._send(f'{head}{seq},"event":{data}}}')
        except service.Resync as resync:
            reason = str(resync)
            await self._send(f'{{"op":"resync","runId":"{self._run_id}","reason":"{reason}"}}')

    async def _room(self, size: int) -> None:
        while self._sent and (
            len(self._sent) >= settings.WINDOW_EVENTS or self._bytes + size > settings.WINDOW_BYTES
        ):
            self._acked.clear()
            try:
                async with asyncio.timeout(SLOW_S):
                    await self._acked.wait()
            except TimeoutError:
                raise SlowConsumer from None
