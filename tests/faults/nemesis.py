"""Makes trouble, one thing after the other, and mends it again."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
from redis import Redis

from agents.runs.notifier import CHANNEL
from tests.agents.malformed import MALFORMED
from tests.cluster import trouble
from tests.cluster.cluster import Cluster, Node
from tests.faults.history import History
from tests.faults.proxy import Proxy
from tests.services import Service

PAUSE_S = (16.0, 21.0)  # longer than a lease
DOWN_S = (0.5, 3.0)
BETWEEN_S = (0.5, 2.5)

Trouble = Callable[[], Awaitable[None]]


class Nemesis:
    """One process at least is always there, so that people are served."""

    def __init__(
        self, cluster: Cluster, proxy: Proxy, history: History, rng: random.Random
    ) -> None:
        self.away: set[Node] = set()
        self._cluster = cluster
        self._proxy = proxy
        self._history = history
        self._rng = rng
        self._pauses: set[asyncio.Task[None]] = set()

    def ports(self) -> list[int]:
        """Of the processes that the load balancer believes to be up."""
        return [node.port for node in self._cluster.nodes if node not in self.away]

    async def rage(self, seconds: float) -> None:
        """Everything at least once if there is time, in an order of its own; then all is well."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            for make_trouble in self._round():
                if loop.time() >= until:
                    break
                await make_trouble()
                await asyncio.sleep(self._rng.uniform(*BETWEEN_S))
        await asyncio.gather(*self._pauses)

    def _round(self) -> list[Trouble]:
        troubles: list[Trouble] = [self.pause, self.terminate, self.slow, self.refuse_writes]
        troubles += [self.kill] * 3 + [self.cut] * 2
        if isinstance(self._cluster.database, Service):
            troubles.append(self.restart_postgres)
        if self._cluster.redis is not None:
            troubles += [self.kill_redis, self.flush_redis, self.publish_malformed]
        self._rng.shuffle(troubles)
        return troubles

    async def kill(self) -> None:
        """kill -9, and a new process some time later."""
        if node := self._somebody():
            self._note("kill", pid=node.pid)
            await asyncio.to_thread(node.kill)
            await asyncio.sleep(self._rng.uniform(*DOWN_S))
            await asyncio.to_thread(node.start)
            self.away.discard(node)

    async def terminate(self) -> None:
        """A deployment: told to end, and started anew."""
        if node := self._somebody():
            self._note("terminate", pid=node.pid)
            node.terminate()
            code = await asyncio.to_thread(node.exit_code)
            assert code in (0, -signal.SIGTERM), f"a process ended with {code}"
            await asyncio.to_thread(node.start)
            self.away.discard(node)

    async def pause(self) -> None:
        """Frozen for longer than its lease while everything else goes on."""
        if node := self._somebody():
            self._note("pause", pid=node.pid)
            node.pause()
            task = asyncio.create_task(self._wake(node, self._rng.uniform(*PAUSE_S)))
            self._pauses.add(task)
            task.add_done_callback(self._pauses.discard)

    async def _wake(self, node: Node, after_s: float) -> None:
        await asyncio.sleep(after_s)
        node.wake()
        self._history.note("healed", kind="pause", pid=node.pid)
        self.away.discard(node)

    async def cut(self) -> None:
        self._note("cut", connections=self._proxy.cut(self._rng.uniform(0.3, 1)))

    async def slow(self) -> None:
        """The network is bad for a while."""
        with self._broken("slow"):
            self._proxy.delay_s = self._rng.uniform(0.02, 0.3)
            self._proxy.bytes_per_s = self._rng.randint(20_000, 200_000)
            await asyncio.sleep(self._rng.uniform(1, 3))
            self._proxy.delay_s, self._proxy.bytes_per_s = 0.0, 0

    async def restart_postgres(self) -> None:
        assert isinstance(self._cluster.database, Service)
        with self._broken("restart PostgreSQL"):
            await asyncio.to_thread(self._cluster.database.stop)
            await asyncio.sleep(self._rng.uniform(*DOWN_S))
            await asyncio.to_thread(self._cluster.database.start)
            await asyncio.to_thread(self._until_it_answers)

    async def refuse_writes(self) -> None:
        """The database is there, and takes nothing."""
        if isinstance(self._cluster.database, Path):
            await self._while(trouble.locked, "locked")
        else:
            await self._while(trouble.read_only, "read-only")

    async def _while(
        self, refusing: Callable[[Cluster], AbstractContextManager[None]], kind: str
    ) -> None:
        pause_s = self._rng.uniform(*DOWN_S)

        def refuse() -> None:
            with refusing(self._cluster):
                time.sleep(pause_s)

        with self._broken(kind):
            await asyncio.to_thread(refuse)

    async def kill_redis(self) -> None:
        assert self._cluster.redis is not None
        with self._broken("kill Redis"):
            await asyncio.to_thread(self._cluster.redis.kill)
            await asyncio.sleep(self._rng.uniform(*DOWN_S))
            await asyncio.to_thread(self._cluster.redis.start)

    async def flush_redis(self) -> None:
        assert self._cluster.redis is not None
        self._note("flush Redis")
        command = ["redis-cli", "-p", str(self._cluster.redis.port), "FLUSHALL"]
        await asyncio.to_thread(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)

    async def publish_malformed(self) -> None:
        """Another program writes to our channel."""
        assert self._cluster.redis is not None
        messages = [*MALFORMED.values(), *(self._rng.randbytes(50) for _ in range(20))]
        self._rng.shuffle(messages)
        self._note("malformed messages")
        await asyncio.to_thread(_publish, self._cluster.redis.url, messages)

    def _until_it_answers(self) -> None:
        while True:
            try:
                self._cluster.rows("SELECT 1")
                return
            except psycopg.OperationalError:
                time.sleep(0.05)

    def _somebody(self) -> Node | None:
        there = [node for node in self._cluster.nodes if node not in self.away]
        if len(there) == 1:
            return None
        node = self._rng.choice(there)
        self.away.add(node)
        return node

    def _note(self, kind: str, **fields: object) -> None:
        self._history.note("fault", kind=kind, **fields)

    @contextmanager
    def _broken(self, kind: str) -> Iterator[None]:
        self._note(kind)
        yield
        self._history.note("healed", kind=kind)


def _publish(url: str, messages: list[bytes]) -> None:
    with Redis.from_url(url) as redis:
        for message in messages:
            redis.publish(CHANNEL, message)
