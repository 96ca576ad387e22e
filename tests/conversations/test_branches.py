"""A conversation is a tree of runs: answers asked for again, messages edited, in any order."""

import json
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.errors import AppError
from conversations import history, log, models, threads
from tests.conversations.factories import answered_run, any_key, close_run, open_run, plain_answer
from tests.people import client_for

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def texts(history) -> list[str]:
    return [part["text"] for run in history for content in run for part in content["parts"]]


def refusal(call, *args, **kwargs) -> AppError:
    with pytest.raises(AppError) as caught:
        call(*args, **kwargs)
    return caught.value


def answer_of(run):
    return models.Message.objects.get(run=run.run_id, role="assistant").pk


def forked(owner):
    """One?, Two? and, in the place of Two?, Zwei?"""
    one = answered_run(owner, "One?", "1.")
    two = answered_run(owner, "Two?", "2.", thread_id=one.thread_id)
    after_one = {"thread_id": one.thread_id, "parent_run_id": one.run_id}
    return one, two, answered_run(owner, "Zwei?", "II.", **after_one)


def test_a_run_goes_on_from_the_newest_one_unless_told_otherwise(alice):
    one, two, other = forked(alice)

    three = open_run(alice, "Three?", thread_id=one.thread_id)

    parents = dict(models.Run.objects.values_list("pk", "parent_id"))
    assert parents == {
        one.run_id: None,
        two.run_id: one.run_id,
        other.run_id: one.run_id,
        three.run_id: other.run_id,
    }


def test_only_what_was_said_on_its_own_branch_is_a_runs_history(alice):
    one, two, other = forked(alice)
    assert texts(other.history) == ["One?", "1."]

    back = open_run(alice, "More!", thread_id=one.thread_id, parent_run_id=two.run_id)

    assert texts(back.history) == ["One?", "1.", "Two?", "2."]


@pytest.mark.parametrize("which", ["question", "answer"])
def test_a_message_stands_for_its_run(alice, which):
    one, two, _ = forked(alice)
    message = two.message_id if which == "question" else answer_of(two)

    more = open_run(alice, thread_id=one.thread_id, parent_message_id=message)

    assert models.Run.objects.get(pk=more.run_id).parent_id == two.run_id


def test_an_edited_first_message_is_a_new_beginning(alice):
    one, *_ = forked(alice)

    again = open_run(alice, "Eins?", thread_id=one.thread_id, continues=True, at_start=True)

    assert again.history == []
    assert models.Run.objects.get(pk=again.run_id).parent_id is None
    assert models.Message.objects.get(pk=again.message_id).position == 7
    assert models.Thread.objects.get().title == "One?"


def test_a_new_thread_can_begin_at_its_start_only(alice):
    assert open_run(alice, at_start=True).thread_created
    other = answered_run(alice)

    for parent in ({"parent_run_id": other.run_id}, {"parent_message_id": other.message_id}):
        assert refusal(open_run, alice, **parent).status == 404
    assert models.Thread.objects.count() == 2


@pytest.mark.parametrize("parent", ["run", "message"])
def test_what_is_elsewhere_is_refused_like_what_is_nowhere(alice, charlie, parent):
    mine = answered_run(charlie)
    elsewhere, theirs = answered_run(charlie), answered_run(alice)

    def refused(run_id, message_id):
        id_ = run_id if parent == "run" else message_id
        return refusal(open_run, charlie, thread_id=mine.thread_id, **{f"parent_{parent}_id": id_})

    errors = [refused(run.run_id, run.message_id) for run in (elsewhere, theirs)]
    errors += [refused(uuid4(), uuid4()), refused(mine.message_id, mine.run_id)]
    assert {(error.code, error.status, error.message) for error in errors} == {
        (f"{parent}_not_found", 404, f"There is no such {parent}.")
    }
    assert models.Run.objects.count() == 3


def test_a_run_that_is_still_answered_has_no_successor_and_no_sibling(alice):
    one = answered_run(alice)
    live = open_run(alice, thread_id=one.thread_id)

    for parent in (
        {"parent_run_id": live.run_id},
        {"parent_run_id": one.run_id},
        {"at_start": True},
    ):
        error = refusal(open_run, alice, thread_id=one.thread_id, **parent)
        assert error.code == "thread_busy"


def test_a_run_sent_again_is_found_whatever_it_is_said_to_follow(alice):
    one, two, other = forked(alice)

    for parent in (
        {},
        {"at_start": True},
        {"parent_run_id": uuid4()},
        {"parent_run_id": two.run_id},
    ):
        ids = {"thread_id": one.thread_id, "run_id": other.run_id, **parent}
        again = open_run(alice, message_id=other.message_id, **ids)
        assert (again.created, again.run_id) == (False, other.run_id)
    assert models.Run.objects.get(pk=other.run_id).parent_id == one.run_id


def test_the_newest_run_is_the_one_opened_last_whatever_the_clocks_say(alice):
    one, two, _ = forked(alice)
    tomorrow = timezone.now() + timedelta(days=1)
    models.Run.objects.filter(pk=two.run_id).update(created_at=tomorrow)

    more = open_run(alice, "More!", thread_id=one.thread_id)

    assert texts(more.history) == ["One?", "1.", "Zwei?", "II."]


