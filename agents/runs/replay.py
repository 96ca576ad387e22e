"""Reading a run that is answered in another process, or has ended: from the log, as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from agents.runs.manager import RunManager
from agents.runs.tail import Numbered
from common.database import patiently
from conversations.access import run_for
from conversations.log import events_after
from conversations.models import Run
from conversations.runs import FIRST_FENCE, last_own_seq

LOOK_S = 2.0
LOOK_AWAY_S = 0.5  # while Redis is away for a moment, as readers count on being woken
BEHIND_LOOK_S = 0.1
BEHIND_LOOKS = 30  # the log is behind what was told by the moment a writer collects, not by more


class Resync(Exception):
    """What the follower holds cannot be continued from the log; it must take the snapshot."""


@dataclass(frozen=True, slots=True)
class _Page:
    ended: bool
    last_seq: int
    events: list[Numbered]
    more: bool


async def stored(
    here: RunManager, user_id: int, run_id: UUID, after: int
) -> AsyncGenerator[list[Numbered], None]:
    """The stored events after ``after``, and those that are stored until the run has ended.

    Raises:
        AppError: ``run_not_found``.
        Resync: the events after ``after`` are not there, or never will be.
    """
    await patiently(run_for, user_id, run_id)
    known = after == 0  # whether what the reader holds is what the log holds
    looks = BEHIND_LOOKS
    with here.rung_for(run_id) as rung:
        while True:
            rung.clear()  # before reading: what is written meanwhile rings again
            page = await patiently(_page, run_id, after, known)
            if page.events:
                after, known = page.events[-1][0], True
                yield page.events
            if page.more:
                continue
            if page.ended:
                return
            if page.events or page.last_seq >= after:
                known = True
                await _rings(rung, LOOK_AWAY_S if here.bell.is_away else LOOK_S)
            elif looks := looks - 1:
                await asyncio.sleep(BEHIND_LOOK_S)
            else:
                raise Resync("ahead")


async def _rings(rung: asyncio.Event, within_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await rung.wait()


def _page(run_id: UUID, after: int, known: bool) -> _Page:
    run = Run.objects.filter(pk=run_id).values_list("status", "last_seq", "fence").first()
    if run is None:
        raise Resync("deleted")
    status, last_seq, fence = run
    ended = status != Run.Status.RUNNING
    if ended and after > last_seq:
        raise Resync("ahead")
    if ended and fence > FIRST_FENCE and not known and after > last_own_seq(run_id):
        # Its process died. The reader may hold events that were told and never stored, under
        # the numbers of those that were put in their place to end the run.
        raise Resync("interrupted")
    found = events_after(run_id=run_id, after=after)
    if last_seq > after and (not found.events or found.events[0][0] != after + 1):
        raise Resync("pruned")
    return _Page(ended, last_seq, found.events, found.more)
