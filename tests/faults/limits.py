"""Checks of what has a bound: how long a right is outlived, how late a tab is, how much is used."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import quantiles

from tests.faults.history import Entry
from tests.faults.truth import Found, Truth, pid_of

OUTLIVES_S = 2.0
OUTLIVES_WITHOUT_REDIS_S = 10.0
LAG_S = 2.0
LAG_WITHOUT_REDIS_S = 4.0  # readers elsewhere look every two seconds
SERVER_BYTES = 600_000_000
WORKER_BYTES = 2**30
WORKERS = 2


def no_run_outlives_its_right(history: list[Entry], truth: Truth) -> Found:
    """What ran on a right ends soon after it, says why, and nothing new begins.

    Time in which its process was gone or frozen, or the database away, is not counted.
    """
    ends = {entry["client"]: entry for entry in history if entry["what"] == "right_ended"}
    if not ends:
        yield "no right ended"
    for ended in ends.values():
        if ended["run"]:
            yield from (f"{_name(ended)}: {problem}" for problem in _of_run(ended, history, truth))
    for entry in history:
        if entry["what"] in ("event", "used", "accepted") and entry["client"] in ends:
            problem = _used_late(entry, ends[entry["client"]], truth)
            if problem:
                yield f"{_name(ends[entry['client']])}: {problem}"


def _name(ended: Entry) -> str:
    return f"{ended['client']}, {ended['kind']}"


def _of_run(ended: Entry, history: list[Entry], truth: Truth) -> Found:
    run = truth.runs[ended["run"]]
    if run["status"] == "running":
        yield "its run goes on"
        return
    for what, at in _ends_of(run, history):
        late = at - ended["t"] - truth.unable_s(pid_of(run), ended["t"], at)
        if late > outlives_s(truth):
            yield f"its run's {what} came {late:.1f} s after the right had ended"
    if run["error_code"] == ended["code"] or run["finished_at"] < ended["t"]:
        return
    if run["error_code"] not in truth.other_ends(pid_of(run)):
        yield f"its run ended as {run['error_code'] or run['outcome']}, not {ended['code']}"


def _ends_of(run: Entry, history: list[Entry]) -> Iterator[tuple[str, float]]:
    yield "end", run["finished_at"]
    for entry in history:
        if entry["what"] == "upstream_closed" and entry["run"] == run["run"]:
            yield "close of the connection to the model", entry["at"]


def _used_late(entry: Entry, ended: Entry, truth: Truth) -> str:
    """Said where the client was served by a right that it has no more."""
    late = entry.get("sent_at", entry["t"]) - ended["t"]
    match entry["what"]:
        case "accepted" if truth.asked[entry["run"]]["t"] > ended["t"]:
            return f"it was answered anew, asked {late:.1f} s after"
        case "event" if ended["signs_out"]:
            late -= truth.database_away_s(ended["t"], entry["t"])
            return f"it was told more, {late:.1f} s after" if late > outlives_s(truth) else ""
        case "used" if late > 0:
            return f"it was served, asked {late:.1f} s after"
    return ""


def outlives_s(truth: Truth) -> float:
    return OUTLIVES_S if truth.has_redis else OUTLIVES_WITHOUT_REDIS_S


def no_process_too_large(history: list[Entry], truth: Truth) -> Found:
    """No server holds more than 600 MB, no worker 1 GiB, and no server has more than two."""
    seen = [entry for entry in history if entry["what"] == "process"]
    if not any(entry["kind"] == "server" for entry in seen):
        yield "nobody looked"
    for entry in seen:
        most = SERVER_BYTES if entry["kind"] == "server" else WORKER_BYTES
        if entry["peak_bytes"] > most:
            yield f"{entry['kind']} {entry['pid']}: {entry['peak_bytes'] / 1e6:.0f} MB"
        if entry["workers"] > WORKERS:
            yield f"server {entry['pid']}: {entry['workers']} workers"


def tabs_keep_up(history: list[Entry], truth: Truth) -> Found:
    """99 of 100 events are in the other tab within two seconds of the first, whatever breaks.

    Counted while that tab has a connection, and the database takes writes.
    """
    late = part(lags(history, truth), 99)
    bar = LAG_S if truth.has_redis else LAG_WITHOUT_REDIS_S
    if late > bar:
        yield f"one of a hundred events came {late:.1f} s late"


def lags(history: list[Entry], truth: Truth, *, whatever_breaks: bool = False) -> list[float]:
    """How much later than the first client another one got each event, in seconds.

    Left out are answers in bulk, which come as fast as they are read; and, unless
    ``whatever_breaks``, the time in which a client was not connected, or the database away.
    """
    first: dict[tuple[str, int], Entry] = {}
    connected: dict[str, float] = {}
    found = []
    for entry in history:
        if entry["what"] == "connected":
            connected[entry["client"]] = entry["t"]
        elif entry["what"] == "event" and not truth.asked[entry["run"]]["bulk"]:
            told = first.setdefault((entry["run"], entry["seq"]), entry)
            # An event that was never stored may have another one after it under its number.
            if told["client"] == entry["client"] or told["event"] != entry["event"]:
                continue
            since, at = told["t"], entry["t"]
            if not whatever_breaks:
                since = max(since, connected.get(entry["client"], 0.0))
                since += truth.database_away_s(since, at)
            found.append(at - since)
    return found


def part(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1] if len(values) > 1 else 0.0


def honest_files_are_taken(history: list[Entry], truth: Truth) -> Found:
    """A file that is what it says is stored as it was sent, and a bomb is refused in words."""
    seen = [entry for entry in history if entry["what"] == "upload"]
    if not any(entry["kind"] == "honest" for entry in seen):
        yield "nobody sent a file"
    for entry in seen:
        said = f"{entry['client']}, {entry['name']}: {entry['status']} {entry['code']}"
        match entry["kind"]:
            case "honest" if entry["status"] != 201 or not entry["same"]:
                yield f"{said} after {entry['after_s']:.0f} s"
            case "bomb" if not 400 <= entry["status"] < 500 and entry["status"] != 503:
                yield said
            case "costly" if entry["status"] >= 500 and entry["status"] != 503:
                yield said


def well_in_the_end(history: list[Entry], truth: Truth) -> Found:
    """Every process is ready, no background task fails, and all of them listen to Redis."""
    seen = [entry for entry in history if entry["what"] == "ready"]
    if len(seen) != truth.plan["processes"]:
        yield f"{len(seen)} of {truth.plan['processes']} processes were seen"
    for entry in seen:
        if entry["status"] != 200 or entry["failing"]:
            yield f"process {entry['pid']}: {entry['status']}, {entry['failing']} failing"
    for entry in history:
        if entry["what"] == "listeners" and entry["count"] != truth.plan["processes"]:
            yield f"{entry['count']} processes listen to Redis"
