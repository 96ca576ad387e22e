"""Tells other processes that there is something to read. It carries ids, never what was said.

Rows are the truth; a ring only saves the wait for the next look at them. So a bell that is lost,
late or doubled does no harm, and while Redis is away everything goes on, a little slower.
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

from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.supervisor import Supervisor

logger = logging.getLogger(__name__)

CHANNEL = "chatproject:doorbell"
RINGS_AT_ONCE = 50  # keeps one message small
WAITING_RINGS = 10_000
MESSAGE_BYTES = 64 * 1024  # several times what RINGS_AT_ONCE take
RECONNECT_S = 1.0

Ring = tuple[str, *tuple[UUID, ...]]
Listener = Callable[[Ring], None]

WRITTEN, STARTED, STOP = "written", "started", "stop"
ID_COUNTS = {WRITTEN: 1, STARTED: 2, STOP: 1}


class Notifier:
    """``written`` run · ``started`` thread run · ``stop`` run, heard by every other process.

    Without a ``url`` it is silent: there is one process, or the others look by themselves.
    """

    def __init__(self, url: str, process: str, listener: Listener) -> None:
        self._process = process
        self._listener = listener
        self._redis: Redis | None = Redis.from_url(url, socket_timeout=5.0) if url else None
        self._waiting: dict[Ring, None] = {}
        self._rung = asyncio.Event()
        self._away = False
        self._has_warned = False

    def start(self, supervisor: Supervisor) -> None:
        if redis := self._redis:
            supervisor.run("publishing to Redis", lambda: self._publish(redis))
            supervisor.run("listening to Redis", lambda: self._listen(redis))

    async def close(self) -> None:
        """Let go of Redis, once the supervisor has ended the tasks."""
        if self._redis is not None:
            with suppress(RedisError, OSError):
                await self._redis.aclose()

    @property
    def is_away(self) -> bool:
        """Whether there is a Redis that does not answer; False without one."""
        return self._away

    def written(self, run_ids: Iterable[UUID]) -> None:
        """There are new events of these runs."""
        self._ring((WRITTEN, run_id) for run_id in run_ids)

    def started(self, thread_id: UUID, run_id: UUID) -> None:
        self._ring([(STARTED, thread_id, run_id)])

    def stop(self, run_id: UUID) -> None:
        """Whoever answers this run: its owner wants it stopped."""
        self._ring([(STOP, run_id)])

    def _ring(self, rings: Iterable[Ring]) -> None:
        """Never waits: the publisher sends what came together, and each thing once."""
        if self._redis is None or len(self._waiting) > WAITING_RINGS:
            return
        self._waiting.update(dict.fromkeys(rings))
        self._rung.set()

    async def _publish(self, redis: Redis) -> None:
        while True:
            await self._rung.wait()
            self._rung.clear()
            rings, self._waiting = list(self._waiting), {}
            for at in range(0, len(rings), RINGS_AT_ONCE):
                message = json.dumps([self._process, *rings[at : at + RINGS_AT_ONCE]], default=str)
                try:
                    await redis.publish(CHANNEL, message)
                    self._back()
                except (RedisError, OSError) as fault:
                    self._gone(fault)

    async def _listen(self, redis: Redis) -> None:
        while True:
            try:
                async with redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(CHANNEL)
                    self._back()
                    while True:
                        message = await channel.get_message(timeout=None)
                        if message is not None:
                            self._heard(message["data"])
            except (RedisError, OSError) as fault:
                self._gone(fault)
            await asyncio.sleep(RECONNECT_S * (0.5 + random.random()))  # noqa: S311 (jitter)

    def _heard(self, data: object) -> None:
        """Pass on what other processes rang for. What is not one of our messages is dropped."""
        try:
            process, rings = rings_from(data)
        except ValueError:
            if not self._has_warned:  # once: whoever sends such things may send many
                self._has_warned = True
                logger.warning("Something else than this server writes to %s in Redis", CHANNEL)
            return
        if process != self._process:
            for ring in rings:
                self._listener(ring)

    def _gone(self, fault: Exception) -> None:
        if not self._away:
            self._away = True
            logger.warning("Redis is away (%s); readers look by themselves", type(fault).__name__)

    def _back(self) -> None:
        if self._away:
            self._away = False
            logger.info("Redis is back")


def rings_from(data: object) -> tuple[str, list[Ring]]:
    """The sender and the rings in a message from Redis, where anybody may have written it.

    Raises:
        ValueError: it is not one of ours.
    """
    if not isinstance(data, bytes) or len(data) > MESSAGE_BYTES:
        raise ValueError
    try:
        message = json.loads(data)
    except RecursionError:
        raise ValueError from None
    if not isinstance(message, list) or not message or not isinstance(message[0], str):
        raise ValueError
    return message[0], [_ring(sent) for sent in message[1:]]


def _ring(sent: Any) -> Ring:
    """Raises ``ValueError``."""
    if not isinstance(sent, list) or not all(isinstance(word, str) for word in sent):
        raise ValueError
    kind, *ids = sent  # an empty one is a ValueError as well
    if ID_COUNTS.get(kind) != len(ids):
        raise ValueError
    return kind, *map(UUID, ids)
