import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations import compaction, log, models, run_end, threads
from tests.conversations.factories import (
    answered_run,
    append,
    close_run,
    finished,
    make_artifact,
    open_run,
    plain_answer,
    started,
)
from tests.people import client_for

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


def test_threads_are_listed_latest_first_in_pages(alice, bob):
    answered_run(bob)
    count = threads.PAGE_SIZE + 1
    now = timezone.now()
    models.Thread.objects.bulk_create(
        # Two of them, on both sides of the page's end, were last spoken in at the same moment.
        models.Thread(owner=alice, title=str(n), updated_at=now - min(n, count - 2) * HOUR)
        for n in range(count)
    )
    again = open_run(alice, thread_id=models.Thread.objects.get(title="9").pk)
    client = client_for(alice)

    first = client.get("/api/threads/").json()
    second = client.get("/api/threads/", {"cursor": first["next"]}).json()

    listed = [row["title"] for row in first["results"] + second["results"]]
    assert (len(second["results"]), second["next"]) == (1, None)
    assert listed[:4] == ["9", "0", "1", "2"]
    assert sorted(listed, key=int) == [str(n) for n in range(count)]
    assert first["results"][0]["running_run"] == str(again.run_id)
    assert first["results"][1]["running_run"] is None
    assert set(first["results"][0]) == {"id", "title", "created_at", "updated_at", "running_run"}


def test_the_thread_spoken_in_last_is_first(alice):
    old, new = answered_run(alice), answered_run(alice)
    client = client_for(alice)
    assert client.get("/api/threads/").json()["results"][0]["id"] == str(new.thread_id)

    open_run(alice, thread_id=old.thread_id)

    assert client.get("/api/threads/").json()["results"][0]["id"] == str(old.thread_id)


@pytest.mark.parametrize("cursor", ["x", "====", "MjAyNi0wMS0wMXxub3QtYW4taWQ=", "ü"])
def test_a_made_up_cursor_is_refused_in_words(alice, cursor):
    response = client_for(alice).get("/api/threads/", {"cursor": cursor})

    assert (response.status_code, response.json()["code"]) == (400, "bad_cursor")


def test_a_thread_is_made_renamed_and_deleted(alice):
    client = client_for(alice)

    made = client.post("/api/threads/", {}, format="json")
    path = f"/api/threads/{made.json()['id']}/"
    renamed = client.patch(path, {"title": "Bees", "owner": 1, "id": str(uuid4())}, format="json")

    assert (made.status_code, made.json()["title"]) == (201, "")
    assert renamed.json() == {**made.json(), "title": "Bees"}
    assert client.get(path).json() == renamed.json()
    assert client.delete(path).status_code == 204
    assert client.get(path).json()["code"] == "thread_not_found"


@pytest.mark.parametrize("body", [{}, {"title": "x" * 201}, {"title": None}, {"title": ["x"]}])
def test_a_title_that_cannot_be_kept_names_its_field(alice, body):
    run = answered_run(alice)

    response = client_for(alice).patch(f"/api/threads/{run.thread_id}/", body, format="json")

    assert response.status_code == 400
    assert set(response.json()["fields"]) == {"title"}


def test_messages_hold_what_was_said_and_how(alice, django_assert_max_num_queries):
    run = answered_run(alice, "Hello?", "Hi.")
    live = open_run(alice, "And?", thread_id=run.thread_id)
    events = plain_answer(live, "So", "me")
    append(live, events[:4])
    client = client_for(alice)

    with django_assert_max_num_queries(9):
        body = client.get(f"/api/threads/{run.thread_id}/messages/").json()

    said = [(one["role"], one["agent"], one["text"], one["run_id"]) for one in body["messages"]]
    assert said == [
        ("user", "", "Hello?", str(run.run_id)),
        ("assistant", "coordinator", "Hi.", str(run.run_id)),
        ("user", "", "And?", str(live.run_id)),
    ]
    assert body["thread"]["running_run"] == str(live.run_id)
    ended, running = body["runs"]
    assert [event["type"] for event in ended["events"]][-1] == "RUN_FINISHED"
    assert (running["status"], running["last_seq"]) == ("running", 4)
    assert running["events"][-1] == {**events[2], "delta": "Some"}
    assert set(running) == {
        *("id", "thread_id", "parent_run_id", "status", "outcome", "error_code", "error_message"),
        *("agent", "model", "last_seq", "usage", "created_at", "finished_at", "events"),
    }


def test_a_snapshot_and_the_events_after_it_are_the_snapshot_of_now(alice):
    """Whenever a page loads: what it got, plus what follows, is what a later load gets."""
    client = client_for(alice)
    run = open_run(alice)
    thread = f"/api/threads/{run.thread_id}/messages/"
    events = plain_answer(run, *"abcdef")
    snapshots = []
    for seq, event in enumerate(events[:-1], start=1):
        append(run, [event], first=seq)
        snapshots.append(client.get(thread).json()["runs"][0])
    close_run(run, events[-1:], first=len(events))

    now = client.get(thread).json()["runs"][0]

    for snapshot in snapshots:
        after = {"after": snapshot["last_seq"]}
        rest = client.get(f"/api/runs/{run.run_id}/events/", after).json()
        later = [numbered["event"] for numbered in rest["events"]]
        assert compaction.compact([*snapshot["events"], *later]) == now["events"]
        assert rest["last_seq"] == now["last_seq"]


