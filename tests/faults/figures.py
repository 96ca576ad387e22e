"""The numbers of a history: how much happened, how late things came, what a death cost."""

from __future__ import annotations

from collections import Counter, defaultdict

from tests.faults.history import Entry
from tests.faults.limits import lags, part
from tests.faults.truth import Truth, pid_of


def figures(history: list[Entry]) -> dict[str, object]:
    truth = Truth.of(history)
    whats = Counter(entry["what"] for entry in history)
    lost, lost_in_bulk = _lost(history, truth, bulk=False), _lost(history, truth, bulk=True)
    uploads = [entry for entry in history if entry["what"] == "upload"]
    interrupted = _times_to_interrupted(history, truth)
    return {
        "faults": dict(Counter(e["kind"] for e in history if e["what"] == "fault")),
        "questions": len(truth.asked),
        "runs": dict(Counter(run["error_code"] or run["outcome"] for run in truth.runs.values())),
        "events stored": sum(len(log) for log in truth.logs.values()),
        "events told": whats["event"],
        "connections": whats["connected"],
        "resyncs": whats["resync"],
        "refusals": dict(Counter(e["code"] for e in history if e["what"] == "rejected")),
        "lag between tabs, p50 / p99 (s)": _parts(lags(history, truth)),
        "the same, time cut off and database outages included": _parts(
            lags(history, truth, whatever_breaks=True)
        ),
        "text lost at a death, worst (s)": round(max(lost, default=0.0), 3),
        "the same of answers in bulk": round(max(lost_in_bulk, default=0.0), 3),
        "death to interrupted, worst (s)": round(max(interrupted, default=0.0), 1),
        "rights ended": dict(Counter(e["kind"] for e in history if e["what"] == "right_ended")),
        "end of a right to end of its run, p50 / p99 (s)": _parts(_outlived(history, truth)),
        "files": dict(Counter(f"{e['kind']} {e['status']}" for e in uploads)),
        "an honest file taken after, p50 / p99 (s)": _parts(
            [e["after_s"] for e in uploads if e["kind"] == "honest"]
        ),
        "largest server / worker (MB)": f"{_peak(history, 'server')} / {_peak(history, 'worker')}",
        "longest answer (MB)": round(max(_chars(truth), default=0) / 1e6, 1),
        "quiet after (s)": [round(e["after_s"], 1) for e in history if e["what"] == "quiet"],
    }


def _outlived(history: list[Entry], truth: Truth) -> list[float]:
    """How long runs went on without their right, on processes that could ask."""
    found = []
    for entry in history:
        if entry["what"] == "right_ended" and entry["run"]:
            run = truth.runs[entry["run"]]
            if run["error_code"] == entry["code"]:
                away_s = truth.unable_s(pid_of(run), entry["t"], run["finished_at"])
                found.append(run["finished_at"] - entry["t"] - away_s)
    return found


def _peak(history: list[Entry], kind: str) -> int:
    sizes = [e["peak_bytes"] for e in history if e["what"] == "process" and e["kind"] == kind]
    return round(max(sizes, default=0) / 1e6)


def _chars(truth: Truth) -> list[int]:
    logs = [truth.events(run) for run in truth.runs]
    return [sum(len(event.get("delta", "")) for event in log) for log in logs]


def _parts(values: list[float]) -> str:
    return f"{part(values, 50):.3f} / {part(values, 99):.3f}"


def _lost(history: list[Entry], truth: Truth, *, bulk: bool) -> list[float]:
    """Of what each client was told and was not stored: how old it was when the process died."""
    deaths = _deaths(history)
    told: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    lost = []
    for entry in history:
        if entry["what"] == "event":
            told[entry["client"], entry["run"]].append(entry)
        elif entry["what"] == "resync" and truth.asked[entry["run"]]["bulk"] == bulk:
            log = truth.events(entry["run"])
            gone = [
                e["t"]
                for e in told.pop((entry["client"], entry["run"]), [])
                if e["seq"] > len(log) or log[e["seq"] - 1] != e["event"]
            ]
            run = truth.runs[entry["run"]]
            died_at = deaths.get(pid_of(run), run["finished_at"])
            if gone and died_at < run["finished_at"]:
                lost.append(max(0.0, died_at - gone[0]))
    return lost


def _times_to_interrupted(history: list[Entry], truth: Truth) -> list[float]:
    deaths = _deaths(history)
    times = [
        run["finished_at"] - deaths[pid_of(run)]
        for run in truth.runs.values()
        if run["error_code"] == "interrupted" and pid_of(run) in deaths
    ]
    return [seconds for seconds in times if seconds > 0]


def _deaths(history: list[Entry]) -> dict[str, float]:
    """When each process was killed, by its id."""
    return {str(e["pid"]): e["t"] for e in history if e.get("kind") == "kill"}