def long_thread(owner, length):
    """The newest run of a thread in which each run follows the one before."""
    thread = models.Thread.objects.create(owner=owner)
    contents = [{"role": "model", "parts": [{"text": "An answer."}]}]
    made = [
        models.Run(owner=owner, thread=thread, status="finished", contents=contents)
        for _ in range(length)
    ]
    for before, run in pairwise(made):
        run.parent = before
    models.Run.objects.bulk_create(made)
    models.Message.objects.bulk_create(
        models.Message(thread=thread, run=run, position=place, role="user", text=f"{place}?")
        for place, run in enumerate(made, start=1)
    )
    return made[-1]


@pytest.mark.parametrize("length", [3, 50, 500])
def test_a_history_takes_two_queries_however_long_it_is(alice, length, django_assert_num_queries):
    last = long_thread(alice, length)

    with django_assert_num_queries(2):
        sent = history.history_for(last.pk)

    assert [run[0]["parts"][0]["text"] for run in sent] == [f"{n}?" for n in range(1, length + 1)]


def test_no_run_before_is_no_history_and_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert history.history_for(None) == []


def test_opening_takes_the_same_queries_in_a_long_thread(alice):
    key, counts = any_key(alice), []
    for length in (3, 200):
        last = long_thread(alice, length)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            open_run(alice, key=key, thread_id=last.thread_id, parent_run_id=last.pk)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_page_is_told_the_tree(alice):
    one, two, other = forked(alice)
    client = client_for(alice)

    body = client.get(f"/api/threads/{one.thread_id}/messages/").json()

    assert [(run["id"], run["parent_run_id"]) for run in body["runs"]] == [
        (str(one.run_id), None),
        (str(two.run_id), str(one.run_id)),
        (str(other.run_id), str(one.run_id)),
    ]
    assert [said["text"] for said in body["messages"]] == [
        "One?",
        "1.",
        "Two?",
        "2.",
        "Zwei?",
        "II.",
    ]
    alone = client.get(f"/api/runs/{two.run_id}/").json()
    assert alone["parent_run_id"] == str(one.run_id)


def test_an_export_follows_the_branch_spoken_in_last(alice):
    one, two, _ = forked(alice)
    path, client = f"/api/threads/{one.thread_id}/export/", client_for(alice)

    def marked():
        messages = json.loads(client.get(path).content)["messages"]
        return {said["text"]: said["branch"] for said in messages}

    text = client.get(path, {"as": "markdown"}).content.decode()
    assert [line for line in text.splitlines() if line] == [
        *("# One?", "## You", "One?", "## Assistant", "1."),
        *("## You", "Zwei?", "## Assistant", "II."),
    ]
    assert marked() == {
        **dict.fromkeys(["One?", "1.", "Zwei?", "II."], "current"),
        **dict.fromkeys(["Two?", "2."], "other"),
    }

    open_run(alice, "Three?", thread_id=one.thread_id, parent_run_id=two.run_id)

    assert marked() == {
        **dict.fromkeys(["One?", "1.", "Two?", "2.", "Three?"], "current"),
        **dict.fromkeys(["Zwei?", "II."], "other"),
    }


def test_an_empty_thread_can_be_exported(alice):
    thread = threads.thread_create(owner_id=alice.pk)
    path, client = f"/api/threads/{thread.pk}/export/", client_for(alice)

    assert json.loads(client.get(path).content)["messages"] == []
    assert client.get(path, {"as": "markdown"}).content.decode() == "# Untitled\n"


def test_a_run_whose_log_was_pruned_keeps_its_place(alice):
    one, two, _ = forked(alice)
    models.Run.objects.update(finished_at=timezone.now() - timedelta(days=9))
    runs, _ = log.events_prune(older_than=timedelta(days=1))
    assert runs == 3

    more = open_run(alice, "More!", thread_id=one.thread_id, parent_message_id=answer_of(two))

    assert texts(more.history) == ["One?", "1.", "Two?", "2."]


def test_a_run_that_failed_can_be_gone_on_from(alice):
    one = answered_run(alice, "One?", "1.")
    failed = open_run(alice, "Two?", thread_id=one.thread_id)
    close_run(failed, plain_answer(failed), status="failed", outcome="error")

    more = open_run(alice, thread_id=one.thread_id, parent_run_id=failed.run_id)

    assert texts(more.history) == ["One?", "1.", "Two?"]


def test_a_thread_is_deleted_with_all_its_branches(alice):
    one, *_ = forked(alice)
    kept = answered_run(alice)

    threads.thread_delete(owner_id=alice.pk, thread_id=one.thread_id)

    assert list(models.Run.objects.values_list("pk", flat=True)) == [kept.run_id]


def test_a_long_thread_is_deleted_in_few_queries(alice):
    last = long_thread(alice, 500)

    with CaptureQueriesContext(connection) as queries:
        threads.thread_delete(owner_id=alice.pk, thread_id=last.thread_id)

    assert len(queries) < 60
    assert not models.Run.objects.exists()
