"""Real threads against the same rows: one of them wins, nobody sees a database error."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from common.errors import AppError
from conversations import log, models, run_end
from conversations.threads import thread_delete
from tests.agui_rules import assert_valid_stream
from tests.conversations.factories import (
    answered_run,
    any_key,
    append,
    close_run,
    open_run,
    plain_answer,
    rows_of,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def together(*actions):
    """Run the actions in threads that start at one moment; returns results and AppErrors."""
    barrier = Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def work(number, action):
        barrier.wait()
        try:
            results[number] = action()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [Thread(target=work, args=numbered) for numbered in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    broken = [one for one in results if isinstance(one, Exception) and type(one) is not AppError]
    assert not broken
    return results


def positions(thread_id):
    said = models.Message.objects.filter(thread=thread_id).order_by("position")
    return list(said.values_list("position", flat=True))


def test_one_message_sent_five_times_at_once_is_one_run(alice):
    key, ids = any_key(alice), {"thread_id": uuid4(), "message_id": uuid4()}

    opened = together(*[lambda: open_run(alice, key=key, **ids)] * 5)

    assert sorted(one.created for one in opened) == [False] * 4 + [True]
    assert len({(one.run_id, one.message_id) for one in opened}) == 1
    assert (models.Run.objects.count(), models.Message.objects.count()) == (1, 1)


@pytest.mark.parametrize("existing", [True, False])
def test_different_messages_at_once_are_one_run_and_a_busy_thread(alice, existing):
    key = any_key(alice)
    thread_id = answered_run(alice, key=key).thread_id if existing else uuid4()

    results = together(*[lambda: open_run(alice, key=key, thread_id=thread_id)] * 4)

    refused = [result.code for result in results if isinstance(result, AppError)]
    assert refused == ["thread_busy"] * 3
    assert positions(thread_id) == list(range(1, len(positions(thread_id)) + 1))
    assert models.Run.objects.filter(thread=thread_id, status="running").count() == 1


def test_two_people_with_the_same_new_ids_get_one_thread(alice, bob):
    ids = {"thread_id": uuid4(), "run_id": uuid4(), "message_id": uuid4()}
    keys = {alice: any_key(alice), bob: any_key(bob)}

    results = together(
        *[lambda who=who: open_run(who, key=keys[who], **ids) for who in (alice, bob)]
    )

    assert [one.code for one in results if isinstance(one, AppError)] == ["thread_not_found"]
    assert models.Run.objects.count() == 1


def test_a_run_that_ends_while_it_is_given_up_ends_once(alice):
    for _ in range(5):
        run = open_run(alice)
        events = plain_answer(run, "Hi", "there")
        append(run, events[:3])
        later = timezone.now() + timedelta(hours=1)

        closed, *given_up = together(
            lambda run=run, events=events: close_run(run, events[3:], first=4),
            lambda later=later: run_end.runs_close_stale(later),
            lambda later=later: run_end.runs_close_stale(later),
        )

        assert closed + sum(map(len, given_up)) == 1
        row = models.Run.objects.get(pk=run.run_id)
        assert_valid_stream(row.transcript)
        assert positions(run.thread_id) == [1, 2]


def test_events_written_while_a_run_ends_are_in_its_log_once_or_refused(alice):
    for _ in range(5):
        run = open_run(alice)
        events = plain_answer(run, *"abcdefgh")

        together(
            lambda run=run, events=events: append(run, events[:4]),
            lambda run=run, events=events: append(run, events[:6]),
            lambda run=run, events=events: close_run(run, events),
        )

        row = models.Run.objects.get(pk=run.run_id)
        seqs = list(row.events.values_list("seq", flat=True))
        assert seqs == list(range(1, len(events) + 1))
        assert (row.status, row.last_seq) == ("finished", len(events))


def test_the_next_question_races_with_the_end_of_the_last_answer(alice):
    key = any_key(alice)
    run = open_run(alice, key=key)
    for _ in range(6):
        asking = {"key": key, "thread_id": run.thread_id}

        closed, asked = together(
            lambda run=run: close_run(run, plain_answer(run, "Hi")),
            lambda asking=asking: open_run(alice, **asking),
        )

        assert closed
        run = open_run(alice, **asking) if isinstance(asked, AppError) else asked
        assert positions(run.thread_id) == list(range(1, len(positions(run.thread_id)) + 1))


def test_a_thread_deleted_under_its_writers_is_gone_for_all(alice):
    for _ in range(4):
        run, other = open_run(alice), open_run(alice)
        events = plain_answer(run, *"abc")
        batches = [
            log.EventBatch(run.run_id, 1, rows_of(events[:4])),
            log.EventBatch(other.run_id, 1, rows_of(plain_answer(other)[:1])),
        ]

        refused, *_ = together(
            lambda batches=batches: log.events_append(batches=batches),
            lambda run=run, events=events: close_run(run, events),
            lambda run=run: thread_delete(owner_id=alice.pk, thread_id=run.thread_id),
        )

        assert refused <= {run.run_id}
        assert not models.Run.objects.filter(pk=run.run_id).exists()
        assert models.Run.objects.get(pk=other.run_id).last_seq == 1
