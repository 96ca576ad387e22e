"""Admin pages that take rows away while running answers write to them, with real writers."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError, connection
from django.test import Client
from django.utils import timezone

from apikeys.models import UserApiKey
from conversations import models
from conversations.log import EventBatch, events_append
from conversations.threads import thread_delete
from tests.conversations.factories import any_key, ledger_row, open_run
from tests.people import lend, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


class RunningAnswer:
    """Writes an event and a row of the ledger again and again, as a process does."""

    def __init__(self, owner, key) -> None:
        self.run = open_run(owner, key=key)
        self.owner, self.key, self.written, self.refused = owner, key, 0, False
        self._stop, self._first = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self):
        self._thread.start()
        assert self._first.wait(10)
        return self

    def __exit__(self, *error) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def is_refused(self) -> bool:
        """Whether the writer is turned away in the end; it may be in the middle of a write."""
        self._thread.join(10)
        return self.refused

    def _write(self) -> None:
        try:
            while not self._stop.is_set() and not self.refused:
                self._append()
        finally:
            connection.close()

    def _append(self) -> None:
        seq = self.written + 1
        rows = [(seq, "RUN_STARTED" if seq == 1 else "CUSTOM", "{}")]
        batch = EventBatch(self.run.run_id, self.run.fence, rows)
        call = ledger_row(self.owner, self.run, self.key, call_id=uuid4())
        try:
            self.refused = bool(events_append(batches=[batch], calls=[call]))
        except (OperationalError, IntegrityError):  # a row it names is going: it tries again
            return
        self.written = seq
        self._first.set()


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def alice():
    return make_user("alice")


def test_a_person_is_deleted_while_answers_run(root, alice):
    for _ in range(2):
        person = make_user(f"person{uuid4().hex[:6]}")
        key = any_key(person)
        with RunningAnswer(person, key) as first, RunningAnswer(person, key) as second:
            response = root.post(f"/admin/auth/user/{person.pk}/delete/", {"post": "yes"})
            assert response.status_code == 302
            assert first.is_refused()
            assert second.is_refused()
    assert not models.Run.objects.exists()
    assert not models.ModelCall.objects.exists()


def test_a_person_is_deleted_from_the_list_while_an_answer_runs(root, alice):
    with RunningAnswer(alice, any_key(alice)) as answer:
        body = {"action": "delete_selected", "_selected_action": [alice.pk], "post": "yes"}
        assert root.post("/admin/auth/user/", body).status_code == 302
        assert answer.is_refused()
    assert not User.objects.filter(pk=alice.pk).exists()


def test_a_lender_is_deleted_while_a_borrowers_answer_runs(root, alice):
    bob, key = make_user("bob"), any_key(alice)
    lend(key, bob)
    with RunningAnswer(bob, key) as answer:
        assert root.post(f"/admin/auth/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 302
        before = answer.written
        while answer.written < before + 3:  # it is the borrower's, and goes on
            assert not answer.refused
    assert models.Run.objects.get().key_id is None
    assert models.ModelCall.objects.filter(owner=bob, key=None).count() == answer.written


@pytest.mark.parametrize("way", ["page", "list"])
def test_a_key_is_deleted_while_an_answer_uses_it(root, alice, way):
    key = any_key(alice)
    with RunningAnswer(alice, key) as answer:
        if way == "page":
            path, body = f"/admin/apikeys/userapikey/{key.pk}/delete/", {"post": "yes"}
        else:
            path = "/admin/apikeys/userapikey/"
            body = {"action": "delete_selected", "_selected_action": [key.pk], "post": "yes"}
        assert root.post(path, body).status_code == 302
    assert not answer.refused
    assert not UserApiKey.objects.exists()


@pytest.mark.parametrize("action", ["activate", "deactivate"])
def test_a_key_is_switched_while_an_answer_uses_it(root, alice, action):
    key = any_key(alice)
    with RunningAnswer(alice, key):
        body = {"action": action, "_selected_action": [str(key.pk)]}
        assert root.post("/admin/apikeys/userapikey/", body).status_code == 302
    assert UserApiKey.objects.get().is_active is (action == "activate")


def test_a_loan_is_ended_while_the_borrowers_answer_runs(root, alice):
    bob, key = make_user("bob"), any_key(alice)
    loan = lend(key, bob)
    with RunningAnswer(bob, key):
        body = {"action": "revoke", "_selected_action": [str(loan.pk)]}
        assert root.post("/admin/apikeys/keyloan/", body).status_code == 302
    loan.refresh_from_db()
    assert loan.revoked_at <= timezone.now()


def test_a_person_is_switched_off_while_an_answer_runs(root, alice):
    from tests.accounts.test_admin import page, profile_form

    body = profile_form(alice)
    del body["is_active"]
    with RunningAnswer(alice, any_key(alice)):
        assert root.post(page(alice), body).status_code == 302
    assert not User.objects.get(pk=alice.pk).is_active


def test_a_thread_is_deleted_while_its_answer_runs(alice):
    with RunningAnswer(alice, any_key(alice)) as answer:
        thread_delete(owner_id=alice.pk, thread_id=answer.run.thread_id)
        assert answer.is_refused()
    assert not models.Event.objects.exists()
