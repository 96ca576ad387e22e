"""Notifies other processes, by Redis, that there is something to read. It carries ids alone.

The rows in the database are the truth; a notification only saves the wait for the next poll. So
one that is lost, late or doubled does no harm, and while Redis is away everything goes on, a
little slower.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.supervisor import Supervisor

logger = logging.getLogger(__name__)

CHANNEL = "chatproject:notifications"
BATCH = 50  # notifications in one message, which keeps it small
QUEUED = 10_000  # more than that wait for no Redis
MESSAGE_BYTES = 64 * 1024  # several times what a batch takes
RECONNECT_S = 1.0

Notification = tuple[str, *tuple[UUID, ...]]
"""What happened, and the ids of what it happened to."""

WRITTEN, STARTED, STOP = "written", "started", "stop"
ID_COUNTS = {WRITTEN: 1, STARTED: 2, STOP: 1}


class Notifier:
    """``written`` run · ``started`` thread run · ``stop`` run, to every other process.

    Args:
        url: of Redis; without one nothing is sent: there is one process, or the others poll.
        process: the name of this one, whose own messages it passes over.
        on_notification: called with those that are not ``written``; for these see ``wakeup``.
    """

    def __init__(
        self, url: str, process: str, on_notification: Callable[[Notification], None]
    ) -> None:
        self._process = process
        self._on_notification = on_notification
        self._redis: Redis | None = Redis.from_url(url, socket_timeout=5.0) if url else None
        self._queue: dict[Notification, None] = {}
        self._queued = asyncio.Event()
        self._wakeups: WeakValueDictionary[UUID, asyncio.Event] = WeakValueDictionary()
        self._away = False
        self._has_warned = False

    def start(self, supervisor: Supervisor) -> None:
        if redis := self._redis:
            supervisor.run("publishing to Redis", lambda: self._publish_queued(redis))
            supervisor.run("listening to Redis", lambda: self._listen(redis))

    async def close(self) -> None:
        """Close the connections to Redis, once the supervisor has ended the tasks."""
        if self._redis is not None:
            with suppress(RedisError, OSError):
                await self._redis.aclose()

    @property
    def is_away(self) -> bool:
        """Whether there is a Redis that does not answer; False without one."""
        return self._away

    def wakeup(self, run_id: UUID) -> asyncio.Event:
        """The event that the next ``written`` of a run sets, once.

        Take it before you read what is stored: then nothing that is written after that is missed.
        It needs no closing; it is gone when its last holder lets go of it.
        """
        return self._wakeups.setdefault(run_id, asyncio.Event())

    def publish_written(self, run_ids: Iterable[UUID]) -> None:
        """There are new events of these runs."""
        self._publish((WRITTEN, run_id) for run_id in run_ids)

    def publish_started(self, thread_id: UUID, run_id: UUID) -> None:
        self._publish([(STARTED, thread_id, run_id)])

    def publish_stop(self, run_id: UUID) -> None:
        """To whoever answers this run: its owner wants it stopped."""
        self._publish([(STOP, run_id)])

    def _publish(self, notifications: Iterable[Notification]) -> None:
        """Queue them. Never waits: what comes up together is sent together, and once."""
        # Dropped rather than queued without end while Redis hangs: readers poll then anyhow.
        if self._redis is None or len(self._queue) > QUEUED:
            return
        self._queue.update(dict.fromkeys(notifications))
        self._queued.set()

    async def _publish_queued(self, redis: Redis) -> None:
        while True:
            await self._queued.wait()
            self._queued.clear()
            queue, self._queue = list(self._queue), {}
            for start in range(0, len(queue), BATCH):
                message = json.dumps([self._process, *queue[start : start + BATCH]], default=str)
                try:
                    await redis.publish(CHANNEL, message)
                    self._set_back()
                except (RedisError, OSError) as error:
                    self._set_away(error)

    async def _listen(self, redis: Redis) -> None:
        while True:
            try:
                async with redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(CHANNEL)
                    self._set_back()
                    while True:
                        # Waits for ever: a connection that dies silently is found by TCP, and
                        # until then readers are as slow as without Redis.
                        message = await channel.get_message(timeout=None)
                        if message is not None:
                            self._receive(message["data"])
            except (RedisError, OSError) as error:
                self._set_away(error)
            await asyncio.sleep(RECONNECT_S * (0.5 + random.random()))  # noqa: S311 (jitter)

    def _receive(self, data: object) -> None:
        """Pass on what another process published. What is not one of our messages is dropped."""
        try:
            process, notifications = parse_message(data)
        except ValueError:
            if not self._has_warned:  # once: whoever sends such things may send many
                self._has_warned = True
                logger.warning("Something else than this server writes to %s in Redis", CHANNEL)
            return
        if process == self._process:
            return
        for notification in notifications:
            kind, *ids = notification
            if kind != WRITTEN:
                self._on_notification(notification)
            # Taken out, for it is set once: who wants to be woken again takes a new one, before it
            # reads.
            elif wakeup := self._wakeups.pop(ids[0], None):
                wakeup.set()

    def _set_away(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            logger.warning("Redis is away (%s); readers poll by themselves", type(error).__name__)

    def _set_back(self) -> None:
        if self._away:
            self._away = False
            logger.info("Redis is back")


def parse_message(data: object) -> tuple[str, list[Notification]]:
    """The sender and the notifications in a message from Redis, where anybody may have written it.

    Raises:
        ValueError: it is not one of ours.
    """
    # Before it is parsed: one malformed message ended the listener of every process, and whoever
    # can write to Redis could make them parse megabytes.
    if not isinstance(data, bytes) or len(data) > MESSAGE_BYTES:
        raise ValueError
    try:
        message = json.loads(data)
    except RecursionError:
        raise ValueError from None
    if not isinstance(message, list) or not message or not isinstance(message[0], str):
        raise ValueError
    return message[0], [_parse_notification(value) for value in message[1:]]


def _parse_notification(value: Any) -> Notification:
    """Raises ``ValueError``."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError
    kind, *ids = value  # an empty one is a ValueError as well
    if ID_COUNTS.get(kind) != len(ids):
        raise ValueError
    return kind, *map(UUID, ids)
