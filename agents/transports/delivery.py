"""Sends one run's events to one socket, no faster than its reader acknowledges them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from uuid import UUID

from django.conf import settings

from agents.runs import service

# Flow control is our own, because ``send`` gives none: a server may take whatever we send and queue
# it in memory, without waiting for the network. Readers that do not read, with long answers behind
# them, would make the process hold all of that, once for each socket. So at most a window of events
# is unacknowledged. A reader that acknowledges nothing for so long with a full window is
# disconnected: it holds a place, and can come back and continue where it was.
SLOW_S = 15.0

SendText = Callable[[str], Awaitable[None]]


class SlowConsumer(Exception):
    """The reader did not acknowledge anything for too long."""


class EventDelivery:
    """One run on one socket.

    Args:
        send: sends a frame, without a promise that anybody reads it.
    """

    def __init__(self, user_id: int, run_id: UUID, send: SendText) -> None:
        self._user_id = user_id
        self._run_id = run_id
        self._send = send
        self._unacked: deque[tuple[int, int]] = deque()  # seq and size in characters
        self._unacked_chars = 0
        self._acked = asyncio.Event()

    def ack(self, seq: int) -> None:
        """The reader has everything up to ``seq``."""
        # An ack may be late, doubled or made up: what was not sent cannot be acknowledged by it.
        while self._unacked and self._unacked[0][0] <= seq:
            self._unacked_chars -= self._unacked.popleft()[1]
        self._acked.set()

    async def run(self, after: int) -> None:
        """Send what comes after ``after`` until the run has ended.

        Raises:
            AppError: ``run_not_found``.
            SlowConsumer: the reader is too slow.
        """
        # Put together as text: the event is JSON already, and to read and write it again would cost
        # more than all else that is done here for a delta.
        head = f'{{"op":"event","runId":"{self._run_id}","seq":'
        try:
            async for events in await service.follow(self._user_id, self._run_id, after):
                for seq, data in events:
                    if self._is_full(len(data)):
                        await self._wait_for_acks(len(data))
                    # Counted before it is sent: the ack can come while ``send`` still waits.
                    self._unacked.append((seq, len(data)))
                    self._unacked_chars += len(data)
                    await self._send(f'{head}{seq},"event":{data}}}')
        except service.Resync as resync:
            reason = str(resync)
            await self._send(f'{{"op":"resync","runId":"{self._run_id}","reason":"{reason}"}}')

    def _is_full(self, chars: int) -> bool:
        """Whether an event of so many characters has to wait; one alone never does, however big."""
        return bool(self._unacked) and (
            len(self._unacked) >= settings.WINDOW_EVENTS
            or self._unacked_chars + chars > settings.WINDOW_BYTES
        )

    async def _wait_for_acks(self, chars: int) -> None:
        while self._is_full(chars):
            self._acked.clear()
            try:
                # Anew with each ack: a slow reader is waited for, a silent one is not.
                async with asyncio.timeout(SLOW_S):
                    await self._acked.wait()
            except TimeoutError:
                raise SlowConsumer from None
