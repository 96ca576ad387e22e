"""Ends what runs on a right that ended: answers, sockets and streams of events.

A right is checked when something begins; after that nobody would ask again. One sweep a second, for
all that this event loop holds, asks the one rule (``apikeys.rights``) and tells the holders.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Collection
from typing import Protocol

from apikeys.rights import Right, Standing, standings
from common.database import in_database

SWEEP_S = 1.0


class Holder(Protocol):
    """Something that goes on for as long as its rights stand."""

    @property
    def rights(self) -> Collection[Right]:
        """What it rests on at this moment; empty while nobody has signed in."""
        ...

    async def on_standing(self, right: Right, standing: Standing) -> None:
        """Take note of what a right is now: end with its code, or go on by its terms."""
        ...


class Rights:
    """The holders of one event loop."""

    def __init__(self) -> None:
        self._holders: set[Holder] = set()

    def hold(self, holder: Holder) -> None:
        """Have ``holder`` told what its rights are, every second until it is released."""
        self._holders.add(holder)

    def release(self, holder: Holder) -> None:
        self._holders.discard(holder)

    async def sweep(self) -> None:
        """Ask about all rights at once, and tell each holder. Free while nothing is held."""
        held = [(holder, right) for holder in self._holders for right in holder.rights]
        if not held:
            return
        found = await in_database(standings, {right for _, right in held})
        for holder, right in held:
            if holder in self._holders:
                await holder.on_standing(right, found[right])


_by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Rights] = weakref.WeakKeyDictionary()


def current() -> Rights:
    """The running loop's rights."""
    return _by_loop.setdefault(asyncio.get_running_loop(), Rights())
