"""Several processes, people who use them, and somebody who breaks them; then the reckoning."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from redis import Redis

from agents.runs.notifier import CHANNEL
from tests.cluster.cluster import Cluster, Node, cluster
from tests.faults.actors import Person
from tests.faults.guests import Guests
from tests.faults.history import History
from tests.faults.nemesis import Nemesis
from tests.faults.processes import Watch
from tests.faults.proxy import Proxy
from tests.faults.questions import make_long_question
from tests.faults.rights import Registrar, Right
from tests.faults.uploads import Sender, bomb, honest

PEOPLE = ("alice", "bob", "charlie")
LONG_PAUSE_S = 12.0
GUESTS = 3  # at a time
GUESTS_PER_S = 0.5
WELL_WITHIN_S = 10.0
QUIET_WITHIN_S = 60
CATCH_UP_S = 40
SETTINGS = {"RUN_IDLE_S": "6", "RUNS_PER_USER": "20", "SHUTDOWN_GRACE_S": "2"}


@dataclass(frozen=True)
class Plan:
    """What is tried; the same seed makes the same plans, though not the same moments.

    Attributes:
        longest: characters of the longest answers.
    """

    seed: int
    seconds: float
    processes: int = 3
    database: str = "postgres"
    server: str = "uvicorn"
    longest: int = 28_000_000


def run(plan: Plan, folder: Path) -> History:
    """Do it all, and return what happened.

    Raises:
        Missing: PostgreSQL or Redis is not installed.
    """
    history = History()
    with_redis = plan.database == "postgres"
    history.note("plan", database=plan.database, redis=with_redis, processes=plan.processes)
    with cluster(
        folder,
        plan.processes,
        database=plan.database,
        with_redis=with_redis,
        kind=plan.server,
        **SETTINGS,
    ) as made:
        asyncio.run(_live_through(plan, made, history))
        _store(made, history)
    return history


async def _live_through(plan: Plan, made: Cluster, history: History) -> None:
    rng = random.Random(plan.seed)
    proxy = Proxy(lambda: nemesis.ports(), random.Random(rng.random()))
    nemesis = Nemesis(made, proxy, history, random.Random(rng.random()))
    rights = await asyncio.to_thread(_rights, plan, made, proxy, random.Random(rng.random()))
    watch = Watch(made)
    async with proxy.listening():
        guests = Guests(rights, proxy, history, random.Random(rng.random()))
        people = _people(plan, made, proxy, history, rng)
        senders = _senders(made, proxy, history, rng)
        for person in people:
            person.arrive()
        over = asyncio.Event()
        watching = asyncio.create_task(watch.look())
        talks = [asyncio.create_task(person.talk(over)) for person in people]
        talks += [asyncio.create_task(guests.come_and_go(over)) for _ in range(GUESTS)]
        talks += [asyncio.create_task(sender.send_files(over)) for sender in senders]
        await nemesis.rage(plan.seconds)
        over.set()
        await _let_rest(made, history)
        await _let_finish(talks, people)
        for person in people:
            await person.leave()
        watching.cancel()
        for talk in talks:
            _raise_failure(talk)
    watch.note(history)
    await asyncio.to_thread(_note_connections, made, history, guests.keys)
    await asyncio.to_thread(_note_health, made, history)


def _rights(plan: Plan, made: Cluster, proxy: Proxy, rng: random.Random) -> list[Right]:
    """Enough of them for the whole time, each way to end one as often."""
    registrar = Registrar(made, lambda: f"http://127.0.0.1:{proxy.port}")
    rights: list[Right] = []
    while len(rights) < max(plan.seconds * GUESTS_PER_S, 1):
        ways = registrar.ways
        rng.shuffle(ways)
        rights += [way() for way in ways]
    return rights


def _people(
    plan: Plan, made: Cluster, proxy: Proxy, history: History, rng: random.Random
) -> list[Person]:
    people = [
        Person(name, proxy, _token(made, name), history, random.Random(rng.random()))
        for name in PEOPLE
    ]
    make = partial(make_long_question, most_chars=plan.longest)
    reader = Person("daisy", proxy, _token(made, "daisy"), history, random.Random(rng.random()),
                    make, LONG_PAUSE_S)  # fmt: skip
    return [*people, reader]


def _senders(made: Cluster, proxy: Proxy, history: History, rng: random.Random) -> list[Sender]:
    return [
        Sender(name, proxy, _token(made, name), history, random.Random(rng.random()), make)
        for name, make in (("frank", honest), ("grace", honest), ("mallory", bomb))
    ]


def _token(made: Cluster, name: str) -> str:
    return made.nodes[0].token(made.person(name), lasts_s=3600)


async def _let_rest(made: Cluster, history: History) -> None:
    healed_at = time.monotonic()
    while await asyncio.to_thread(_busy, made):
        if time.monotonic() - healed_at > QUIET_WITHIN_S:
            break
        await asyncio.sleep(0.5)
    await asyncio.to_thread(_note_quiet, made, history, time.monotonic() - healed_at)


async def _let_finish(talks: list[asyncio.Task[None]], people: list[Person]) -> None:
    """Whoever does not hear the end in time is found by the checker."""
    await asyncio.wait(talks, timeout=CATCH_UP_S)
    for talk in talks:
        talk.cancel()
    catching_up = [asyncio.create_task(person.caught_up()) for person in people]
    await asyncio.wait(catching_up, timeout=CATCH_UP_S)
    for task in catching_up:
        task.cancel()


def _raise_failure(task: asyncio.Task[None]) -> None:
    """A fault of the harness itself is no broken promise."""
    if task.done() and not task.cancelled() and (problem := task.exception()):
        raise problem


def _busy(made: Cluster) -> bool:
    return bool(_running(made) or made.emulator.open_streams())


def _running(made: Cluster) -> int:
    [(running,)] = made.rows("SELECT COUNT(*) FROM runs WHERE status = 'running'")
    return int(running)


def _note_quiet(made: Cluster, history: History, after_s: float) -> None:
    open_streams = len(made.emulator.open_streams())
    history.note("quiet", running=_running(made), open=open_streams, after_s=after_s)


def _note_connections(made: Cluster, history: History, keys: dict[str, str]) -> None:
    """When the server closed its connection to the model, of runs whose right ended."""
    for run, key in keys.items():
        for request in made.emulator.requests(key=key):
            if request["disconnected_at"]:
                history.note("upstream_closed", run=run, at=request["disconnected_at"])


def _note_health(made: Cluster, history: History) -> None:
    until = time.monotonic() + WELL_WITHIN_S
    while True:
        found = [_health(node) for node in made.nodes]
        if time.monotonic() > until or all(status == 200 and not bad for _, status, bad in found):
            break
        time.sleep(0.5)
    for pid, status, failing in found:
        history.note("ready", pid=pid, status=status, failing=failing)
    if made.redis is not None:
        with Redis.from_url(made.redis.url) as redis:
            [(_, count)] = redis.pubsub_numsub(CHANNEL)
        history.note("listeners", count=count)


def _health(node: Node) -> tuple[int, int, list[str]]:
    answer = node.http.get("/readyz")
    return node.pid, answer.status_code, answer.json()["failing"]


def _store(made: Cluster, history: History) -> None:
    """Read everything from the database itself."""
    columns = "id, status, outcome, error_code, last_seq, lease_owner, finished_at"
    for id_, status, outcome, code, last_seq, owner, finished in made.rows(
        f"SELECT {columns} FROM runs"  # noqa: S608 (ours)
    ):
        history.note(
            "stored_run", run=_id(id_), status=status, outcome=outcome, error_code=code,
            last_seq=last_seq, lease_owner=owner, finished_at=_when(finished),
        )  # fmt: skip
    for run_id, seq, data in made.rows("SELECT run_id, seq, data FROM events ORDER BY run_id, seq"):
        history.note("stored_event", run=_id(run_id), seq=seq, event=json.loads(data))
    for id_, run_id, role, text in made.rows(
        "SELECT id, run_id, role, text FROM messages ORDER BY position"
    ):
        history.note("stored_message", message=_id(id_), run=_id(run_id), role=role, text=text)
    _count_calls(made, history)


def _count_calls(made: Cluster, history: History) -> None:
    asked = [_last_words(request) for request in made.emulator.requests()]
    for entry in [entry for entry in history.entries if entry["what"] == "accepted"]:
        text = next(
            e["text"] for e in history.entries if e["what"] == "send" and e["run"] == entry["run"]
        )
        calls = sum(text.split("\n")[0] in words for words in asked)
        history.note("upstream", run=entry["run"], calls=calls)


def _last_words(request: dict[str, Any]) -> str:
    """What the coordinator is asked to answer."""
    body = request["body"] if isinstance(request["body"], dict) else {}
    if request["agent"] != "coordinator" or not body.get("contents"):
        return ""
    return json.dumps(body["contents"][-1], ensure_ascii=False)


def _id(value: Any) -> str:
    return str(value if isinstance(value, UUID) else UUID(value))


def _when(value: Any) -> float:
    """Seconds, of what either database says."""
    if value is None:
        return 0.0
    if isinstance(value, str):
        return datetime.fromisoformat(f"{value}+00:00").timestamp()
    return float(value.timestamp())
