"""Who looks at a thread is told of each run that begins in it, once."""

from __future__ import annotations

from uuid import UUID, uuid4

from agents.runs.manager import Watched

Told = tuple[UUID, UUID]


def test_every_watcher_is_told_once_also_one_that_comes_later():
    watched, thread_id, run_id = Watched(), uuid4(), uuid4()
    first: list[Told] = []
    second: list[Told] = []
    watched.add(thread_id, lambda *ids: first.append(ids))
    watched.tell(thread_id, run_id)
    watched.add(thread_id, lambda *ids: second.append(ids))
    for _ in range(2):
        watched.tell(thread_id, run_id)
    assert first == second == [(thread_id, run_id)]


def test_who_has_left_is_told_nothing():
    watched, thread_id = Watched(), uuid4()
    told: list[Told] = []
    unwatch = watched.add(thread_id, lambda *ids: told.append(ids))
    unwatch()
    unwatch()
    watched.tell(thread_id, uuid4())
    watched.tell(uuid4(), uuid4())
    assert told == []
