"""The last events of a run that is answered in this process; older ones are in the log alone."""

from __future__ import annotations

from uuid import UUID

from common.database import patiently
from conversations.log import Row, events_after

Numbered = tuple[int, str]
"""An event on its way out: its ``seq`` and its JSON text."""

BUFFER_CHARS = 1024 * 1024


class EventBuffer:
    """All events that are not stored yet, and of those that are about ``BUFFER_CHARS``.

    Readers who are up to date never meet the database, and one who is far behind does not make the
    process hold a whole answer: it reads pages of the log until it has caught up.
    """

    def __init__(self, run_id: UUID) -> None:
        self._run_id = run_id
        self._events: list[Numbered] = []
        self._dropped = 0
        self.chars = 0

    @property
    def last_seq(self) -> int:
        """The last event that was appended."""
        return self._dropped + len(self._events)

    def append(self, row: Row) -> None:
        """Add the event after ``last_seq``."""
        self._events.append((row[0], row[2]))
        self.chars += len(row[2])

    async def after(self, seq: int) -> list[Numbered]:
        """The next events after ``seq`` that there are: from memory, or a page of the log."""
        # They are in the log for certain: only what is stored is dropped. Numbers have no gaps, so
        # below a number is a place in the list.
        if seq < self._dropped:
            page = await patiently(events_after, run_id=self._run_id, after=seq)
            return page.events
        return self._events[seq - self._dropped :]

    def trim(self, stored_seq: int) -> None:
        """Drop events that are stored, once there are too many; half of them, to do it seldom."""
        # Only what is stored: the rest is nowhere else yet, and a reader would find a gap.
        if self.chars <= BUFFER_CHARS:
            return
        count = 0
        for seq, data in self._events:
            if seq > stored_seq or self.chars <= BUFFER_CHARS // 2:
                break
            self.chars -= len(data)
            count += 1
        del self._events[:count]
        self._dropped += count
