import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations import log, models, run_end, runs
from tests.conversations.factories import (
    answered_run,
    append,
    close_run,
    finished,
    ledger_row,
    open_run,
    plain_answer,
    rows_of,
    started,
)

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def stored(run) -> list[dict]:
    return [json.loads(data) for data in run_row(run).events.values_list("data", flat=True)]


def run_row(run) -> models.Run:
    return models.Run.objects.get(pk=run.run_id)


def much_later():
    return timezone.now() + timedelta(hours=1)


def test_events_of_many_runs_are_written_at_once(alice, bob, django_assert_max_num_queries):
    first, second = open_run(alice), open_run(bob)
    batches = [
        log.EventBatch(first.run_id, 1, rows_of(plain_answer(first, "a")[:3])),
        log.EventBatch(second.run_id, 1, rows_of(plain_answer(second, "b")[:2])),
        log.EventBatch(first.run_id, 1, rows_of(plain_answer(first, "c")[3:4], first=4)),
    ]

    with django_assert_max_num_queries(6):
        assert log.events_append(batches=batches) == set()

    assert (run_row(first).last_seq, run_row(second).last_seq) == (4, 2)
    assert list(run_row(first).events.values_list("seq", flat=True)) == [1, 2, 3, 4]


def test_rows_written_twice_are_stored_once(alice):
    run = open_run(alice)
    events = plain_answer(run, "a", "b")

    assert append(run, events[:3]) == set()
    assert append(run, events[:4]) == set()

    assert stored(run) == events[:4]


def test_a_batch_with_a_gap_is_refused(alice):
    run = open_run(alice)

    assert append(run, plain_answer(run)[:1], first=2) == {run.run_id}
    assert stored(run) == []


def test_a_moved_fence_an_ended_and_an_unknown_run_refuse_events_but_not_their_neighbours(alice):
    moved, live, ended = open_run(alice), open_run(alice), answered_run(alice)
    batches = [
        log.EventBatch(moved.run_id, 7, rows_of([started(moved)])),
        log.EventBatch(live.run_id, 1, rows_of([started(live)])),
        log.EventBatch(ended.run_id, 1, rows_of([started(ended)], first=6)),
        log.EventBatch(unknown := uuid4(), 1, rows_of([started(live)])),
    ]

    assert log.events_append(batches=batches) == {moved.run_id, ended.run_id, unknown}
    assert run_row(live).last_seq == 1


def test_closing_folds_the_log_into_transcript_messages_and_ledger(alice):
    run = open_run(alice)
    events = plain_answer(run, "Hel", "lo", "\0")
    append(run, events[:3])
    call = ledger_row(alice, run, duration_ms=9, input_tokens=3)
    contents = [{"role": "model", "parts": [{"text": "Hello", "thoughtSignature": "c2ln"}]}]
    usage = [{"model": "gemini-x", "inputTokens": 3}]

    assert close_run(run, events[3:], first=4, usage=usage, contents=contents, calls=[call])

    row = run_row(run)
    said = row.messages.get(role="assistant")
    assert (row.status, row.outcome, row.last_seq) == ("finished", "success", 7)
    assert (row.usage, row.contents, row.lease_until) == (usage, contents, None)
    assert row.finished_at == row.thread.updated_at
    assert [event["type"] for event in row.transcript] == [
        "RUN_STARTED",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]
    assert (said.text, said.agent, said.position) == ("Hello\ufffd", "coordinator", 2)
    assert str(said.pk) == events[1]["messageId"]
    ledger = row.model_calls.get()
    assert (ledger.agent, ledger.input_tokens, ledger.key) == ("coordinator", 3, row.key)


def test_a_run_is_closed_once(alice):
    run = open_run(alice)

    assert close_run(run, plain_answer(run, "Hi"))
    assert not close_run(run, plain_answer(run, "Hi"))
    assert models.Message.objects.filter(role="assistant").count() == 1


def test_closing_under_an_old_fence_writes_nothing(alice):
    run = open_run(alice)

    assert not close_run(run, plain_answer(run, "Hi"), fence=2)
    assert (run_row(run).status, stored(run)) == ("running", [])


def test_a_renewed_lease_lasts_longer_and_lost_runs_are_named(alice):
    kept, closed, foreign = open_run(alice), answered_run(alice), open_run(alice, lease_owner="p2")
    before = run_row(kept).lease_until

    fences = {kept.run_id: 1, closed.run_id: 1, foreign.run_id: 1}
    lost = runs.lease_renew(run_fences=fences, lease_owner="process-1", lease_s=60)

    assert lost == {closed.run_id, foreign.run_id}
    assert run_row(kept).lease_until - before > timedelta(seconds=30)
    moved = runs.lease_renew(run_fences={kept.run_id: 2}, lease_owner="process-1", lease_s=60)
    assert moved == {kept.run_id}


def test_runs_with_a_living_lease_are_left_alone(alice):
    open_run(alice)

    assert run_end.runs_close_stale() == []


def test_a_lease_that_ended_by_the_databases_clock_is_stale(alice):
    run = open_run(alice, lease_s=-1)

    assert run_end.runs_close_stale() == [run.run_id]


def test_a_stale_run_ends_interrupted_and_keeps_what_was_said(alice):
    run = open_run(alice)
    append(run, plain_answer(run, "Half an ", "ans")[:4])

    assert run_end.runs_close_stale(much_later()) == [run.run_id]
    assert run_end.runs_close_stale(much_later()) == []

    row = run_row(run)
    assert [event["type"] for event in stored(run)[4:]] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
    assert (row.status, row.outcome, row.error_code) == ("failed", "error", "interrupted")
    assert (row.fence, row.last_seq) == (2, 6)
    assert row.messages.get(role="assistant").text == "Half an ans"
    again = open_run(alice, thread_id=run.thread_id, continues=True)
    assert again.history[0][1] == {"role": "model", "parts": [{"text": "Half an ans"}]}


def test_the_late_process_can_write_nothing_after_its_run_was_closed(alice):
    run = open_run(alice)
    events = plain_answer(run, "Hi")
    append(run, events[:3])
    run_end.runs_close_stale(much_later())

    assert append(run, events[3:4], first=4) == {run.run_id}
    assert not close_run(run, events[3:], first=4)
    assert len([event for event in stored(run) if event["type"].startswith("RUN_")]) == 2


def test_a_stale_run_without_any_event_still_ends(alice):
    run = open_run(alice)

    run_end.runs_close_stale(much_later())

    assert [event["type"] for event in stored(run)] == ["RUN_ERROR"]
    assert run_row(run).contents == []


def test_a_stale_run_whose_end_was_written_ends_as_it_says(alice):
    run = open_run(alice)
    append(run, [started(run), finished(run, "cancelled")])

    run_end.runs_close_stale(much_later())

    assert (run_row(run).status, run_row(run).outcome) == ("finished", "cancelled")
    assert len(stored(run)) == 2
