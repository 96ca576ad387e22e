"""A history, read once: what was stored in the end, what people had wanted, and what was broken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Any

from tests.faults.history import Entry

DATABASE_AWAY = frozenset({"restart PostgreSQL", "read-only", "locked"})
GONE = frozenset({"kill", "terminate", "pause"})


@dataclass
class Fault:
    """Something that was broken from ``begin`` to ``end``; a process that ended stays so."""

    kind: str
    pid: str
    begin: float
    end: float = inf


@dataclass
class Truth:
    """What the checks share."""

    runs: dict[str, Entry] = field(default_factory=dict)
    logs: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    messages: list[Entry] = field(default_factory=list)
    asked: dict[str, Entry] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    signed_out: set[str] = field(default_factory=set)  # clients
    faults: list[Fault] = field(default_factory=list)
    plan: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, history: Iterable[Entry]) -> Truth:
        truth = cls()
        for entry in history:
            truth._add(entry)
        return truth

    def _add(self, entry: Entry) -> None:
        match entry["what"]:
            case "stored_run":
                self.runs[entry["run"]] = entry
            case "stored_event":
                self.logs[entry["run"]].append(entry)
            case "stored_message":
                self.messages.append(entry)
            case "send":
                self.asked[entry["run"]] = entry
            case "stop":
                self.stopped.add(entry["run"])
            case "right_ended" if entry["signs_out"]:
                self.signed_out.add(entry["client"])
            case "fault":
                self.faults.append(Fault(entry["kind"], str(entry.get("pid", "")), entry["t"]))
            case "healed":
                self._heal(entry)
            case "plan":
                self.plan = entry

    def _heal(self, entry: Entry) -> None:
        named = entry["kind"], str(entry.get("pid", ""))
        for fault in self.faults:
            if (fault.kind, fault.pid) == named and fault.end == inf:
                fault.end = entry["t"]

    def events(self, run: str) -> list[Entry]:
        return [entry["event"] for entry in self.logs[run]]

    @property
    def has_redis(self) -> bool:
        return bool(self.plan.get("redis", True))

    def database_away_s(self, begin: float, end: float) -> float:
        """How much of a time the database took no writes.

        A process that is frozen while it writes to SQLite's file keeps it from all others.
        """
        kinds = DATABASE_AWAY | ({"pause"} if self.plan.get("database") == "sqlite" else set())
        return _covered_s((f for f in self.faults if f.kind in kinds), begin, end)

    def unable_s(self, pid: str, begin: float, end: float) -> float:
        """How much of a time a process was gone, was frozen, or had no database."""
        kinds = DATABASE_AWAY | ({"pause"} if self.plan.get("database") == "sqlite" else set())
        faults = (f for f in self.faults if f.kind in kinds or (f.kind in GONE and f.pid == pid))
        return _covered_s(faults, begin, end)

    def other_ends(self, pid: str) -> set[str]:
        """The codes with which runs of a process may end, because of what was done to it.

        One that was frozen may wake to find that the time for its answer is up.
        """
        was_frozen = any(f.kind == "pause" and f.pid == pid for f in self.faults)
        codes = {"interrupted"} if self.was_broken(pid) else set()
        return codes | ({"timeout"} if was_frozen else set())

    def was_broken(self, pid: str) -> bool:
        """Whether a process was ever killed, ended or frozen, or the database was away."""
        return any(f.kind in DATABASE_AWAY or f.pid == pid for f in self.faults)


def _covered_s(faults: Iterable[Fault], begin: float, end: float) -> float:
    """The part of ``begin`` to ``end`` in which at least one of the faults was there."""
    covered, until = 0.0, begin
    for fault in sorted(faults, key=lambda fault: fault.begin):
        first, last = max(fault.begin, until), min(fault.end, end)
        if last > first:
            covered += last - first
            until = last
    return covered


def pid_of(run: Entry) -> str:
    """The process that answered a run."""
    return str(run["lease_owner"].split(":")[1])


Found = Iterator[str]
Check = Callable[[list[Entry], Truth], Found]
