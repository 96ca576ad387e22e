"""Background tasks are started again, whatever ends them, and it is told once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from django.db import OperationalError

from common import supervisor
from common.supervisor import Job, Supervisor, failing_tasks
from tests.agents.conftest import until


@pytest.fixture
async def tasks(monkeypatch, caplog) -> AsyncIterator[Supervisor]:
    monkeypatch.setattr(supervisor, "BACKOFF_S", 0.01)
    monkeypatch.setattr(supervisor, "STEADY_S", 0.05)
    caplog.set_level(logging.INFO, "common.supervisor")
    made = Supervisor()
    yield made
    await made.stop()
    assert made.failing() == []


class Flaky:
    """Fails so many times, each time in another way, and then runs for ever."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.attempts = 0

    async def run(self) -> None:
        self.attempts += 1
        if self.attempts <= self.failures:
            match self.attempts % 3:
                case 0:
                    raise ValueError("a secret of somebody")
                case 1:
                    raise KeyError
                case _:
                    return
        await asyncio.Event().wait()

    async def once(self) -> None:
        self.attempts += 1
        if self.attempts <= self.failures:
            raise OperationalError


async def test_a_task_that_ends_is_started_again_and_that_is_said_once(tasks, caplog):
    work = Flaky(5)
    tasks.run("listening", work.run)
    await until(lambda: work.attempts == 6)
    assert [task.name for task in failing_tasks()] == ["listening"]
    await until(lambda: not failing_tasks())
    said = [(record.levelname, record.message) for record in caplog.records]
    assert said == [
        ("ERROR", "listening failed and is started again"),
        ("INFO", "listening works again"),
    ]


async def test_each_failure_in_a_row_waits_longer(tasks, monkeypatch):
    work = Flaky(1000)
    monkeypatch.setattr(supervisor, "BACKOFF_S", 0.05)
    tasks.run("listening", work.run)
    await asyncio.sleep(0.5)
    assert 2 <= work.attempts <= 6


async def test_regular_work_that_meets_no_database_goes_on_at_its_pace(tasks, caplog):
    work = Flaky(20)
    tasks.schedule([Job("looking", 0.005, work.once, vital=True)])
    await until(lambda: work.attempts == 10)
    [failing] = tasks.failing()
    assert (failing.name, failing.vital, failing.for_s > 0) == ("looking", True, True)
    await until(lambda: work.attempts > 21)
    assert tasks.failing() == []
    assert caplog.records == []  # who records the outage has said it


async def test_regular_work_that_is_broken_waits_longer(tasks):
    attempts = 0

    async def work() -> None:
        nonlocal attempts
        attempts += 1
        raise ZeroDivisionError

    tasks.schedule([Job("looking", 0.001, work)])
    await asyncio.sleep(0.4)
    assert 3 <= attempts <= 12


async def test_a_job_that_hangs_or_fails_holds_up_no_other_and_is_not_begun_twice(tasks):
    begun = Counter()

    def job(name: str, work) -> Job:
        async def attempt() -> None:
            begun[name] += 1
            await work()

        return Job(name, 0.01, attempt)

    async def fail() -> None:
        raise ZeroDivisionError

    hang = asyncio.Event()
    tasks.schedule([job("hanging", hang.wait), job("failing", fail), job("renewing", nothing)])
    await until(lambda: begun["renewing"] >= 10)
    assert begun["hanging"] == 1
    assert [task.name for task in tasks.failing()] == ["failing"]
    hang.set()
    await until(lambda: begun["hanging"] >= 3)


async def nothing() -> None: ...


async def test_jobs_keep_their_pace(tasks):
    begun: list[float] = []

    async def work() -> None:
        begun.append(time.monotonic())
        await asyncio.sleep(0.03)  # its own time is not added to the period

    tasks.schedule([Job("renewing", 0.05, work), Job("looking", 0.02, nothing)])
    await until(lambda: len(begun) == 5)
    assert 0.19 <= begun[-1] - begun[0] < 0.3


async def test_a_job_that_takes_a_little_longer_than_its_period_is_begun_again_at_once(
    tasks, monkeypatch
):
    monkeypatch.setattr(supervisor, "LATE_S", 0.01)
    begun: list[float] = []

    async def work() -> None:
        begun.append(time.monotonic())
        await asyncio.sleep(0.32)

    tasks.schedule([Job("late", 0.3, work)])
    await until(lambda: len(begun) == 3)
    # Twice its period would be 0.6 seconds from one beginning to the next.
    assert begun[2] - begun[0] < 1.0


async def test_a_task_that_takes_one_cancellation_for_its_own_is_ended(monkeypatch):
    monkeypatch.setattr(supervisor, "CANCEL_AGAIN_S", 0.02)
    made, swallowed = Supervisor(), 0

    async def stubborn() -> None:
        nonlocal swallowed
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed += 1
        await asyncio.Event().wait()

    made.run("connecting", stubborn)
    await asyncio.sleep(0.01)
    async with asyncio.timeout(2):
        await made.stop()
    assert swallowed == 1


async def test_a_cancellation_from_inside_is_a_failure_like_any_other(tasks):
    attempts = 0

    async def work() -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise asyncio.CancelledError
        await asyncio.Event().wait()

    tasks.run("listening", work)
    await until(lambda: attempts == 3)
    await until(lambda: not tasks.failing())


async def test_a_task_that_fails_while_it_is_ended_ends():
    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ZeroDivisionError from None

    made = Supervisor()
    made.run("connecting", work)
    made.schedule([Job("looking", 60, work)])
    await asyncio.sleep(0.01)
    async with asyncio.timeout(1):
        await made.stop()


@pytest.mark.django_db
def test_readiness_names_what_fails_and_does_without_what_it_can(client, monkeypatch):
    made = Supervisor()
    health = {
        "listening": supervisor._Health(vital=False, failures=9, since=-100.0),
        "writing": supervisor._Health(vital=True),
    }
    monkeypatch.setattr(made, "_health", health)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (200, ["listening"])
    health["writing"].failures = 1
    health["writing"].since = -100.0
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["listening", "writing"])
