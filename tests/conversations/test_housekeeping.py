"""Rows and files that lost each other are found, also after a process was killed in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from conversations.files.housekeeping import Removed, media_clean
from conversations.models import Artifact
from tests.conversations.factories import make_artifact, open_run
from tests.conversations.samples import uploaded

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

ROOT = Path(__file__).resolve().parent.parent.parent
NOTHING = Removed(0, 0, 0)


def aged(path, hours=2):
    os.utime(path, (time() - hours * 3600,) * 2)
    return path


def days_old(artifact, hours):
    made = timezone.now() - timedelta(hours=hours)
    Artifact.objects.filter(pk=artifact.pk).update(created_at=made)
    return artifact


def lost_file(folder, owner, hours=2):
    path = folder / "artifacts" / str(owner.pk) / uuid4().hex
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return aged(path, hours)


def test_a_tidy_place_stays_as_it_is(alice, own_media_folder):
    assert media_clean() == NOTHING
    aged(own_media_folder / make_artifact(alice).file.name)
    uploaded(alice)

    assert media_clean() == NOTHING
    assert Artifact.objects.count() == 2


def test_a_file_that_no_row_points_at_goes_once_it_cannot_be_on_its_way(alice, own_media_folder):
    lost, young = lost_file(own_media_folder, alice), lost_file(own_media_folder, alice, hours=0)

    assert media_clean(dry_run=True) == Removed(1, 0, 0)
    assert lost.exists()
    assert media_clean() == Removed(1, 0, 0)
    assert (lost.exists(), young.exists()) == (False, True)
    assert media_clean() == NOTHING


def test_a_row_whose_file_is_gone_goes(alice, own_media_folder):
    kept, gone = make_artifact(alice), make_artifact(alice)
    (own_media_folder / gone.file.name).unlink()

    assert media_clean() == Removed(0, 1, 0)

    assert Artifact.objects.get() == kept


def test_a_disk_that_is_not_there_is_no_reason_to_forget_everything(alice, own_media_folder):
    make_artifact(alice), make_artifact(alice)
    own_media_folder.rename(own_media_folder.with_name("elsewhere"))

    with pytest.raises(CommandError, match="mounted"):
        call_command("cleanmedia")

    assert Artifact.objects.count() == 2


def test_an_upload_that_no_message_carried_goes_after_a_day(
    alice, own_media_folder, django_capture_on_commit_callbacks
):
    old, young = days_old(uploaded(alice), 25), days_old(uploaded(alice), 23)
    carried = days_old(uploaded(alice), 99)
    open_run(alice, attachments=[carried.pk])
    made = days_old(make_artifact(alice), 99)

    with django_capture_on_commit_callbacks(execute=True):
        assert media_clean() == Removed(0, 0, 1)

    assert set(Artifact.objects.all()) == {young, carried, made}
    assert not (own_media_folder / old.file.name).exists()


def test_the_command_counts_and_says_what_it_did(alice, own_media_folder, capsys):
    lost_file(own_media_folder, alice)
    days_old(uploaded(alice), 25)
    told = "1 files without a row, 0 rows without a file, 1 uploads never sent.\nDone.\n"

    call_command("cleanmedia", "--dry-run")
    assert capsys.readouterr().out == f"Would remove {told}"
    assert Artifact.objects.exists()
    call_command("cleanmedia")
    assert capsys.readouterr().out == f"Removed {told}"
    assert not Artifact.objects.exists()


KILLED = """
import os, signal, sys
from io import BytesIO
import django
django.setup()
from django.contrib.auth.models import User
from conversations.files import artifacts

owner = User.objects.create(username="alice")
if sys.argv[1] == "storing":
    artifacts.reserve_quota = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
else:
    artifacts.decode = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
artifacts.artifact_upload(owner_id=owner.pk, file=BytesIO(b"hello"), size_bytes=5, name="a.txt")
"""


@pytest.mark.server
@pytest.mark.parametrize(("moment", "left"), [("reading", 0), ("storing", 1)])
def test_a_process_killed_in_the_middle_leaves_no_row_and_nothing_to_clean_twice(
    tmp_path, moment, left
):
    place = {"VAR_DIR": str(tmp_path), "DATABASE_URL": ""}
    settings = {"DJANGO_SETTINGS_MODULE": "tests.settings", **place}
    run: dict[str, Any] = {
        "env": {**os.environ, **settings},
        "cwd": ROOT,
        "capture_output": True,
        "text": True,
    }
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v", "0"], **run, check=True)

    killed = subprocess.run([sys.executable, "-c", KILLED, moment], **run)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    files = [path for path in (tmp_path / "media").rglob("*") if path.is_file()]
    assert len(files) == left
    for path in files:
        aged(path)

    for removed in (left, 0):
        cleaned = subprocess.run([*manage, "cleanmedia"], **run, check=True)
        assert cleaned.stdout.startswith(
            f"Removed {removed} files without a row, 0 rows without a file, 0 uploads"
        )
