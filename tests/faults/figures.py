"""The numbers of a history: how much happened, how late things came, what a death cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import quantiles

from tests.faults.checker import Truth
from tests.faults.history import Entry


def figures(history: list[Entry]) -> dict[str, object]:
    truth = Truth.of(history)
    whats = Counter(entry["what"] for entry in history)
    lags = _lags(history)
    lost = _lost(history, truth)
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
        "lag between tabs, p50 / p99 (s)": f"{_part(lags, 50):.3f} / {_part(lags, 99):.3f}",
        "text lost at a death, worst (s)": round(max(lost, default=0.0), 3),
        "death to interrupted, worst (s)": round(max(interrupted, default=0.0), 1),
        "quiet after (s)": [round(e["after_s"], 1) for e in history if e["what"] == "quiet"],
    }


def _lags(history: list[Entry]) -> list[float]:
    """How much later than the first client the others got each event, faults included."""
    first: dict[tuple[str, int], float] = {}
    lags = []
    for entry in history:
        if entry["what"] == "event":
            key = entry["run"], entry["seq"]
            if key in first:
                lags.append(entry["t"] - first[key])
            else:
                first[key] = entry["t"]
    return lags


def _lost(history: list[Entry], truth: Truth) -> list[float]:
    """Of what each client was told and was not stored: how old it was when the process died."""
    deaths = _deaths(history)
    told: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    lost = []
    for entry in history:
        if entry["what"] == "event":
            told[entry["client"], entry["run"]].append(entry)
        elif entry["what"] == "resync":
            log = truth.events(entry["run"])
            gone = [
                e["t"]
                for e in told.pop((entry["client"], entry["run"]), [])
                if e["seq"] > len(log) or log[e["seq"] - 1] != e["event"]
            ]
            run = truth.runs[entry["run"]]
            died_at = deaths.get(_pid(run), run["finished_at"])
            if gone and died_at < run["finished_at"]:
                lost.append(max(0.0, died_at - gone[0]))
    return lost


def _times_to_interrupted(history: list[Entry], truth: Truth) -> list[float]:
    deaths = _deaths(history)
    times = [
        run["finished_at"] - deaths[_pid(run)]
        for run in truth.runs.values()
        if run["error_code"] == "interrupted" and _pid(run) in deaths
    ]
    return [seconds for seconds in times if seconds > 0]


def _deaths(history: list[Entry]) -> dict[str, float]:
    """When each process was killed, by its id."""
    return {str(e["pid"]): e["t"] for e in history if e.get("kind") == "kill"}


def _pid(run: Entry) -> str:
    return str(run["lease_owner"].split(":")[1])


def _part(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1] if len(values) > 1 else 0.0
