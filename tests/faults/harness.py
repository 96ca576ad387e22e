"""Several processes, people who use them, and somebody who breaks them; then the reckoning."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.cluster.cluster import Cluster, cluster
from tests.faults.actors import Person
from tests.faults.history import History
from tests.faults.nemesis import Nemesis
from tests.faults.proxy import Proxy

PEOPLE = ("alice", "bob", "charlie")
QUIET_WITHIN_S = 60
CATCH_UP_S = 40
SETTINGS = {"RUN_IDLE_S": "6", "RUNS_PER_USER": "20", "SHUTDOWN_GRACE_S": "2"}


@dataclass(frozen=True)
class Plan:
    """What is tried; the same seed makes the same plans, though not the same moments."""

    seed: int
    seconds: float
    processes: int = 3
    database: str = "postgres"
    server: str = "uvicorn"


def run(plan: Plan, folder: Path) -> History:
    """Do it all, and return what happened.

    Raises:
        Missing: PostgreSQL or Redis is not installed.
    """
    history = History()
    bell = plan.database == "postgres"
    with cluster(
        folder, plan.processes, database=plan.database, bell=bell, kind=plan.server, **SETTINGS
    ) as made:
        asyncio.run(_live_through(plan, made, history))
        _store(made, history)
    return history


async def _live_through(plan: Plan, made: Cluster, history: History) -> None:
    rng = random.Random(plan.seed)
    proxy = Proxy(lambda: nemesis.ports(), random.Random(rng.random()))
    nemesis = Nemesis(made, proxy, history, random.Random(rng.random()))
    async with proxy.listening():
        people = [_person(name, made, proxy, history, rng) for name in PEOPLE]
        for person in people:
            person.arrive()
        over = asyncio.Event()
        talks = [asyncio.create_task(person.talk(over)) for person in people]
        await nemesis.rage(plan.seconds)
        over.set()
        healed_at = time.monotonic()
        while await asyncio.to_thread(_busy, made):
            if time.monotonic() - healed_at > QUIET_WITHIN_S:
                break
            await asyncio.sleep(0.5)
        _note_quiet(made, history, time.monotonic() - healed_at)
        await _let_finish(talks, people)
        for person in people:
            await person.leave()


def _person(name: str, made: Cluster, proxy: Proxy, history: History, rng: random.Random) -> Person:
    node = made.nodes[0]
    token = node.token(made.person(name), lasts_s=3600)
    return Person(name, proxy, token, history, random.Random(rng.random()))


async def _let_finish(talks: list[asyncio.Task[None]], people: list[Person]) -> None:
    """Whoever does not hear the end in time is found by the checker."""
    await asyncio.wait(talks, timeout=CATCH_UP_S)
    for talk in talks:
        talk.cancel()
    catching_up = [asyncio.create_task(person.caught_up()) for person in people]
    await asyncio.wait(catching_up, timeout=CATCH_UP_S)
    for task in catching_up:
        task.cancel()


def _busy(made: Cluster) -> bool:
    return bool(_running(made) or made.emulator.open_streams())


def _running(made: Cluster) -> int:
    [(running,)] = made.rows("SELECT COUNT(*) FROM runs WHERE status = 'running'")
    return int(running)


def _note_quiet(made: Cluster, history: History, after_s: float) -> None:
    open_streams = len(made.emulator.open_streams())
    history.note("quiet", running=_running(made), open=open_streams, after_s=after_s)


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
    for id_, run_id, role, text in made.rows("SELECT id, run_id, role, text FROM messages"):
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
