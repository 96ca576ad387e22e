"""How much people may keep, also when they send a lot at once; a failure leaves nothing."""

from __future__ import annotations

import errno
import shutil
from collections import namedtuple

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import DatabaseError

from common.errors import AppError
from conversations.files import artifacts, quota
from conversations.models import Artifact
from tests.conversations.factories import answered_run, make_artifact
from tests.conversations.samples import huge_png, picture, send, uploaded
from tests.conversations.test_races import together

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

Disk = namedtuple("Disk", "total used free")


def stored(folder) -> list:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def full_disk(monkeypatch, settings):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Disk(10**12, 10**12, 10**9))
    settings.DISK_FREE_MIN_BYTES = 10**9 - 100


def assert_full(answer):
    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    assert answer.json()["message"].endswith(".")


def test_what_does_not_fit_is_refused_with_what_to_do(alice, bob, own_media_folder, settings):
    settings.USER_STORAGE_BYTES = 1000
    assert send(alice, b"x" * 600).status_code == 201

    refused = send(alice, b"x" * 401)

    assert_full(refused)
    assert "Delete some" in refused.json()["message"]
    assert send(alice, b"x" * 400).status_code == 201
    assert len(stored(own_media_folder)) == Artifact.objects.count() == 2
    assert send(bob, b"x" * 900).status_code == 201


def test_what_agents_make_counts_and_is_refused_too(alice, own_media_folder, settings):
    settings.USER_STORAGE_BYTES = 1000
    make_artifact(alice, b"x" * 900)
    assert_full(send(alice, b"x" * 101))

    with pytest.raises(AppError) as refused:
        make_artifact(alice, b"x" * 101)

    assert (refused.value.code, refused.value.status) == ("storage_full", 507)
    assert len(stored(own_media_folder)) == Artifact.objects.count() == 1


def test_deleting_makes_room(alice, settings):
    settings.USER_STORAGE_BYTES = 1000
    artifact = uploaded(alice, b"x" * 1000)
    assert_full(send(alice, b"x"))

    artifacts.artifact_delete(owner_id=alice.pk, artifact_id=artifact.pk)

    assert send(alice, b"x").status_code == 201


def test_a_disk_that_would_get_too_full_takes_nothing(alice, own_media_folder, full_disk):
    assert send(alice, b"x" * 100).status_code == 201

    refused = send(alice, b"x" * 101)

    assert_full(refused)
    assert "people who run it" in refused.json()["message"]
    with pytest.raises(AppError):
        make_artifact(alice, b"x" * 101)
    assert len(stored(own_media_folder)) == 1


def test_what_will_not_fit_is_not_even_looked_at(alice, settings, monkeypatch):
    settings.USER_STORAGE_BYTES = 10
    assert_full(send(alice, huge_png()))


@pytest.mark.django_db(transaction=True)
def test_uploads_at_the_same_moment_cannot_get_past_the_quota(alice, own_media_folder, settings):
    settings.USER_STORAGE_BYTES = 2500

    results = together(*[lambda: uploaded(alice, b"x" * 1000)] * 8)

    refused = [result.code for result in results if isinstance(result, AppError)]
    assert refused == ["storage_full"] * 6
    assert quota.used_bytes(alice.pk) == 2000
    assert len(stored(own_media_folder)) == Artifact.objects.count() == 2


class FullStorage(FileSystemStorage):
    """A disk that is full after the first few bytes."""

    def _save(self, name, content):
        super()._save(name, ContentFile(content.read(3)))  # type: ignore[misc]
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_gets_full_while_writing_keeps_no_half_file(alice, own_media_folder, settings):
    backend = f"{__name__}.{FullStorage.__name__}"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}

    assert_full(send(alice, picture(), "bee.png"))
    assert_full(send(alice, b"hello", "a.txt"))

    assert stored(own_media_folder) == []
    assert not Artifact.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_row_that_cannot_be_written_takes_its_bytes_along(alice, own_media_folder, monkeypatch):
    def broken(owner_id, size_bytes):
        raise DatabaseError("the connection is lost")

    monkeypatch.setattr(artifacts, "reserve_quota", broken)
    with pytest.raises(DatabaseError):
        uploaded(alice)

    assert stored(own_media_folder) == []


def test_an_id_that_is_taken_harms_no_file(alice, bob, own_media_folder):
    kept = make_artifact(bob, b"theirs")
    run = answered_run(alice)
    before = stored(own_media_folder)

    with pytest.raises(DatabaseError):
        make_artifact(alice, b"mine", run=run, artifact_id=kept.pk)

    assert stored(own_media_folder) == before
    assert Artifact.objects.get().owner == bob
