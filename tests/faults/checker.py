"""Reads a history and says where it breaks a promise. Knows nothing of servers or sockets."""

from __future__ import annotations

from collections import Counter, defaultdict

from conversations.compaction import compact
from tests.agui_rules import TERMINAL, assert_valid_stream
from tests.faults.history import Entry
from tests.faults.limits import (
    honest_files_are_taken,
    no_process_too_large,
    no_run_outlives_its_right,
    tabs_keep_up,
    well_in_the_end,
)
from tests.faults.truth import Check, Found, Truth, pid_of

QUIET_WITHIN_S = 60


def acknowledged_once(history: list[Entry], truth: Truth) -> Found:
    """Every acknowledged message is stored, and nothing that was sent is stored twice."""
    said = Counter(m["run"] for m in truth.messages if m["role"] == "user")
    by_id = {message["message"]: message for message in truth.messages}
    for entry in history:
        if entry["what"] == "accepted":
            stored, asked = by_id.get(entry["message"]), truth.asked[entry["run"]]
            if stored is None or (stored["run"], stored["text"]) != (entry["run"], asked["text"]):
                yield f"{entry['client']}: message {entry['message']} was accepted and is not there"
    for run, times in said.items():
        if times > 1 or run not in truth.asked:
            yield f"run {run}: {times} messages of the user"
    texts = Counter(m["text"] for m in truth.messages if m["role"] == "user")
    yield from (f"stored {times} times: {text!r}" for text, times in texts.items() if times > 1)


def in_order_once(history: list[Entry], truth: Truth) -> Found:
    """Every client gets 1..n of the log, each once, or is told that it has to start over."""
    for (client, run), entries in _views(history).items():
        is_signed_out = client in truth.signed_out
        for problem in _follow(entries, truth, run, is_signed_out=is_signed_out):
            yield f"{client}, run {run}: {problem}"


def _follow(entries: list[Entry], truth: Truth, run: str, *, is_signed_out: bool) -> Found:
    """Who was signed out is told nothing more: neither the end, nor what a death took away."""
    view = _View(truth.events(run))
    for entry in entries:
        yield from view.take(entry)
    if view.wrong and not (is_signed_out and truth.was_broken(pid_of(truth.runs[run]))):
        yield view.wrong
    if not view.over:
        if not is_signed_out:
            yield "the end never came"
    elif view.last != len(view.log):
        yield f"it holds {view.last} events of {len(view.log)}"


class _View:
    """What one client holds of one run."""

    def __init__(self, log: list[Entry]) -> None:
        self.log = log
        self.last = 0
        self.wrong = ""  # in what it differs from the log, as long as nobody has told the client
        self.over = False

    def take(self, entry: Entry) -> Found:
        match entry["what"]:
            case "event":
                if entry["seq"] != self.last + 1:
                    yield f"event {entry['seq']} came after event {self.last}"
                self._event(entry["seq"], entry["event"])
            case "resync":
                self.wrong = ""
            case "snapshot":
                self.last, self.wrong = entry["last_seq"], ""
                if compact(self.log[: self.last]) != entry["events"]:
                    self.wrong = f"the snapshot at {self.last} is not the log up to there"
            case "over":
                self.over = True

    def _event(self, seq: int, event: Entry) -> None:
        self.last = seq
        if not self.wrong and (seq > len(self.log) or self.log[seq - 1] != event):
            self.wrong = f"event {seq} is not the one in the log"


def _views(history: list[Entry]) -> dict[tuple[str, str], list[Entry]]:
    views: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in history:
        if entry["what"] in ("event", "resync", "snapshot", "over") and entry["run"]:
            views[entry["client"], entry["run"]].append(entry)
    return views


def seen_by_both(history: list[Entry], truth: Truth) -> Found:
    """What one tab asked, the other tab of the same person saw as well."""
    views = _views(history)
    for entry in history:
        if entry["what"] == "accepted":
            watcher = entry["client"].replace("/asks", "/watches")
            if (watcher, entry["run"]) not in views:
                yield f"{watcher} never saw run {entry['run']}"


def one_end(history: list[Entry], truth: Truth) -> Found:
    """Every run has ended, and its log is a whole AG-UI stream with one terminal event."""
    for run, stored in truth.runs.items():
        numbers = [entry["seq"] for entry in truth.logs[run]]
        if numbers != list(range(1, stored["last_seq"] + 1)):
            yield f"run {run}: its log has a gap, or does not end at {stored['last_seq']}"
        if stored["status"] == "running":
            yield f"run {run} is still running"
            continue
        ends = sum(event["type"] in TERMINAL for event in truth.events(run))
        if ends != 1:
            yield f"run {run} has {ends} terminal events"
        try:
            assert_valid_stream(truth.events(run))
        except AssertionError as problem:
            yield f"run {run}: {problem}"


def text_as_sent(history: list[Entry], truth: Truth) -> Found:
    """A finished answer is what the model sent, to the letter; another one is its beginning."""
    for run, stored in truth.runs.items():
        if run not in truth.asked:
            yield f"run {run} was never asked for"
            continue
        yield from (f"run {run} {problem}" for problem in _text_problems(stored, truth))


def _text_problems(stored: Entry, truth: Truth) -> Found:
    run, asked = stored["run"], truth.asked[stored["run"]]
    events, expected = truth.events(run), asked["expected"]
    said = _said(events, asked["speaker"])
    if expected is not None and not expected.startswith(said):
        yield "says what was never sent"
    whole = stored["outcome"] == "success" and "result" not in events[-1]
    if whole and expected is not None and said != expected:
        yield f"succeeded with {len(said)} characters of {len(expected)}"
    if stored["outcome"] == "cancelled" and run not in truth.stopped:
        yield "was stopped by nobody"
    kept = [m["text"] for m in truth.messages if m["run"] == run and m["role"] == "assistant"]
    if said.strip() and said not in (*kept, "".join(kept)):  # a long one is several messages
        yield "has a message that is not what was streamed"


def _said(events: list[Entry], speaker: str) -> str:
    return "".join(
        event["delta"]
        for event in events
        if event["type"] == "TEXT_MESSAGE_CONTENT" and ("subagentRunId" in event) == bool(speaker)
    )


def asked_once(history: list[Entry], truth: Truth) -> Found:
    """The model is asked once for an answer, whatever happens: nobody pays twice."""
    for entry in history:
        if entry["what"] == "upstream" and entry["calls"] > truth.asked[entry["run"]]["calls"]:
            yield f"run {entry['run']}: the model was asked {entry['calls']} times"


def quiet_in_the_end(history: list[Entry], truth: Truth) -> Found:
    """A minute after the last fault nothing runs, and no connection to the model is open."""
    found = [entry for entry in history if entry["what"] == "quiet"]
    if not found:
        yield "nobody looked"
    for entry in found:
        if entry["running"] or entry["open"] or entry["after_s"] > QUIET_WITHIN_S:
            yield (
                f"after {entry['after_s']:.0f} s: {entry['running']} runs, "
                f"{entry['open']} connections to the model"
            )


INVARIANTS: tuple[Check, ...] = (
    acknowledged_once,
    in_order_once,
    seen_by_both,
    one_end,
    text_as_sent,
    asked_once,
    quiet_in_the_end,
    no_run_outlives_its_right,
    no_process_too_large,
    tabs_keep_up,
    honest_files_are_taken,
    well_in_the_end,
)


def check(history: list[Entry]) -> dict[str, list[str]]:
    """What is wrong, by the name of the invariant; an empty list is a promise kept."""
    truth = Truth.of(history)
    return {check.__name__: list(check(history, truth)) for check in INVARIANTS}
