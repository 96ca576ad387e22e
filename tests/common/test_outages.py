"""What counts as a database that is away, by errors that real databases make."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection

from common.database_errors import DatabaseUnavailable, Kind, classify
from common.outages import Outages


def _file(folder: Path) -> Path:
    path = folder / "db.sqlite3"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE t (x UNIQUE)")
        made.execute("INSERT INTO t VALUES (1)")
        made.commit()
    return path


def locked(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(sqlite3.connect(path, timeout=0)) as one:
            one.execute("INSERT INTO t VALUES (2)")


def read_only(path: Path) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as one:
        one.execute("INSERT INTO t VALUES (2)")


def full(path: Path) -> None:
    with closing(sqlite3.connect(path)) as one:
        one.execute("PRAGMA max_page_count = 1")
        one.execute("INSERT INTO t VALUES (zeroblob(1000000))")


def no_folder(path: Path) -> None:
    sqlite3.connect(path.parent / "none" / "db.sqlite3")


def no_database(path: Path) -> None:
    path.write_bytes(b"no database " * 1000)
    with closing(sqlite3.connect(path)) as one:
        one.execute("SELECT * FROM t")


def no_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as one:
        one.execute("SELECT * FROM other")


def twice(path: Path) -> None:
    with closing(sqlite3.connect(path)) as one:
        one.execute("INSERT INTO t VALUES (1)")


def misspelt(path: Path) -> None:
    with closing(sqlite3.connect(path)) as one:
        one.execute("SELEKT 1")


SQLITE = {
    locked: Kind.LOCKED,
    read_only: Kind.READ_ONLY,
    full: Kind.DISK_FULL,
    no_folder: Kind.DOWN,
    no_database: Kind.DAMAGED,
    no_table: Kind.NOT_MIGRATED,
    twice: None,
    misspelt: None,
}


@pytest.mark.parametrize(
    ("operation", "kind"), SQLITE.items(), ids=lambda it: getattr(it, "__name__", str(it))
)
def test_an_error_of_sqlite_is_known(
    tmp_path: Path, operation: Callable[[Path], None], kind: Kind | None
):
    with pytest.raises(sqlite3.Error) as caught:
        operation(_file(tmp_path))
    assert classify(caught.value) is kind


SQLSTATES = {
    "25006": Kind.READ_ONLY,
    "57P01": Kind.SHUTTING_DOWN,
    "57P03": Kind.SHUTTING_DOWN,
    "53100": Kind.DISK_FULL,
    "53300": Kind.TOO_MANY_CONNECTIONS,
    "55P03": Kind.LOCKED,
    "57014": Kind.TIMEOUT,
    "40001": Kind.CONFLICT,
    "40P01": Kind.CONFLICT,
    "08006": Kind.DOWN,
    "42P01": Kind.NOT_MIGRATED,
    "58030": Kind.DISK_ERROR,
    "XX001": Kind.DAMAGED,
    "23505": None,
    "22P05": None,
    "42601": None,
}


@pytest.mark.parametrize(("sqlstate", "kind"), SQLSTATES.items())
def test_an_error_of_postgresql_is_known_whatever_class_it_has(sqlstate: str, kind: Kind | None):
    raw = psycopg.errors.lookup(sqlstate)("text of the server")
    assert classify(raw) is kind
    for wrapper in (DatabaseError, OperationalError):
        wrapped = wrapper("text of the server")
        wrapped.__cause__ = raw
        assert classify(wrapped) is kind


def test_without_a_connection_there_is_no_code():
    assert classify(OperationalError("couldn't get a connection after 5.00 sec")) is Kind.DOWN
    assert classify(InterfaceError("connection already closed")) is Kind.DOWN
    assert classify(IntegrityError("twice")) is None
    assert classify(ValueError("something else")) is None
    assert classify(None) is None


@pytest.mark.parametrize("kind", Kind)
def test_people_are_told_to_try_again_and_nothing_of_the_server(kind: Kind):
    error = DatabaseUnavailable(kind)
    assert (error.code, error.status) == ("unavailable", 503)
    assert "ry again" in error.message
    assert "SQL" not in error.message
    assert error.retry_after_s


@pytest.mark.django_db
def test_an_outage_is_said_when_it_begins_and_when_it_ends(caplog):
    now = 0.0
    outages = Outages(clock=lambda: now)
    with caplog.at_level(logging.WARNING, "common.outages"):
        for _ in range(100):
            outages.record(Kind.READ_ONLY)
        outages.record(Kind.DOWN)
        outages.end_if_over()  # an operation that worked, right after one that did not
        assert outages.open
        now = 12.0
        outages.end_if_over()
    assert not outages.open
    assert caplog.messages == [
        "The database is away: read_only",
        "The database is back after 12.0 s (failed: read_only 100, down 1)",
    ]


def raising(error: Exception) -> Callable[..., None]:
    def view(*args: object, **kwargs: object) -> None:
        raise error

    return view


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each query fails as on a server that was made read-only."""
    error = DatabaseError("cannot execute UPDATE in a read-only transaction")
    error.__cause__ = psycopg.errors.ReadOnlySqlTransaction("cannot execute UPDATE")
    monkeypatch.setattr(connection, "cursor", raising(error))


@pytest.mark.django_db
@pytest.mark.usefixtures("away")
def test_rest_and_admin_answer_in_words_and_the_log_has_one_line(client, caplog):
    client.raise_request_exception = False
    client.cookies["sessionid"] = "x" * 32
    rest = client.post(
        "/api/token/", {"username": "a", "password": "b"}, content_type="application/json"
    )
    assert (rest.status_code, rest.json()["code"]) == (503, "unavailable")
    admin = client.get("/admin/")
    assert admin.status_code == 503
    assert "not store anything" in admin.text
    for answer in (rest, admin):
        assert answer["Retry-After"] == "2"
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
