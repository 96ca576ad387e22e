"""Runs of processes that died are ended; those of processes that only had no database are not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from agents.runs.manager import RunManager
from agents.runs.task import RunIds, RunTask
from common.database import in_database
from common.database_errors import DatabaseUnavailable
from conversations.models import Run
from tests.agents.conftest import in_this_process
from tests.core.scripted import ScriptedModel
from tests.core.team import ask

pytestmark = in_this_process


@contextmanager
def runs_away() -> Iterator[None]:
    path = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("ALTER TABLE runs RENAME TO runs_away")
        try:
            yield
        finally:
            other.execute("ALTER TABLE runs_away RENAME TO runs")


async def status_of(ids: RunIds) -> str:
    run = await in_database(Run.objects.get, pk=ids.run_id)
    return str(run.status)


async def test_after_an_outage_others_get_the_time_to_renew_their_leases(ids: RunIds):
    lapsed = timezone.now() - timedelta(minutes=1)
    await in_database(lambda: Run.objects.filter(pk=ids.run_id).update(lease_until=lapsed))
    here = RunManager()
    here._runs[ids.run_id] = RunTask(ids, ask(ScriptedModel()), total_s=10)
    with runs_away(), pytest.raises(DatabaseUnavailable):
        await here._renew_leases()
    here._runs.clear()  # from here on it is somebody else's
    here._close_stale_from = 0.0  # the outage was longer than any pause that began with it
    await here._renew_leases()
    assert await status_of(ids) == "running"
    here._close_stale_from = 0.0  # they had their time
    await here._renew_leases()
    assert await status_of(ids) == "failed"
