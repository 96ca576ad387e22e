"""What the server writes is its own account's alone, however it is started."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import CheckMessage

from chatproject import env, private
from tests.test_checks import ROOT, production, run

WRITE = """
import pathlib
import chatproject.asgi
from django.conf import settings
from django.db import connection

var = pathlib.Path(settings.VAR_DIR)
connection.cursor().execute("CREATE TABLE t (x)")
(var / "made").write_text("x")
(var / "folder").mkdir()
print(*(f"{path.name}={path.stat().st_mode & 0o777:o}" for path in var.iterdir() if path.is_file()))
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def problems_with(path: Path) -> list[CheckMessage]:
    """What is said of this file or folder; the database of the tests has its own permissions."""
    return [problem for problem in private.check_private() if f"{path} " in problem.msg]


@pytest.fixture
def environment(tmp_path):
    """A start from an account whose umask lets others read."""
    before = os.umask(0o022)
    var = tmp_path / "var"
    yield {**production(tmp_path), "VAR_DIR": str(var), "MEDIA_ROOT": str(tmp_path / "media")}
    os.umask(before)


@pytest.mark.server
def test_a_new_server_writes_for_itself_alone(environment):
    done = run("-c", WRITE, environment=environment)
    assert done.returncode == 0, done.stderr
    files = dict(pair.split("=") for pair in done.stdout.split())
    database = "chatproject.sqlite3"  # with the files that SQLite makes while it runs
    assert {"made", database, f"{database}-wal", f"{database}-shm"} <= files.keys()
    assert set(files.values()) == {"600"}
    var = Path(environment["VAR_DIR"])
    assert mode(var) == mode(var / "folder") == 0o700


@pytest.mark.server
def test_what_an_older_version_left_open_is_closed(environment):
    var, media = Path(environment["VAR_DIR"]), Path(environment["MEDIA_ROOT"])
    for folder in (var, media):
        folder.mkdir(mode=0o755)
    database = var / "chatproject.sqlite3"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database}{suffix}").touch(0o644)
    assert run("manage.py", "check", environment=environment).returncode == 0
    assert (mode(var), mode(media)) == (0o700, 0o700)
    assert {mode(path) for path in var.iterdir()} == {0o600}


def test_a_folder_that_everybody_uses_is_left_alone(settings, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    settings.VAR_DIR = settings.MEDIA_ROOT = shared
    private.make_private()
    assert mode(shared) == 0o1777


def test_what_could_not_be_closed_is_said_with_what_to_do(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(private, "_reachable", lambda path: True)
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    settings.MEDIA_ROOT.chmod(0o755)
    [problem] = problems_with(settings.MEDIA_ROOT)
    assert problem.id == "chatproject.W012"
    assert problem.hint == f"Run: chmod go-rwx {settings.MEDIA_ROOT}"


def test_what_lies_in_a_closed_folder_is_not_open(settings, tmp_path):
    closed = tmp_path / "closed"
    (closed / "media").mkdir(parents=True)
    closed.chmod(0o700)
    settings.MEDIA_ROOT = closed / "media"
    settings.MEDIA_ROOT.chmod(0o755)
    assert private.check_private() == []


def test_a_secret_that_others_can_read_is_said(settings, tmp_path, monkeypatch):
    secret = tmp_path / "fernet_keys"
    secret.write_text("x")
    secret.chmod(0o644)
    monkeypatch.setattr(env, "secret_files", [secret])
    monkeypatch.setattr(private, "_reachable", lambda path: True)
    assert len(problems_with(secret)) == 1
    secret.chmod(0o640)  # for a group that may be ours
    assert problems_with(secret) == []


def test_the_page_stays_readable_for_the_account_that_runs_the_server(tmp_path):
    code = (
        "import os, sys; from chatproject.private import restrict_umask;"
        "restrict_umask(['manage.py', sys.argv[1]]); print(oct(os.umask(0)))"
    )
    for command, expected in (("collectstatic", "0o22"), ("migrate", "0o77")):
        done = subprocess.run(
            [sys.executable, "-c", code, command], cwd=ROOT, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        assert done.stdout.strip() == expected
