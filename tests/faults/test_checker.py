"""The checker finds what is planted in a history, and nothing in one that is in order."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from conversations.compaction import compact
from tests.faults.checker import check
from tests.faults.figures import figures
from tests.faults.history import Entry, History

RUN, THREAD, ASKED, SAID = "run-1", "thread-1", "message-1", "message-2"
ASKS, WATCHES = "alice/asks", "alice/watches"
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
    history.note("send", client=ASKS, run=RUN, message=ASKED, thread=THREAD, text="Count",
                 speaker="", expected=TEXT, calls=1)  # fmt: skip
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
    return history.entries


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


@pytest.mark.parametrize("history", [good(), died()])
def test_a_history_in_order_breaks_nothing(history: list[Entry]):
    assert not any(check(history).values())


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


PLANTED = {
    "a message that was accepted is gone": (
        "acknowledged_once",
        drop(is_("stored_message", role="user")),
    ),
    "a message is stored twice": ("acknowledged_once", twice(is_("stored_message", role="user"))),
    "a message has other words": (
        "acknowledged_once",
        change(is_("stored_message", role="user"), text="Cheat"),
    ),
    "an event was not told": ("in_order_once", drop(is_("event", client=ASKS, seq=4))),
    "an event was told twice": ("in_order_once", twice(is_("event", client=ASKS, seq=4))),
    "an event differs from the log": (
        "in_order_once",
        change(is_("event", client=ASKS, seq=4), event=WHOLE[4]),
    ),
    "the beginning was not told": ("in_order_once", drop(is_("event", client=ASKS, seq=1))),
    "the end was not told": ("in_order_once", drop(is_("over", client=ASKS))),
    "a snapshot lacks events": (
        "in_order_once",
        change(is_("snapshot"), events=compact(WHOLE[:3])),
    ),
    "after a snapshot events are missing": (
        "in_order_once",
        drop(is_("event", client=WATCHES, seq=5)),
    ),
    "the other tab saw nothing": (
        "seen_by_both",
        drop(lambda entry: entry.get("client") == WATCHES),
    ),
    "the log has a gap": ("one_end", drop(is_("stored_event", seq=4))),
    "a run never ended": ("one_end", change(is_("stored_run"), status="running")),
    "the terminal event is missing": ("one_end", drop(is_("stored_event", seq=len(WHOLE)))),
    "a run ended twice": ("one_end", twice(is_("stored_event", seq=len(WHOLE)))),
    "a word is missing": ("text_as_sent", change(is_("stored_event", seq=4), event=WHOLE[2])),
    "a word is doubled": ("text_as_sent", twice(is_("stored_event", seq=4))),
    "a run was cut short by nobody": (
        "text_as_sent",
        change(is_("stored_run"), outcome="cancelled"),
    ),
    "the message is not what was streamed": (
        "text_as_sent",
        change(is_("stored_message", role="assistant"), text="x"),
    ),
    "the model was asked twice": ("asked_once", change(is_("upstream"), calls=2)),
    "something still runs": ("quiet_in_the_end", change(is_("quiet"), running=1)),
    "the model is still listened to": ("quiet_in_the_end", change(is_("quiet"), open=1)),
    "it took too long": ("quiet_in_the_end", change(is_("quiet"), after_s=61.0)),
    "nobody looked": ("quiet_in_the_end", drop(is_("quiet"))),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found(name: str):
    invariant, doctor = PLANTED[name]
    history = good()
    doctor(history)
    assert check(history)[invariant]


def test_events_that_were_never_stored_are_found_unless_the_client_was_told():
    history = died()
    drop(is_("resync"))(history)
    drop(is_("snapshot"))(history)
    assert check(history)["in_order_once"]


def test_the_figures_tell_what_a_death_cost():
    history = died()
    for at, entry in enumerate(history):
        entry["t"] = at / 10
    history.append({"t": 0.5, "what": "fault", "kind": "kill", "pid": 7})
    change(is_("stored_run"), finished_at=15.5)(history)
    found = figures(history)
    assert found["death to interrupted, worst (s)"] == 15.0
    assert found["resyncs"] == 1
    assert found["runs"] == {"interrupted": 1}
