"""The ledger holds every call, from its beginning, whatever becomes of its run and its key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations.log import events_append
from conversations.models import ModelCall
from conversations.run_end import runs_close_stale
from conversations.threads import thread_delete
from tests.conversations.factories import append, close_run, ledger_row, open_run, plain_answer

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


@pytest.fixture
def run(alice):
    return open_run(alice)


@pytest.fixture
def begun(alice, run):
    return ledger_row(alice, run, outcome="")


def write(*calls):
    events_append(batches=[], calls=calls)


def lines() -> list[tuple[str, int]]:
    return [(call.outcome, call.input_tokens) for call in ModelCall.objects.all()]


def test_a_call_is_one_row_from_its_beginning_to_its_end(begun):
    write(begun)
    assert lines() == [("", 0)]
    write(replace(begun, input_tokens=10, image_tokens=3))
    ended = {"outcome": "ok", "input_tokens": 20, "price_usd": Decimal("0.000000001")}
    write(replace(begun, **ended, first_token_ms=40, duration_ms=90))
    row = ModelCall.objects.get()
    assert (row.outcome, row.input_tokens, row.image_tokens) == ("ok", 20, 0)
    assert (row.first_token_ms, row.duration_ms) == (40, 90)
    assert row.price_usd == Decimal("0.000000001")


def test_what_is_written_again_is_still_one_row(alice, run, begun):
    ended = replace(begun, outcome="ok", input_tokens=20)
    write(begun)
    write(ended)
    assert close_run(run, plain_answer(run, "Hi"), calls=[ended])
    assert lines() == [("ok", 20)]


def test_the_calls_of_a_run_that_died_are_interrupted_and_keep_what_they_used(alice, run, begun):
    ended = ledger_row(alice, run, input_tokens=7)
    write(replace(begun, input_tokens=30), ended)
    runs_close_stale(timezone.now() + timedelta(hours=1))
    assert sorted(lines()) == [("interrupted", 30), ("ok", 7)]


def test_a_process_that_lost_its_run_can_still_tell_what_was_used(run, begun):
    write(begun)
    runs_close_stale(timezone.now() + timedelta(hours=1))
    assert append(run, plain_answer(run, "late")) == {run.run_id}
    used = replace(begun, outcome="interrupted", input_tokens=50)
    assert not close_run(run, plain_answer(run, "late"), calls=[used])
    assert lines() == [("interrupted", 50)]


def test_a_deleted_conversation_leaves_its_calls(alice, run, begun):
    write(begun)
    thread_delete(owner_id=alice.pk, thread_id=run.thread_id)
    write(replace(begun, outcome="cancelled", input_tokens=40))
    row = ModelCall.objects.get()
    assert (row.run, row.owner, row.input_tokens) == (None, alice, 40)


def test_a_deleted_key_leaves_its_calls_and_its_name(run, begun):
    write(begun)
    ModelCall.objects.get().key.delete()
    write(replace(begun, outcome="ok", input_tokens=40))
    row = ModelCall.objects.get()
    assert (row.key, row.key_name, row.input_tokens) == (None, "work", 40)


def test_a_call_that_is_first_heard_of_when_all_else_is_gone_is_written(alice, run, begun):
    write(replace(begun, run_id=uuid4(), key_id=uuid4()))
    row = ModelCall.objects.get()
    assert (row.run, row.key, row.owner) == (None, None, alice)


def test_with_their_owner_calls_go_and_do_not_come_back(alice, run, begun):
    write(begun)
    alice.delete()
    write(replace(begun, outcome="ok"))
    assert lines() == []


def test_many_calls_are_written_with_a_handful_of_queries(
    alice, run, begun, django_assert_max_num_queries
):
    calls = [replace(begun, call_id=uuid4()) for _ in range(50)]
    with django_assert_max_num_queries(8):
        write(*calls)
    assert ModelCall.objects.count() == 50
