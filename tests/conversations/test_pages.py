"""Long threads and long answers are read in pages, by count and by size."""

from __future__ import annotations

import json

import pytest

from conversations import compaction, log, messages, run_end
from conversations.models import Message, Run
from tests.conversations.factories import (
    answered_run,
    append,
    close_run,
    finished,
    open_run,
    plain_answer,
    started,
)
from tests.people import client_for

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

LONG = 2 * 1024 * 1024


def pages(client, thread_id):
    """The pages of a thread's messages, as they come."""
    cursor = ""
    while cursor is not None:
        query = {"cursor": cursor} if cursor else {}
        answer = client.get(f"/api/threads/{thread_id}/messages/", query)
        assert answer.status_code == 200, answer.content
        yield answer
        cursor = answer.json()["next"]


def long_answer(run, chars, message_chars=256 * 1024, delta="0123456789abcde\n" * 256):
    """An answer in messages of a bounded size, as the engine makes it."""
    events = [started(run)]
    for at in range(chars // message_chars):
        message = {"messageId": f"00000000-0000-4000-8000-{run.run_id.hex[:6]}{at:06}"}
        events.append({"type": "TEXT_MESSAGE_START", **message, "role": "assistant"})
        for _ in range(message_chars // len(delta)):
            events.append({"type": "TEXT_MESSAGE_CONTENT", **message, "delta": delta})
        events.append({"type": "TEXT_MESSAGE_END", **message})
    return [*events, finished(run)]


def test_a_thread_of_many_runs_comes_in_pages_the_newest_first(alice):
    first = answered_run(alice, "0")
    texts = [str(number) for number in range(1, 2 * messages.RUNS_PAGE_SIZE + 5)]
    for text in texts:
        answered_run(alice, text, thread_id=first.thread_id)

    found = [page.json() for page in pages(client_for(alice), first.thread_id)]

    assert [len(page["runs"]) for page in found] == [30, 30, 5]
    told = [
        message["text"]
        for page in reversed(found)
        for message in page["messages"]
        if message["role"] == "user"
    ]
    assert told == ["0", *texts]
    for page in found:
        assert {message["run_id"] for message in page["messages"]} == {
            run["id"] for run in page["runs"]
        }
        assert page["partial_runs"] == []


def test_a_page_is_bounded_by_size(alice):
    half = messages.RUNS_PAGE_CHARS // 4  # twice on a page: as message, and in the events
    thread_id = answered_run(alice, "0", "x" * half).thread_id
    for _ in range(5):
        answered_run(alice, "more", "x" * half, thread_id=thread_id)

    answers = list(pages(client_for(alice), thread_id))

    assert [len(answer.json()["runs"]) for answer in answers] == [1] * 6
    for answer in answers:
        assert len(answer.content) < 2 * messages.RUNS_PAGE_CHARS


def test_a_cursor_of_another_list_is_refused_in_words(alice):
    run = answered_run(alice)
    path = f"/api/threads/{run.thread_id}/messages/"
    answer = client_for(alice).get(path, {"cursor": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


def test_a_very_long_answer_is_told_in_part_and_goes_on_in_its_log(alice):
    run = open_run(alice)
    events = long_answer(run, LONG)
    append(run, events[:-1])
    close_run(run, events[-1:], first=len(events))
    client = client_for(alice)

    [page] = pages(client, run.thread_id)
    body = page.json()
    [told] = body["runs"]
    held, after = list(told["events"]), told["last_seq"]
    while True:
        more = client.get(f"/api/runs/{run.run_id}/events/", {"after": after})
        assert len(more.content) < 3 * log.EVENTS_PAGE_CHARS
        if not more.json()["events"]:
            break
        held += [row["event"] for row in more.json()["events"]]
        after = more.json()["events"][-1]["seq"]

    assert len(page.content) < messages.RUNS_PAGE_CHARS
    assert body["partial_runs"] == [str(run.run_id)]
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert compaction.compact(held) == compaction.compact(events)
    assert Run.objects.get(pk=run.run_id).transcript is None


def test_a_very_long_answer_is_stored_in_messages_and_exported_whole(alice):
    run = open_run(alice)
    events = long_answer(run, LONG)
    append(run, events[:-1])
    close_run(run, events[-1:], first=len(events))
    said = "".join(event.get("delta", "") for event in events)
    path = f"/api/threads/{run.thread_id}/export/"
    client = client_for(alice)

    messages = Message.objects.filter(run=run.run_id, role="assistant").order_by("position")
    as_json = json.loads(b"".join(client.get(path)))
    as_markdown = b"".join(client.get(path, {"as": "markdown"})).decode()

    assert "".join(message.text for message in messages) == said
    told = [one["text"] for one in as_json["messages"] if one["role"] == "assistant"]
    assert "".join(told) == said
    assert as_markdown.count("0123456789abcde") == said.count("0123456789abcde")


def test_an_interrupted_run_that_is_very_long_ends_in_order(alice):
    run = open_run(alice)
    events = long_answer(run, LONG)[:-2]
    append(run, events)
    Run.objects.filter(pk=run.run_id).update(lease_until="2020-01-01T00:00:00Z")

    assert run_end.runs_close_stale() == [run.run_id]

    events = list(log.log_of(run.run_id))
    assert [event["type"] for event in events[-2:]] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
    ended = Run.objects.get(pk=run.run_id)
    kept = "".join(part["text"] for part in ended.contents[0]["parts"])
    assert kept == "".join(event.get("delta", "") for event in events)[: len(kept)]
    assert len(kept) == LONG


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_page_of_events_ends_by_count_or_by_size(alice, size):
    run = open_run(alice)
    close_run(run, plain_answer(run, *["a" * size] * 1200))
    after, seqs = 0, []
    while True:
        page = log.events_after(run_id=run.run_id, after=after)
        seqs += [seq for seq, _ in page.events]
        chars = sum(len(data) for _, data in page.events)
        assert chars < log.EVENTS_PAGE_CHARS + log.EVENTS_BATCH * (size + 200)
        if not page.more:
            break
        after = seqs[-1]
    assert seqs == list(range(1, 1205))
