"""Files with a message: whose they are, what is remembered of them, and what the model is given."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from common.errors import AppError
from conversations.access import attachments_for
from conversations.files.attachments import stored_artifact
from conversations.files.google_copies import (
    gemini_file_for,
    gemini_file_remember,
    gemini_files_forget,
)
from conversations.history import history_for, user_content
from conversations.models import Artifact, GeminiFile, Message, Run, Thread
from conversations.threads import thread_delete
from tests.conversations.factories import (
    answered_run,
    any_key,
    close_run,
    make_artifact,
    open_run,
    plain_answer,
)
from tests.conversations.samples import picture, uploaded
from tests.people import client_for

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

HOUR = timedelta(hours=1)


def refusal(call, *args, **kwargs) -> tuple[str, int]:
    with pytest.raises(AppError) as caught:
        call(*args, **kwargs)
    return caught.value.code, caught.value.status


def test_a_message_carries_files_which_then_belong_to_its_thread(alice):
    bee, notes = uploaded(alice, picture(), "bee.png"), uploaded(alice)

    opened = open_run(alice, "What is this?", attachments=[notes.pk, bee.pk, notes.pk])

    message = Message.objects.get(pk=opened.message_id)
    assert (
        message.attachments
        == opened.attachments
        == [stored_artifact(file) for file in (notes, bee)]
    )
    assert message.attachments[1] == {
        "id": str(bee.pk),
        "name": "bee.png",
        "mime_type": "image/png",
        "size_bytes": bee.size_bytes,
    }
    assert {row.thread_id for row in Artifact.objects.all()} == {opened.thread_id}


def test_a_file_stays_with_the_thread_that_carried_it_first(alice):
    notes = uploaded(alice)
    first = open_run(alice, attachments=[notes.pk])

    second = open_run(alice, attachments=[notes.pk])

    assert len(second.attachments) == 1
    assert Artifact.objects.get().thread_id == first.thread_id


def test_foreign_and_unknown_files_are_the_same_and_nothing_is_written(alice, charlie):
    mine, theirs = uploaded(charlie), uploaded(alice)

    for wanted in ([theirs.pk], [mine.pk, theirs.pk], [uuid4()], [mine.pk, uuid4()]):
        assert refusal(open_run, charlie, attachments=wanted) == ("file_not_found", 404)
        assert refusal(attachments_for, charlie.pk, wanted) == ("file_not_found", 404)
    assert not any(model.objects.exists() for model in (Thread, Run, Message))
    assert not Artifact.objects.exclude(thread=None).exists()


def test_a_message_carries_sixteen_files_at_most(alice):
    ids = [uploaded(alice).pk for _ in range(17)]

    assert refusal(open_run, alice, attachments=ids) == ("too_many_files", 400)
    assert refusal(attachments_for, alice.pk, [ids[0]] * 17) == ("too_many_files", 400)
    assert len(open_run(alice, attachments=ids[:10]).attachments) == 10


def test_the_door_takes_one_query(alice, django_assert_num_queries):
    files = [uploaded(alice) for _ in range(3)]
    with django_assert_num_queries(1):
        assert attachments_for(alice.pk, [file.pk for file in files]) == files
    with django_assert_num_queries(0):
        assert attachments_for(alice.pk, []) == []


def test_a_message_sent_again_is_not_refused_for_a_file_deleted_since(alice):
    notes = uploaded(alice)
    opened = open_run(alice, attachments=[notes.pk])
    ids = {"thread_id": opened.thread_id, "run_id": opened.run_id}
    notes.delete()

    again = open_run(alice, **ids, message_id=opened.message_id, attachments=[notes.pk])

    assert (again.created, again.attachments) == (False, [])


def test_history_has_files_before_the_text_and_remembers_deleted_ones(alice):
    bee = uploaded(alice, picture(), "bee.png")
    first = open_run(alice, "What is this?", attachments=[bee.pk])
    contents = [{"role": "model", "parts": [{"text": "A bee."}]}]
    close_run(first, plain_answer(first, "A bee."), contents=contents)
    Artifact.objects.all().delete()

    second = open_run(alice, "Sure?", thread_id=first.thread_id)

    file = {"id": str(bee.pk), "mimeType": "image/png", "name": "bee.png", "size": bee.size_bytes}
    parts = [{"artifact": file}, {"text": "What is this?"}]
    assert second.history == [[{"role": "user", "parts": parts}, *contents]]


def test_a_text_that_is_empty_is_left_out_beside_files_only(alice):
    notes = [stored_artifact(uploaded(alice))]
    assert [*user_content("", notes)["parts"][0]] == ["artifact"]
    assert len(user_content("", notes)["parts"]) == 1
    assert user_content("", []) == {"role": "user", "parts": [{"text": ""}]}


def test_history_takes_one_more_query_with_files_however_many(alice, django_assert_num_queries):
    run = answered_run(alice)
    for _ in range(3):
        again = open_run(alice, thread_id=run.thread_id, attachments=[uploaded(alice).pk] * 2)
        close_run(again, plain_answer(again))
    with django_assert_num_queries(3):
        assert len(history_for(again.run_id)) == 4


def test_pages_and_exports_tell_of_files(alice):
    notes = uploaded(alice, b"x", "my [notes](x) *1*.txt")
    opened = open_run(alice, "Read this.", attachments=[notes.pk])
    client, thread = client_for(alice), f"/api/threads/{opened.thread_id}/"

    page = client.get(f"{thread}messages/").json()["messages"]
    exported = json.loads(client.get(f"{thread}export/").content)
    text = client.get(f"{thread}export/", {"as": "markdown"}).content.decode()

    assert page[0]["attachments"] == exported["messages"][0]["attachments"] == opened.attachments
    assert exported["files"][0]["name"] == notes.name
    assert "- my \\[notes\\]\\(x\\) \\*1\\*.txt\n\nRead this.\n" in text


def test_deleting_a_thread_deletes_what_it_carried(
    alice, own_media_folder, django_capture_on_commit_callbacks
):
    carried, loose = uploaded(alice), uploaded(alice)
    opened = open_run(alice, attachments=[carried.pk])

    with django_capture_on_commit_callbacks(execute=True):
        thread_delete(owner_id=alice.pk, thread_id=opened.thread_id)

    assert Artifact.objects.get() == loose
    files = [path.name for path in own_media_folder.rglob("*") if path.is_file()]
    assert files == [loose.pk.hex]


def remember(artifact, key, hours=48.0, uri="https://example.test/files/a"):
    lasts = {"expires_at": timezone.now() + hours * HOUR}
    ids = {"artifact_id": artifact.pk, "key_id": key.pk}
    gemini_file_remember(**ids, uri=uri, name="files/a", **lasts)


def test_a_copy_at_google_is_known_for_its_key_until_an_hour_before_it_goes(alice):
    notes, key, other = make_artifact(alice), any_key(alice), any_key(alice)
    assert gemini_file_for(notes.pk, key.pk) is None

    remember(notes, key)

    assert gemini_file_for(notes.pk, key.pk) == "https://example.test/files/a"
    assert gemini_file_for(notes.pk, other.pk) is None
    assert gemini_file_for(uploaded(alice).pk, key.pk) is None
    remember(notes, key, hours=0.9)
    assert gemini_file_for(notes.pk, key.pk) is None
    remember(notes, key, hours=1.1, uri="https://example.test/files/b")
    assert gemini_file_for(notes.pk, key.pk) == "https://example.test/files/b"
    assert GeminiFile.objects.count() == 1
    gemini_files_forget(owner_id=alice.pk, key_id=key.pk)
    assert gemini_file_for(notes.pk, key.pk) is None


@pytest.mark.parametrize("gone", ["key", "file"])
def test_a_copy_is_forgotten_with_its_key_and_its_file(alice, gone):
    notes, key = make_artifact(alice), any_key(alice)
    remember(notes, key)

    (key if gone == "key" else notes).delete()

    assert not GeminiFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_copy_of_a_file_that_just_went_is_not_remembered(alice):
    notes, key = make_artifact(alice), any_key(alice)
    Artifact.objects.all().delete()

    remember(notes, key)

    assert not GeminiFile.objects.exists()


# what Google refused does not go back


def failed_run(owner, code, refused=None, **changes):
    run = open_run(owner, **changes)
    ended = {"status": "failed", "outcome": "error", "error_code": code, "contents": []}
    close_run(run, plain_answer(run), **ended, refused=refused or {})
    return run


def test_a_file_that_google_cannot_use_is_named_to_it_and_marked_to_its_owner(alice):
    scan = uploaded(alice, b"x", "scan.txt")
    why = {str(scan.pk): "Google cannot read “scan.txt”."}
    run = failed_run(alice, "file_refused", why, text="Read", attachments=[scan.pk])
    [[asked]] = history_for(run.run_id)
    assert "artifact" not in str(asked)
    assert "scan.txt" in asked["parts"][0]["text"]
    page = client_for(alice).get(f"/api/threads/{run.thread_id}/messages/").json()
    assert page["messages"][0]["attachments"][0]["refused"] == why[str(scan.pk)]
    assert client_for(alice).get(f"/api/files/{scan.pk}/").status_code == 200


def test_a_file_of_somebody_else_is_not_marked(alice, bob):
    theirs = uploaded(bob, b"x", "theirs.txt")
    failed_run(alice, "file_refused", {str(theirs.pk): "No."}, text="Read")
    theirs.refresh_from_db()
    assert theirs.refused == ""


@pytest.mark.parametrize("code", ["blocked", "bad_request", "too_long", "too_large"])
def test_a_question_that_was_refused_is_not_asked_again_with_the_next(alice, code):
    run = failed_run(alice, code, text="Poison")
    following = open_run(alice, "Hello", thread_id=run.thread_id)
    assert following.history == []


def test_a_question_that_only_had_bad_luck_is(alice):
    run = failed_run(alice, "overloaded", text="What is salt?")
    assert "salt" in str(history_for(run.run_id))
