"""Who is connected, and how much of this process each user takes up."""

from __future__ import annotations

from collections import Counter

from django.conf import settings

from agents.runs.rights import Holder, RightsMonitor
from common.throttle import TokenBucket, throttled


class ConnectionRegistry:
    """The signed-in connections of one event loop, web sockets and streams of events alike.

    Args:
        rights: ends a connection when its sign-in ends.
    """

    def __init__(self, rights: RightsMonitor) -> None:
        self._rights = rights
        self._connections: set[Holder] = set()
        self._counts: Counter[int] = Counter()
        self._buckets: dict[int, TokenBucket] = {}
        self._disconnected: set[int] = set()  # have a bucket that is not full, and no connection

    def bucket(self, user_id: int) -> TokenBucket:
        """The rate limit of the user's frames, over all connections; a new one is no fuller."""
        # A user without connections keeps a bucket until it is full again. Dropped at once, a new
        # connection would come with a full one, and reconnecting would be a way around the limit.
        for gone in [user for user in self._disconnected if self._buckets[user].is_full]:
            self._disconnected.discard(gone)
            del self._buckets[gone]
        return self._buckets.setdefault(user_id, TokenBucket(settings.SOCKET_UNITS_PER_S))

    def add(self, connection: Holder, user_id: int) -> None:
        """Count a connection, and end it when its sign-in ends.

        Raises:
            AppError: ``too_many_connections`` (429).
        """
        if self._counts[user_id] >= settings.SOCKETS_PER_USER:
            message = "Too many open connections. Close another tab or window first."
            raise throttled("too_many_connections", message)
        self._counts[user_id] += 1
        self._disconnected.discard(user_id)
        self._connections.add(connection)
        self._rights.add(connection)

    def remove(self, connection: Holder, user_id: int) -> None:
        """Count it no longer. Removing it twice does no harm."""
        if connection not in self._connections:
            return
        self._rights.remove(connection)
        self._connections.discard(connection)
        self._counts[user_id] -= 1
        if not self._counts[user_id]:
            del self._counts[user_id]
            if user_id in self._buckets:
                self._disconnected.add(user_id)