def test_a_run_and_its_events_in_pages(alice):
    run = open_run(alice)
    close_run(run, plain_answer(run, *["a"] * log.EVENTS_PAGE_SIZE))
    last = log.EVENTS_PAGE_SIZE + 4
    path = f"/api/runs/{run.run_id}/"
    client = client_for(alice)

    detail = client.get(path).json()
    first = client.get(f"{path}events/").json()
    rest = client.get(f"{path}events/", {"after": first["events"][-1]["seq"]}).json()
    beyond = client.get(f"{path}events/", {"after": 9999}).json()

    assert (detail["status"], detail["outcome"], detail["last_seq"]) == (
        "finished",
        "success",
        last,
    )
    assert [row["seq"] for row in first["events"] + rest["events"]] == list(range(1, last + 1))
    assert rest["events"][-1]["event"] == finished(run)
    assert first["last_seq"] == rest["last_seq"] == last
    assert beyond == {"events": [], "last_seq": last, "status": "finished"}


@pytest.mark.parametrize("after", ["-1", "1.5", "x", str(2**40)])
def test_an_impossible_after_is_refused(alice, after):
    run = answered_run(alice)

    response = client_for(alice).get(f"/api/runs/{run.run_id}/events/", {"after": after})

    assert response.status_code == 400
    assert set(response.json()["fields"]) == {"after"}


def test_files_come_as_inert_downloads(alice):
    artifact = make_artifact(alice, data=b"bytes", name='a "bee" é.png')

    response = client_for(alice).get(f"/api/files/{artifact.pk}/", headers={"Accept": "image/*"})

    assert (response.status_code, response.content) == (200, b"bytes")
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("mime_type", ["text/html", "image/svg+xml", "application/xml", "x\r\ny"])
def test_files_a_browser_could_run_have_no_type(alice, mime_type):
    artifact = make_artifact(alice, mime_type=mime_type, name="x\r\nSet-Cookie: a=b")

    response = client_for(alice).get(f"/api/files/{artifact.pk}/")

    assert response["Content-Type"] == "application/octet-stream"
    assert "Set-Cookie" not in response


def test_a_file_whose_bytes_are_gone_is_not_there(alice):
    artifact = make_artifact(alice)
    artifact.file.storage.delete(artifact.file.name)

    response = client_for(alice).get(f"/api/files/{artifact.pk}/")

    assert (response.status_code, response.json()["code"]) == (404, "file_not_found")


def test_a_thread_is_exported_as_json_and_markdown(alice):
    artifact = make_artifact(alice)
    client, path = client_for(alice), f"/api/threads/{artifact.thread_id}/export/"

    data = client.get(path, headers={"Accept": "text/html"})
    text = client.get(path, {"as": "markdown"})

    assert data["Content-Disposition"] == 'attachment; filename="Hello?.json"'
    exported = json.loads(data.content)
    assert [one["text"] for one in exported["messages"]] == ["Hello?", "Hi."]
    assert exported["files"][0]["name"] == "bee.png"
    assert text["Content-Type"] == "text/markdown; charset=utf-8"
    assert text.content.decode() == "# Hello?\n\n## You\n\nHello?\n\n## Assistant\n\nHi.\n"
    assert client.get(path, {"as": "xml"}).status_code == 400


def routes(run, file_id):
    thread = f"/api/threads/{run['thread']}/"
    return [
        ("get", thread),
        ("patch", thread),
        ("delete", thread),
        ("get", f"{thread}messages/"),
        ("get", f"{thread}export/"),
        ("get", f"/api/runs/{run['run']}/"),
        ("get", f"/api/runs/{run['run']}/events/"),
        ("get", f"/api/files/{file_id}/"),
        ("delete", f"/api/files/{file_id}/"),
        ("post", f"/api/files/{file_id}/link/"),
    ]


def ask(client, method, path):
    return getattr(client, method)(path, {"title": "mine"}, format="json")


def test_what_is_not_yours_answers_byte_for_byte_like_what_is_not_there(alice, charlie):
    artifact = make_artifact(alice)
    theirs = {"thread": artifact.thread_id, "run": artifact.run_id}
    client = client_for(charlie)
    before = list(models.Thread.objects.values())

    def answers(ids, file_id):
        found = [ask(client, *route) for route in routes(ids, file_id)]
        return [(response.status_code, response.content) for response in found]

    foreign = answers(theirs, artifact.pk)

    assert {code for code, _ in foreign} == {404}
    assert foreign == answers({"thread": uuid4(), "run": uuid4()}, uuid4())
    assert foreign == answers({"thread": "nonsense", "run": "1"}, "%00")
    assert foreign == answers({"thread": uuid4().hex, "run": f"{{{uuid4()}}}"}, 7)
    assert list(models.Thread.objects.values()) == before


def test_every_route_needs_a_token(alice, client):
    artifact = make_artifact(alice)
    ids = {"thread": artifact.thread_id, "run": artifact.run_id}

    for method, path in [
        *routes(ids, artifact.pk),
        ("get", "/api/threads/"),
        ("get", "/api/files/"),
    ]:
        response = getattr(client, method)(path)
        assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


def test_events_of_a_run_that_still_runs(alice):
    run = open_run(alice)
    append(run, [started(run)])

    body = client_for(alice).get(f"/api/runs/{run.run_id}/events/").json()

    assert body == {
        "events": [{"seq": 1, "event": started(run)}],
        "last_seq": 1,
        "status": "running",
    }


def test_interrupted_runs_say_so_to_the_page(alice):
    run = open_run(alice, lease_s=-1)
    run_end.runs_close_stale()

    body = client_for(alice).get(f"/api/threads/{run.thread_id}/messages/").json()

    assert body["runs"][0]["error_code"] == "interrupted"
    assert body["runs"][0]["error_message"] == run_end.INTERRUPTED_SENTENCE
    assert body["runs"][0]["events"][-1]["code"] == "interrupted"
