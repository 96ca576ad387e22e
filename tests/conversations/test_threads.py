import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import FileSystemStorage

from common.errors import AppError
from conversations import models, threads
from conversations.files.artifacts import artifact_create
from tests.conversations.factories import answered_run, append, make_artifact, open_run, started

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("How do bees fly?", "How do bees fly?"),
        ("\n\n  ## Plan:\tpart  one \nrest", "Plan: part one"),
        ("- -5 degrees", "-5 degrees"),
        ("What is C#?", "What is C#?"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("a\u202eb\x07c", "abc"),
        ("👨‍👩‍👧 می‌خواهم", "👨‍👩‍👧 می‌خواهم"),
        ("   \n", ""),
        ("word " * 40, "word " * 14 + "word…"),
        ("x" * 200, "x" * 79 + "…"),
    ],
)
def test_a_title_is_the_first_line_that_says_something(text, title):
    assert threads.title_from(text) == title
    assert len(title) <= threads.TITLE_CHARS


def test_renaming_tidies_the_title_and_keeps_the_threads_place(alice):
    thread = threads.thread_create(owner_id=alice.pk, title="  Old \n name ")
    assert thread.title == "Old name"

    renamed = threads.thread_rename(owner_id=alice.pk, thread_id=thread.pk, title="N\u202eew\0")

    assert (renamed.title, renamed.updated_at) == ("New\ufffd", thread.updated_at)


def test_a_title_longer_than_the_column_is_refused(alice):
    with pytest.raises(ValidationError):
        threads.thread_create(owner_id=alice.pk, title="x" * 201)


def test_deleting_a_thread_leaves_nothing_of_it(
    alice, own_media_folder, django_capture_on_commit_callbacks
):
    kept, gone = make_artifact(alice), make_artifact(alice)

    with django_capture_on_commit_callbacks(execute=True):
        threads.thread_delete(owner_id=alice.pk, thread_id=gone.thread_id)

    for model in (models.Thread, models.Run, models.Artifact):
        assert model.objects.count() == 1
    assert not models.Event.objects.exclude(run=kept.run).exists()
    files = [path.name for path in own_media_folder.rglob("*") if path.is_file()]
    assert files == [kept.pk.hex]


def test_deleting_a_thread_that_is_being_answered_silences_its_run(alice):
    run = open_run(alice)
    append(run, [started(run)])

    threads.thread_delete(owner_id=alice.pk, thread_id=run.thread_id)

    assert append(run, [started(run)], first=2) == {run.run_id}


def test_nobody_elses_thread_can_be_changed_or_filled(alice, charlie):
    theirs = answered_run(alice)
    mine = answered_run(charlie)
    ids = {"owner_id": charlie.pk, "thread_id": theirs.thread_id}
    file = {"data": b"x", "mime_type": "image/png", "name": "x"}

    for call in (
        lambda: threads.thread_rename(**ids, title="mine"),
        lambda: threads.thread_delete(**ids),
        lambda: artifact_create(**ids, **file, run_id=None),
        lambda: artifact_create(
            owner_id=charlie.pk, thread_id=mine.thread_id, run_id=theirs.run_id, **file
        ),
    ):
        with pytest.raises(AppError) as refused:
            call()
        assert refused.value.status == 404
    assert models.Thread.objects.get(pk=theirs.thread_id).title == "Hello?"
    assert not models.Artifact.objects.exists()


def test_a_files_path_is_random_and_owes_nothing_to_its_name(alice, own_media_folder):
    artifact = make_artifact(alice, data=b"12345", name="../../etc/passwd")

    assert artifact.size_bytes == 5
    assert artifact.file.name == f"artifacts/{alice.pk}/{artifact.pk.hex}"
    assert (own_media_folder / artifact.file.name).read_bytes() == b"12345"


class UnluckyStorage(FileSystemStorage):
    """Writes the file while somebody else deletes the thread it is for."""

    def _save(self, name, content):
        models.Thread.objects.all().delete()
        return super()._save(name, content)  # type: ignore[misc]


@pytest.mark.django_db(transaction=True)
def test_a_file_for_a_thread_that_just_went_leaves_no_bytes(alice, own_media_folder, settings):
    run = answered_run(alice)
    backend = f"{__name__}.{UnluckyStorage.__name__}"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}

    with pytest.raises(AppError) as refused:
        make_artifact(alice, run=run)

    assert refused.value.code == "thread_not_found"
    assert not [path for path in own_media_folder.rglob("*") if path.is_file()]
