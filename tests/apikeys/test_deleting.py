"""Deleting a key while runs write rows that name it."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.db.models.signals import post_delete

from apikeys import services
from apikeys.audit import KeyAudit
from apikeys.models import KeyLoan, UserApiKey
from conversations.models import Run, Thread
from tests.people import lend, make_key, make_user

pytestmark = pytest.mark.postgresql


def in_a_connection_of_its_own(work) -> None:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_a_row_that_comes_between_two_statements_delays_the_end_only():
    alice, bob = make_user("alice"), make_user("bob")
    key = make_key(owner=alice)
    key_id = key.pk
    lend(key, bob)
    thread = Thread.objects.create(owner=alice)
    written = []

    def between(**kwargs) -> None:  # loans go after the runs were told, and before the key
        if not written:
            written.append(True)
            in_a_connection_of_its_own(
                lambda: Run.objects.create(owner=alice, thread=thread, key_id=key_id, model="m")
            )

    post_delete.connect(between, sender=KeyLoan)
    try:
        services.key_delete(key=key)
    finally:
        post_delete.disconnect(between, sender=KeyLoan)
    assert written
    assert not UserApiKey.objects.exists()
    assert Run.objects.get().key_id is None
    assert KeyAudit.objects.filter(what="delete").count() == 1


@pytest.mark.django_db
def test_a_key_that_is_gone_already_is_deleted(alice):
    key = make_key(owner=alice)
    UserApiKey.objects.all().delete()
    services.key_delete(key=key)
    assert not UserApiKey.objects.exists()
