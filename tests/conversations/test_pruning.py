"""Logs are let go; what was said, and how it is shown, stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from agents.runs.replay import Resync, _read
from conversations.log import events_prune
from conversations.models import Event, Message, Run
from tests.conversations.factories import answered_run, append, open_run, plain_answer
from tests.people import client_for

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

WEEK = timedelta(days=7)


def aged(run, days=8):
    Run.objects.filter(pk=run.run_id).update(finished_at=timezone.now() - timedelta(days=days))
    return run


def told(owner, run) -> dict:
    return client_for(owner).get(f"/api/threads/{run.thread_id}/messages/").json()


def test_old_logs_go_and_the_conversation_looks_the_same(alice):
    old, young = aged(answered_run(alice)), aged(answered_run(alice), days=6)
    before = told(alice, old)
    count = Event.objects.filter(run=old.run_id).count()
    assert events_prune(older_than=WEEK) == (1, count)
    assert told(alice, old) == before
    assert Message.objects.filter(run=old.run_id).count() == 2
    assert set(Event.objects.values_list("run_id", flat=True)) == {young.run_id}


def test_a_run_that_goes_on_keeps_its_log_however_old(alice):
    run = open_run(alice)
    append(run, plain_answer(run)[:2])
    Run.objects.update(created_at=timezone.now() - timedelta(days=99))
    assert events_prune(older_than=WEEK) == (0, 0)


def test_who_continues_in_a_pruned_log_is_told_to_load_anew(alice):
    run = aged(answered_run(alice))
    events_prune(older_than=WEEK)
    with pytest.raises(Resync, match="pruned"):
        _read(run.run_id, 2, True)
    answer = client_for(alice).get(f"/api/runs/{run.run_id}/events/?after=2")
    assert (answer.status_code, answer.json()["code"]) == (410, "log_pruned")
    last = Run.objects.get(pk=run.run_id).last_seq
    assert client_for(alice).get(f"/api/runs/{run.run_id}/events/?after={last}").status_code == 200


def test_a_dry_run_counts_and_deletes_nothing(alice, capsys):
    aged(answered_run(alice))
    count = Event.objects.count()
    call_command("pruneevents", "--dry-run")
    assert f"Would delete {count} events of 1 answers." in capsys.readouterr().out
    assert Event.objects.count() == count
    call_command("pruneevents")
    assert not Event.objects.exists()


def test_logs_of_today_cannot_be_asked_for():
    with pytest.raises(CommandError, match="a day at least"):
        call_command("pruneevents", "--days", "0")
