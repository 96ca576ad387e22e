"""What a request may send: first who, then how much, how fast, and how much at a time in all.

Servers that read the whole body themselves (daphne) leave us the sizes only.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from django.conf import settings

from common.asgi import Message, Receive, Scope, header_values
from common.errors import AppError

Identify = Callable[[Scope], Awaitable[int]]

UPLOAD_PATH = "/api/files/"
UPLOAD_ENVELOPE_BYTES = 64 * 1024  # what a multipart form adds around the file
GRACE_S = 10.0  # before the rate is looked at
STALLED_S = 1.0  # a timer that is so late was held up by this process


class BodyRefused(Exception):
    """The request's body is not taken; passes through the application that reads it."""

    def __init__(self, error: AppError) -> None:
        super().__init__(error.code)
        self.error = error


class InFlight:
    """The bytes of the requests under way in this process, by user; one event loop's."""

    def __init__(self) -> None:
        self._bytes: Counter[int] = Counter()

    def take(self, user_id: int, count: int) -> None:
        """Raises ``AppError`` ``busy``: 429 for the user's own, 503 for everybody's."""
        # One's own first: who fills the room alone is told so, and others are not told that all is
        # full.
        if self._bytes[user_id] + count > settings.REQUESTS_BYTES_PER_USER:
            message = "Your other uploads are still under way. Wait for one, then try again."
            raise AppError("busy", message, status=429, retry_after_s=5)
        if self._bytes.total() + count > settings.REQUESTS_BYTES:
            message = "Too much is being uploaded at the moment. Try again in a while."
            raise AppError("busy", message, status=503, retry_after_s=10)
        self._bytes[user_id] += count

    def release(self, user_id: int, count: int) -> None:
        self._bytes[user_id] -= count
        # Counter keeps zeros, one for each user there ever was.
        if not self._bytes[user_id]:
            del self._bytes[user_id]


class Body:
    """The body of one request, as it comes in.

    Args:
        identify: the id of the user whose token the request carries; raises ``AppError``.
        in_flight: what others send at the same time.
    """

    def __init__(
        self, scope: Scope, receive: Receive, identify: Identify, in_flight: InFlight
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._identify = identify
        self._in_flight = in_flight
        self._limit = _limit(scope["path"])
        self._user_id: int | None = None
        self._taken = self._received = 0
        self._complete = False
        self._begun: float | None = None

    async def check_declared(self) -> None:
        """Refuse what the headers announce, if it will not be taken; nothing was read by now.

        Raises:
            BodyRefused: 401, 413, 429 or 503.
        """
        # Refused before a byte was sent where the client says how many they will be. What it says
        # need not be true, so ``receive`` counts.
        for value in header_values(self._scope, b"content-length"):
            if not value.isdecimal() or int(value) > self._limit:
                raise BodyRefused(_too_large())
            await self._allow(int(value))

    async def receive(self) -> Message:
        """The next message. Raises ``BodyRefused``: 401, 408, 413, 429 or 503."""
        if self._complete:
            return await self._receive()
        message = await self._next()
        self._received += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._received > self._limit:
            raise BodyRefused(_too_large())
        await self._allow(self._received)
        return message

    def release(self) -> None:
        """The request has ended, and with it what it took."""
        if self._user_id is not None:
            self._in_flight.release(self._user_id, self._taken)
            self._taken = 0

    async def _allow(self, total: int) -> None:
        """Take room for a body of so many bytes, if that is more than anybody may send."""
        # A small body, such as a sign-in, is taken from anybody. Before more is read the token is
        # looked at: thirty connections without one could hold 570 MB of upload on the disk, for as
        # long as they liked.
        if total <= max(self._taken, settings.REQUEST_ANONYMOUS_MAX_BYTES):
            return
        try:
            if self._user_id is None:
                self._user_id = await self._identify(self._scope)
            self._in_flight.take(self._user_id, total - self._taken)
        except AppError as error:
            raise BodyRefused(error) from None
        self._taken = total

    async def _next(self) -> Message:
        loop = asyncio.get_running_loop()
        while True:
            deadline = self._deadline()
            try:
                async with asyncio.timeout_at(deadline):
                    return await self._receive()
            except TimeoutError:
                late_s = loop.time() - deadline
            # A timer that fires late was not waited for: this process was suspended, or its loop
            # was busy, and what was sent meanwhile is still in the socket. That is no fault of the
            # sender's, whose time goes on from here.
            if late_s < STALLED_S:
                raise BodyRefused(_too_slow())
            self._begun = (self._begun or deadline) + late_s + STALLED_S

    def _deadline(self) -> float:
        """When the next bytes have to be there, by the loop's clock: each byte buys some time."""
        if self._begun is None:
            self._begun = asyncio.get_running_loop().time()
        # Each byte buys time, so a slow line is served and one that trickles is not; with an end to
        # all of it, or a byte a second would hold its share of the room for hours.
        at_rate = GRACE_S + self._received / settings.REQUEST_MIN_BYTES_PER_S
        return self._begun + min(at_rate, settings.REQUEST_MAX_S)


def _limit(path: str) -> int:
    if path == UPLOAD_PATH:
        return settings.UPLOAD_MAX_BYTES + UPLOAD_ENVELOPE_BYTES
    return settings.REQUEST_MAX_BYTES


def _too_large() -> AppError:
    return AppError("too_large", "This request is too large.", status=413)


def _too_slow() -> AppError:
    message = "This came in too slowly. Check your connection, then send it again."
    return AppError("too_slow", message, status=408)
