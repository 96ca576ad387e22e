"""Who looks at a thread is told of each run that begins in it, once."""

from __future__ import annotations

from uuid import UUID, uuid4

from agents.runs.manager import ThreadWatchers

Told = tuple[UUID, UUID]


def test_every_watcher_is_told_once_also_one_that_comes_later():
    watchers, thread_id, run_id = ThreadWatchers(), uuid4(), uuid4()
    first: list[Told] = []
    second: list[Told] = []
    watchers.subscribe(thread_id, lambda *ids: first.append(ids))
    watchers.notify(thread_id, run_id)
    watchers.subscribe(thread_id, lambda *ids: second.append(ids))
    for _ in range(2):
        watchers.notify(thread_id, run_id)
    assert first == second == [(thread_id, run_id)]


def test_who_has_left_is_told_nothing():
    watchers, thread_id = ThreadWatchers(), uuid4()
    told: list[Told] = []
    unsubscribe = watchers.subscribe(thread_id, lambda *ids: told.append(ids))
    unsubscribe()
    unsubscribe()
    watchers.notify(thread_id, uuid4())
    watchers.notify(uuid4(), uuid4())
    assert told == []
