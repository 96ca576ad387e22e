"""The threads that do database work for coroutines."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, OperationalError, connection, connections, transaction

from common import database
from common.database import in_database
from common.database_errors import DatabaseUnavailable, Kind, classify
from common.outages import Outages


def the_connection() -> object:
    connection.ensure_connection()
    return connection.connection


def leave_a_transaction_open() -> object:
    held = the_connection()
    transaction.set_autocommit(False)
    return held


@pytest.fixture
def one_thread(monkeypatch):
    """All work on one thread, so that its connection can be looked at."""
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(database, "_pool", lambda: pool)
        monkeypatch.setattr(database, "outages", Outages())  # whatever others left behind
        yield
        pool.submit(connections.close_all).result()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("one_thread")
async def test_a_thread_keeps_its_connection():
    if connection.vendor != "sqlite":
        pytest.skip("the pool of PostgreSQL keeps connections, threads do not")
    assert await in_database(the_connection) is await in_database(the_connection)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("one_thread")
async def test_a_connection_that_was_left_in_disorder_is_not_used_again():
    left = await in_database(leave_a_transaction_open)
    assert await in_database(the_connection) is not left


@pytest.mark.django_db(transaction=True)
async def test_an_outage_is_a_refusal_in_words_and_a_fault_of_ours_stays_one(monkeypatch):
    monkeypatch.setattr("common.outages.outages", Outages())  # nobody else is to know of it

    def fail(error: Exception) -> None:
        raise error

    with pytest.raises(DatabaseUnavailable) as caught:
        await in_database(fail, OperationalError("the server closed the connection"))
    assert (caught.value.code, caught.value.status) == ("unavailable", 503)
    assert classify(caught.value) is Kind.DOWN
    assert isinstance(caught.value.__cause__, OperationalError)
    with pytest.raises(DatabaseError):
        await in_database(fail, DatabaseError("no such function"))
