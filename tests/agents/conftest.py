"""Runs in the database and in this process, without a server around them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from agents.core.request import RunRequest
from agents.runs import manager
from agents.runs.task import RunIds
from apikeys.models import UserApiKey
from conversations.run_start import run_open
from emulator.testing import Emulator, running
from tests.people import make_key

Event = dict[str, Any]
OpenRun = Callable[[], RunIds]

in_this_process = pytest.mark.usefixtures("real_transactions", "nothing_left_running")


@pytest.fixture
def real_transactions(transactional_db: None) -> None:
    """Database work is done in threads here, each with a connection of its own."""


@pytest.fixture
async def nothing_left_running() -> AsyncIterator[None]:
    yield
    await manager.shutdown()


@pytest.fixture(scope="session")
def emulator_server() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture
def emulator(emulator_server: Emulator, settings: Any) -> Emulator:
    """Google, as far as the runs of a test know."""
    emulator_server.clear()
    settings.GEMINI_BASE_URL = emulator_server.base_url
    return emulator_server


@pytest.fixture
def work(alice: User, emulator: Emulator) -> UserApiKey:
    """A key of Alice's that the emulator takes."""
    return make_key(owner=alice, name="work", secret=emulator.new_key())


@pytest.fixture
def alices_key(alice: User) -> UserApiKey:
    return make_key(owner=alice)


@pytest.fixture
def open_run(alice: User, alices_key: UserApiKey) -> OpenRun:
    """Opens a run of Alice's on a new thread, as far as the database goes."""

    def open_one() -> RunIds:
        opened = run_open(
            owner_id=alice.pk,
            request=RunRequest(text="Hello", model="gemini-3-flash"),
            key_id=alices_key.pk,
            lease_owner="here",
            lease_s=15,
        )
        return RunIds(opened.run_id, opened.thread_id, alice.pk, opened.fence)

    return open_one


@pytest.fixture
def ids(open_run: OpenRun) -> RunIds:
    return open_run()


@contextmanager
def database_busy() -> Iterator[None]:
    """Nobody can write meanwhile; whoever tries waits."""
    path = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


@contextmanager
def database_away() -> Iterator[None]:
    """Whoever writes events meanwhile fails."""
    path = connection.settings_dict["NAME"]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("ALTER TABLE events RENAME TO events_away")
        try:
            yield
        finally:
            other.execute("ALTER TABLE events_away RENAME TO events")


async def until(true: Callable[[], object], patience_s: float = 5) -> None:
    async with asyncio.timeout(patience_s):
        while not true():  # noqa: ASYNC110 (what it looks at does not tell)
            await asyncio.sleep(0.005)


def row(seq: int, kind: str = "TEXT_MESSAGE_CONTENT", **fields: Any) -> tuple[int, str, str]:
    return seq, kind, json.dumps({"type": kind, **fields})
