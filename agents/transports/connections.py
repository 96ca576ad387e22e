"""Who is connected, and how much of this process each user takes up."""

from __future__ import annotations

import asyncio
import weakref
from collections import Counter

from django.conf import settings

from agents.protocol import frames
from agents.runs import rights
from common.errors import AppError
from common.throttle import TokenBucket, throttled

# Tokens of a user's bucket: the load that a frame puts on the database and the event loop.
FRAME_COST = 0.2  # of any frame, before it is parsed
FRAME_COSTS: dict[type[frames.Frame], float] = {
    frames.RunFrame: 20.0,
    frames.FollowFrame: 10.0,
    frames.AuthFrame: 6.0,
    frames.WatchFrame: 6.0,
    frames.CancelFrame: 4.0,
    frames.PingFrame: 1.0,
    frames.AckFrame: 0.2,
}


def too_many_frames(retry_after_s: float) -> AppError:
    message = "That was too much at once. Wait a moment, then go on."
    return throttled("too_many_frames", message, retry_after_s)


class ConnectionRegistry:
    """The signed-in connections of one event loop."""

    def __init__(self) -> None:
        self._connections: set[rights.Holder] = set()
        self._users: Counter[int] = Counter()
        self._buckets: dict[int, TokenBucket] = {}
        self._left: set[int] = set()  # have a bucket that is not full, and no connection

    def bucket(self, user_id: int) -> TokenBucket:
        """What the user's frames are paid from, over all connections; a new one is no fuller."""
        for left in [user for user in self._left if self._buckets[user].is_full]:
            self._left.discard(left)
            del self._buckets[left]
        return self._buckets.setdefault(user_id, TokenBucket(settings.SOCKET_UNITS_PER_S))

    def admit(self, connection: rights.Holder, user_id: int) -> None:
        """Count a connection in; it ends when its sign-in does.

        Raises:
            AppError: ``too_many_connections``.
        """
        if self._users[user_id] >= settings.SOCKETS_PER_USER:
            message = "Too many open connections. Close another tab or window first."
            raise throttled("too_many_connections", message)
        self._users[user_id] += 1
        self._left.discard(user_id)
        self._connections.add(connection)
        rights.current().hold(connection)

    def dismiss(self, connection: rights.Holder, user_id: int) -> None:
        """Count a connection out."""
        if connection in self._connections:
            rights.current().release(connection)
            self._connections.discard(connection)
            self._users[user_id] -= 1
            if not self._users[user_id]:
                del self._users[user_id]
                if user_id in self._buckets:
                    self._left.add(user_id)


_by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, ConnectionRegistry] = (
    weakref.WeakKeyDictionary()
)


def current() -> ConnectionRegistry:
    """The running loop's guard."""
    loop = asyncio.get_running_loop()
    if loop not in _by_loop:
        _by_loop[loop] = ConnectionRegistry()
    return _by_loop[loop]
