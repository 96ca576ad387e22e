"""Each background task of a process is killed once; afterwards everything works as before."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User

from accounts.rights import SignIn
from agents.runs import manager, service
from apikeys.models import UserApiKey
from common.database import in_database
from common.supervisor import Job, Supervisor, failing_tasks
from tests.agents.asking import answered, question, run_of
from tests.agents.conftest import in_this_process, until
from tests.services import Missing, redis

pytestmark = in_this_process

TASKS = {
    "publishing to Redis",
    "listening to Redis",
    "the writer of events",
    "housekeeping",
    "renewing leases",
    "looking for stops",
    "checking rights",
    "looking for new runs",
    "closing idle connections",
}


@pytest.fixture
def redis_url(settings: Any) -> Iterator[str]:
    try:
        with redis() as service:
            settings.REDIS_URL = service.url
            yield service.url
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each task was begun; the first time each dies in its own way."""
    counted: Counter[str] = Counter()
    deaths: list[Any] = [
        ZeroDivisionError,
        asyncio.CancelledError,
        UnicodeDecodeError("x", b"", 0, 1, "y"),
    ]

    def dying_once(name: str, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def attempt() -> None:
            counted[name] += 1
            if counted[name] == 1:
                raise deaths[len(counted) % len(deaths)]
            await work()

        return attempt

    run, schedule = Supervisor.run, Supervisor.schedule

    def run_dying(self: Supervisor, name: str, work: Any, **options: Any) -> None:
        run(self, name, dying_once(name, work), **options)

    def schedule_dying(self: Supervisor, jobs: Sequence[Job]) -> None:
        schedule(
            self,
            [
                replace(job, period_s=min(job.period_s, 0.2), work=dying_once(job.name, job.work))
                for job in jobs
            ],
        )

    monkeypatch.setattr(Supervisor, "run", run_dying)
    monkeypatch.setattr(Supervisor, "schedule", schedule_dying)
    monkeypatch.setattr("common.supervisor.BACKOFF_S", 0.02)
    monkeypatch.setattr("common.supervisor.STEADY_S", 0.1)
    return counted


async def test_a_process_whose_tasks_all_died_once_works(
    alice: User, work: UserApiKey, redis_url: str, attempts: Counter[str]
):
    await manager.current()
    await until(lambda: attempts.keys() == TASKS and min(attempts.values()) >= 2)
    await until(lambda: not failing_tasks())
    assert (await answered(alice, question("Hello /emulate frames=5")))[-1]["type"] == (
        "RUN_FINISHED"
    )
    started = await service.start(SignIn(alice.pk), question("Hello /emulate frames=500 pace=20"))
    await in_database(UserApiKey.objects.update, is_active=False)
    async with asyncio.timeout(5):
        while (run := await run_of(started.run_id)).status == "running":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert run.error_code == "key_inactive"
