"""Who is connected, and whether they still may be.

A token is checked when a connection signs in; after that nobody asks again unless we do. One look
a second, for all connections of the process, ends those whose owner signed out, changed the
password, was deactivated or deleted.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections import Counter
from typing import Protocol

from django.conf import settings
from django.db import Error as DatabaseFault

from accounts.tokens import Identity, families_ended, revoked
from agents.database import in_database
from common.errors import AppError
from common.outages import classify

logger = logging.getLogger(__name__)

LOOK_S = 1.0


class Connection(Protocol):
    """A socket or stream that is signed in."""

    @property
    def identity(self) -> Identity | None: ...

    async def revoke(self) -> None:
        """End it: its owner may not be here any more."""
        ...


class Guard:
    """The signed-in connections of one event loop."""

    def __init__(self) -> None:
        self._connections: set[Connection] = set()
        self._users: Counter[int] = Counter()
        self._task: asyncio.Task[None] | None = None

    def admit(self, connection: Connection, user_id: int) -> None:
        """Count a connection in.

        Raises:
            AppError: ``too_many_connections``.
        """
        if self._users[user_id] >= settings.SOCKETS_PER_USER:
            message = "Too many open connections. Close another tab or window first."
            raise AppError("too_many_connections", message, status=429)
        self._users[user_id] += 1
        self._connections.add(connection)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())

    def dismiss(self, connection: Connection, user_id: int) -> None:
        """Count a connection out."""
        if connection in self._connections:
            self._connections.discard(connection)
            self._users[user_id] -= 1
            if not self._users[user_id]:
                del self._users[user_id]

    async def _look(self) -> None:
        """Once a second, while anybody is here."""
        while self._connections:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except DatabaseFault as fault:
                if not classify(fault):
                    raise

    async def look(self) -> None:
        """End the connections whose sign-in is not good any more."""
        signed_in = [(c, c.identity) for c in self._connections if c.identity is not None]
        versions = {identity.user_id: identity.token_version for _, identity in signed_in}
        families = {identity.family_id for _, identity in signed_in}
        users = await in_database(revoked, versions)
        ended = await in_database(families_ended, families)
        for connection, identity in signed_in:
            if identity.user_id in users or identity.family_id in ended:
                await connection.revoke()


_by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Guard] = weakref.WeakKeyDictionary()


def current() -> Guard:
    """The running loop's guard."""
    loop = asyncio.get_running_loop()
    if loop not in _by_loop:
        _by_loop[loop] = Guard()
    return _by_loop[loop]
