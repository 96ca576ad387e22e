"""Ends what rests on a right that ended: answers, sockets and streams of events.

A right is checked when something begins; after that nobody would check it again. So one job of
the housekeeping asks the one rule (``apikeys.rights``), for all that this event loop holds.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from apikeys.rights import Right, Standing, standings
from common.database import in_database

REVALIDATE_S = 1.0  # a right that ended ends what rests on it within two seconds


class Holder(Protocol):
    """Something that goes on for as long as its rights stand."""

    @property
    def rights(self) -> Collection[Right]:
        """What it rests on at this moment; empty while nobody has signed in."""
        ...

    async def on_standing(self, right: Right, standing: Standing) -> None:
        """A right was checked: end with the standing's code, or go on by its terms."""
        ...


class RightsMonitor:
    """The holders of one event loop."""

    def __init__(self) -> None:
        self._holders: set[Holder] = set()

    def add(self, holder: Holder) -> None:
        """Call ``holder.on_standing`` for each of its rights, every second until it is removed."""
        self._holders.add(holder)

    def remove(self, holder: Holder) -> None:
        self._holders.discard(holder)

    async def revalidate(self) -> None:
        """Check all rights at once. Free while nothing holds any."""
        held = [(holder, right) for holder in self._holders for right in holder.rights]
        if not held:
            return
        # A set: the sockets and runs of one sign-in rest on the same right, checked once.
        checked = await in_database(standings, {right for _, right in held})
        for holder, right in held:
            # It may have gone while the database was busy, or by the right before this one.
            if holder in self._holders:
                await holder.on_standing(right, checked[right])
