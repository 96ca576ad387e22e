"""Small histories in which every promise is kept, and ways to plant what breaks one."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from conversations.compaction import compact
from tests.faults.history import Entry, History

RUN, THREAD, ASKED, SAID = "run-1", "thread-1", "message-1", "message-2"
RUN_OF_GUEST = "run-2"
ASKS, WATCHES, GUEST, STAFF = "alice/asks", "alice/watches", "guest1", "guest2"
DELTAS = ["one ", "two ", "three ", "four "]
TEXT = "".join(DELTAS)


def stream(deltas: list[str], *end: Entry) -> list[Entry]:
    return [
        {"type": "RUN_STARTED", "threadId": THREAD, "runId": RUN, "protocolVersion": "1.0"},
        {"type": "TEXT_MESSAGE_START", "messageId": SAID, "role": "assistant"},
        *({"type": "TEXT_MESSAGE_CONTENT", "messageId": SAID, "delta": d} for d in deltas),
        {"type": "TEXT_MESSAGE_END", "messageId": SAID},
        *end,
    ]


FINISHED = {
    "type": "RUN_FINISHED",
    "threadId": THREAD,
    "runId": RUN,
    "outcome": {"type": "success"},
}
BROKEN = {"type": "RUN_ERROR", "code": "interrupted", "message": "The server stopped."}
WHOLE = stream(DELTAS, FINISHED)
PREFIX = stream(DELTAS[:2], BROKEN)


def history_of(log: list[Entry], *views: list[Entry], **stored: Any) -> list[Entry]:
    """A question that was answered by ``log``, and what the clients noted of it."""
    history = History()
    history.note("plan", database="postgres", redis=True, processes=1)
    history.note("send", client=ASKS, run=RUN, message=ASKED, thread=THREAD, text="Count",
                 speaker="", expected=TEXT, calls=1, bulk=False)  # fmt: skip
    history.note("accepted", client=ASKS, run=RUN, message=ASKED)
    for view in views:
        history.entries += [{"t": 0.0, **entry} for entry in view]
    run = {"status": "finished", "outcome": "success", "error_code": "", "last_seq": len(log),
           "lease_owner": "host:7:ab", "finished_at": 1.0, **stored}  # fmt: skip
    history.note("stored_run", run=RUN, **run)
    for seq, event in enumerate(log, start=1):
        history.note("stored_event", run=RUN, seq=seq, event=event)
    said = "".join(event.get("delta", "") for event in log)
    history.note("stored_message", message=ASKED, run=RUN, role="user", text="Count")
    history.note("stored_message", message=SAID, run=RUN, role="assistant", text=said)
    history.note("upstream", run=RUN, calls=1)
    history.note("quiet", running=0, open=0, after_s=2.0)
    return [*history.entries, *outgoing(), *used()]


def outgoing() -> list[Entry]:
    """A guest was signed out at 100 while their answer was running, and asked again in vain.

    Another one was an administrator until 100.
    """
    log = stream(DELTAS[:2], {"type": "RUN_ERROR", "code": "signed_out", "message": "Signed out."})
    log = [{**event, "runId": RUN_OF_GUEST} if "runId" in event else event for event in log]
    asked = {"client": GUEST, "run": RUN_OF_GUEST, "message": "message-3"}
    question = {"thread": "thread-2", "text": "Go", "speaker": "", "expected": TEXT, "calls": 1,
                "bulk": False}  # fmt: skip
    again = {**question, "client": GUEST, "run": "run-3", "message": "message-5", "text": "More"}
    run = {"run": RUN_OF_GUEST, "status": "failed", "outcome": "error", "error_code": "signed_out",
           "last_seq": len(log), "lease_owner": "host:8:cd", "finished_at": 101.5}  # fmt: skip
    ended = {"kind": "sign-out", "code": "signed_out", "signs_out": True}
    demoted = {"kind": "demotion", "code": "", "signs_out": True}
    told = {"client": GUEST, "run": RUN_OF_GUEST}
    stored = {"what": "stored_message", "run": RUN_OF_GUEST}
    return [
        {"t": 98.0, "what": "send", **asked, **question},
        {"t": 98.1, "what": "accepted", **asked},
        *({"t": 99.0, "what": "event", **told, "seq": seq, "event": event}
          for seq, event in enumerate(log[:-1], start=1)),
        {"t": 99.0, "what": "used", "client": STAFF, "sent_at": 98.9},
        {"t": 100.0, "what": "right_ended", "client": GUEST, "run": RUN_OF_GUEST, **ended},
        {"t": 100.0, "what": "right_ended", "client": STAFF, "run": "", **demoted},
        {"t": 100.1, "what": "send", **again},
        {"t": 100.2, "what": "rejected", "client": GUEST, "run": "run-3", "code": "signed_out"},
        {"t": 200.0, "what": "stored_run", **run},
        *({"t": 200.0, "what": "stored_event", "run": RUN_OF_GUEST, "seq": seq, "event": event}
          for seq, event in enumerate(log, start=1)),
        {"t": 200.0, **stored, "message": "message-3", "role": "user", "text": "Go"},
        {"t": 200.0, **stored, "message": "message-4", "role": "assistant", "text": "one two "},
        {"t": 200.0, "what": "upstream_closed", "run": RUN_OF_GUEST, "at": 101.2},
    ]  # fmt: skip


def used() -> list[Entry]:
    """What processes and files came to."""
    sent = {"what": "upload", "client": "frank", "kind": "honest", "name": "a.txt", "status": 201,
            "code": "", "same": True, "after_s": 0.1}  # fmt: skip
    bomb = {**sent, "client": "mallory", "kind": "bomb", "status": 400, "code": "bad_file"}
    costly = {**bomb, "kind": "costly", "status": 503, "code": "busy"}
    server = {"what": "process", "pid": 7, "kind": "server", "peak_bytes": 300 * 10**6}
    worker = {"what": "process", "pid": 9, "kind": "worker", "peak_bytes": 900 * 10**6}
    noted = [
        sent, bomb, costly, {**server, "workers": 2}, {**worker, "workers": 0},
        {"what": "ready", "pid": 7, "status": 200, "failing": []},
        {"what": "listeners", "count": 1},
    ]  # fmt: skip
    return [{"t": 200.0, **entry} for entry in noted]


def seen(client: str, events: list[Entry], first: int = 1) -> list[Entry]:
    return [
        {"what": "event", "client": client, "run": RUN, "seq": seq, "event": event}
        for seq, event in enumerate(events, start=first)
    ]


def noted(what: str, client: str = ASKS, **fields: Any) -> Entry:
    return {"what": what, "client": client, "run": RUN, **fields}


def good() -> list[Entry]:
    """The second client began with a page load in the middle."""
    snapshot = noted("snapshot", WATCHES, status="running", last_seq=4, events=compact(WHOLE[:4]))
    return history_of(
        WHOLE,
        [*seen(ASKS, WHOLE), noted("over")],
        [snapshot, *seen(WATCHES, WHOLE[4:], 5), noted("over", WATCHES)],
    )


def died() -> list[Entry]:
    """Its process died: the first client held an event that was never stored, and was told so."""
    told_and_gone = seen(ASKS, WHOLE[:5])
    snapshot = noted("snapshot", status="failed", last_seq=len(PREFIX), events=compact(PREFIX))
    return history_of(
        PREFIX,
        [*told_and_gone, noted("resync", reason="ahead"), snapshot, noted("over")],
        [*seen(WATCHES, PREFIX), noted("over", WATCHES)],
        status="failed",
        outcome="error",
        error_code="interrupted",
    )


def drop(match: Callable[[Entry], bool]) -> Callable[[list[Entry]], None]:
    def doctor(history: list[Entry]) -> None:
        gone = [entry for entry in history if match(entry)]
        assert gone
        history[:] = [entry for entry in history if entry not in gone]

    return doctor


def change(match: Callable[[Entry], bool], **fields: Any) -> Callable[[list[Entry]], None]:
    def doctor(history: list[Entry]) -> None:
        next(entry for entry in history if match(entry)).update(fields)

    return doctor


def twice(match: Callable[[Entry], bool]) -> Callable[[list[Entry]], None]:
    def doctor(history: list[Entry]) -> None:
        at = next(at for at, entry in enumerate(history) if match(entry))
        history.insert(at, deepcopy(history[at]))

    return doctor


def is_(what: str, **fields: Any) -> Callable[[Entry], bool]:
    return lambda entry: entry["what"] == what and fields.items() <= entry.items()


def broke(kind: str, begin: float, end: float, **fields: Any) -> list[Entry]:
    return [
        {"t": begin, "what": "fault", "kind": kind, **fields},
        {"t": end, "what": "healed", "kind": kind, **fields},
    ]
