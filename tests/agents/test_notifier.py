"""What other processes say through Redis, where anybody may write anything."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import pytest
from redis.asyncio import Redis

from agents.runs.notifier import CHANNEL, Notification, Notifier, parse_message
from common.supervisor import Supervisor
from tests.agents.conftest import until
from tests.agents.malformed import MALFORMED, RUN
from tests.services import Missing, Service, redis

THREAD = UUID(int=2)


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_not_one_of_our_messages_is_refused(name):
    with pytest.raises(ValueError, match=r".*"):
        parse_message(MALFORMED[name])


def test_what_is_one_is_read():
    sent = json.dumps(["other", ["written", str(RUN)], ["started", str(THREAD), str(RUN)]])
    assert parse_message(sent.encode()) == ("other", [("written", RUN), ("started", THREAD, RUN)])


@pytest.fixture(scope="module")
def server() -> Iterator[Service]:
    try:
        with redis() as service:
            yield service
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
async def channel(server: Service) -> AsyncIterator[Redis]:
    async with Redis.from_url(server.url) as client:
        yield client


async def listening(channel: Redis, count: int = 1) -> None:
    async with asyncio.timeout(5):
        while (await channel.pubsub_numsub(CHANNEL))[0][1] < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_malformed_messages_are_passed_over_and_said_once(server, channel, caplog):
    received: list[Notification] = []
    notifier, tasks = Notifier(server.url, "here", received.append), Supervisor()
    other, others_tasks = Notifier(server.url, "there", lambda _: None), Supervisor()
    notifier.start(tasks)
    other.start(others_tasks)
    try:
        await listening(channel, 2)
        for data in MALFORMED.values():
            await channel.publish(CHANNEL, data)
        other.publish_stop(RUN)
        await until(lambda: received == [("stop", RUN)])
        assert tasks.failing() == []
        warned = [record.message for record in caplog.records if "Something else" in record.message]
        assert len(warned) == 2  # each of the two, once
    finally:
        await tasks.stop()
        await others_tasks.stop()
        await notifier.close()
        await other.close()


async def test_what_another_process_wrote_wakes_each_reader_of_that_run_once(server, channel):
    others: list[Notification] = []
    notifier, tasks = Notifier(server.url, "here", others.append), Supervisor()
    writing, writing_tasks = Notifier(server.url, "there", lambda _: None), Supervisor()
    notifier.start(tasks)
    writing.start(writing_tasks)
    try:
        await listening(channel, 2)
        readers = [notifier.wakeup(RUN), notifier.wakeup(RUN)]
        elsewhere = notifier.wakeup(THREAD)
        notifier.publish_written([RUN])  # its own: it knows
        writing.publish_written([RUN, UUID(int=3)])
        await until(lambda: all(reader.is_set() for reader in readers))
        assert not notifier.wakeup(RUN).is_set()
        assert not elsewhere.is_set()
        assert others == []
    finally:
        await tasks.stop()
        await writing_tasks.stop()
        await notifier.close()
        await writing.close()


def test_a_reader_that_has_gone_leaves_nothing_behind():
    notifier = Notifier("", "here", lambda _: None)
    wakeup = notifier.wakeup(RUN)
    assert notifier.wakeup(RUN) is wakeup
    del wakeup
    assert len(notifier._wakeups) == 0


async def test_a_listener_that_fails_is_started_again(server, channel, caplog, monkeypatch):
    received: list[Notification] = []

    def failing_once(notification: Notification) -> None:
        received.append(notification)
        if len(received) == 1:
            raise ZeroDivisionError

    monkeypatch.setattr("common.supervisor.BACKOFF_S", 0.01)
    caplog.set_level(logging.ERROR)
    notifier, tasks = Notifier(server.url, "here", failing_once), Supervisor()
    notifier.start(tasks)
    message = json.dumps(["there", ["stop", str(RUN)]])
    try:
        await listening(channel)
        await channel.publish(CHANNEL, message)
        await until(lambda: tasks.failing())
        await until(lambda: received)
        await listening(channel)
        await asyncio.sleep(0.1)
        await listening(channel)
        await channel.publish(CHANNEL, message)
        await until(lambda: len(received) == 2)
        assert [record.message for record in caplog.records] == [
            "listening to Redis failed and is started again"
        ]
    finally:
        await tasks.stop()
        await notifier.close()
