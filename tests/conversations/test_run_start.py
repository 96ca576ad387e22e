from uuid import uuid4

import pytest

from common.errors import AppError
from conversations import models
from tests.conversations.factories import answered_run, close_run, open_run, plain_answer

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def refusal(call, *args, **kwargs) -> str:
    with pytest.raises(AppError) as caught:
        call(*args, **kwargs)
    return caught.value.code


def test_the_first_message_opens_a_thread_named_after_it(alice):
    opened = open_run(alice, "# How do bees   fly?\nIn detail, please.")

    run = models.Run.objects.get(pk=opened.run_id)
    message = models.Message.objects.get(pk=opened.message_id)
    assert (opened.created, opened.thread_created, opened.last_seq) == (True, True, 0)
    assert run.thread.title == "How do bees fly?"
    assert (run.status, run.fence, run.owner, run.lease_owner) == (
        "running",
        1,
        alice,
        "process-1",
    )
    assert (message.role, message.position, message.text) == (
        "user",
        1,
        "# How do bees   fly?\nIn detail, please.",
    )
    assert opened.history == []


def test_an_empty_thread_is_named_after_its_first_message(alice):
    thread = models.Thread.objects.create(owner=alice)

    opened = open_run(alice, "How do bees fly?", thread_id=thread.pk, continues=True)

    assert not opened.thread_created
    assert models.Thread.objects.get(pk=thread.pk).title == "How do bees fly?"


def test_a_continued_thread_that_does_not_exist_is_refused(alice):
    assert refusal(open_run, alice, continues=True) == "thread_not_found"
    assert not models.Thread.objects.exists()


def test_somebody_elses_thread_is_not_there(alice, charlie):
    opened = answered_run(alice)

    assert refusal(open_run, charlie, thread_id=opened.thread_id) == "thread_not_found"
    again = {"thread_id": opened.thread_id, "run_id": opened.run_id}
    assert refusal(open_run, charlie, **again) == "thread_not_found"
    assert models.Message.objects.count() == 2


def test_somebody_elses_run_id_is_not_there_and_nothing_is_written(alice, charlie):
    opened = open_run(alice)

    assert refusal(open_run, charlie, run_id=opened.run_id) == "run_not_found"
    assert models.Thread.objects.count() == 1


def test_a_run_sent_again_finds_the_first_one(alice):
    opened = open_run(alice)

    again = open_run(
        alice,
        thread_id=opened.thread_id,
        run_id=opened.run_id,
        message_id=opened.message_id,
        continues=True,
    )
    assert not again.created
    assert (again.run_id, again.message_id) == (opened.run_id, opened.message_id)
    assert models.Message.objects.count() == 1


def test_a_message_sent_again_under_another_run_finds_its_run(alice):
    opened = answered_run(alice)

    again = open_run(alice, thread_id=opened.thread_id, message_id=opened.message_id)

    assert (again.created, again.run_id) == (False, opened.run_id)
    assert models.Run.objects.count() == 1


def test_a_message_id_from_another_thread_gets_a_new_one(alice, bob):
    theirs = answered_run(bob)

    opened = open_run(alice, message_id=theirs.message_id)

    assert opened.created
    assert opened.message_id != theirs.message_id


def test_a_thread_that_is_being_answered_is_busy(alice):
    opened = open_run(alice)

    assert refusal(open_run, alice, thread_id=opened.thread_id) == "thread_busy"
    assert models.Message.objects.count() == 1


def test_history_is_what_was_said_in_order_even_without_an_answer(alice):
    first = answered_run(alice, "One?", "1.")
    second = open_run(alice, "Two?", thread_id=first.thread_id)
    close_run(second, plain_answer(second), status="failed", outcome="error")

    third = open_run(alice, "Three?", thread_id=first.thread_id, continues=True)

    assert third.history == [
        [
            {"role": "user", "parts": [{"text": "One?"}]},
            {"role": "model", "parts": [{"text": "1."}]},
        ],
        [{"role": "user", "parts": [{"text": "Two?"}]}],
    ]


def test_text_no_database_can_keep_is_replaced(alice):
    opened = open_run(alice, "a\0b\ud800c")

    assert models.Message.objects.get(pk=opened.message_id).text == "a\ufffdb\ufffdc"


@pytest.mark.django_db(transaction=True)
def test_a_key_that_was_just_deleted_is_refused_in_words(alice):
    assert refusal(open_run, alice, key_id=uuid4()) == "key_not_found"
    assert not models.Run.objects.exists()
