"""The checker finds what is planted in a history, and nothing in one that is in order."""

from __future__ import annotations

import pytest

from conversations.compaction import compact
from tests.faults.checker import check
from tests.faults.figures import figures
from tests.faults.histories import (
    ASKS,
    GUEST,
    WATCHES,
    WHOLE,
    broke,
    change,
    died,
    drop,
    good,
    is_,
    twice,
)
from tests.faults.history import Entry


@pytest.mark.parametrize("history", [good(), died()])
def test_a_history_in_order_breaks_nothing(history: list[Entry]):
    assert not any(check(history).values())


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


def test_the_process_of_who_was_signed_out_may_have_died_with_what_it_told():
    history = good()
    change(is_("event", client=GUEST, seq=4), event=WHOLE[4])(history)
    assert check(history)["in_order_once"]
    assert not check([*history, *broke("kill", 99.5, 99.5, pid=8)[:1]])["in_order_once"]


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
    assert found["runs"] == {"interrupted": 1, "signed_out": 1}
    assert found["largest server / worker (MB)"] == "300 / 900"
