"""The checker finds what is over a bound, and counts no time in which it could not be kept."""

from __future__ import annotations

import pytest

from tests.faults.checker import check
from tests.faults.histories import (
    ASKS,
    GUEST,
    RUN_OF_GUEST,
    WATCHES,
    broke,
    change,
    drop,
    good,
    is_,
)
from tests.faults.history import Entry

PLANTED = {
    "a run went on without its right": (
        "no_run_outlives_its_right",
        change(is_("stored_run", run=RUN_OF_GUEST), finished_at=102.1),
    ),
    "a run never ended without its right": (
        "no_run_outlives_its_right",
        change(is_("stored_run", run=RUN_OF_GUEST), status="running", finished_at=0.0),
    ),
    "the model was listened to without the right": (
        "no_run_outlives_its_right",
        change(is_("upstream_closed"), at=102.1),
    ),
    "a run says another reason": (
        "no_run_outlives_its_right",
        change(is_("stored_run", run=RUN_OF_GUEST), error_code="timeout"),
    ),
    "a run is interrupted by nothing": (
        "no_run_outlives_its_right",
        change(is_("stored_run", run=RUN_OF_GUEST), error_code="interrupted"),
    ),
    "a run succeeds without its right": (
        "no_run_outlives_its_right",
        change(is_("stored_run", run=RUN_OF_GUEST), error_code="", outcome="success"),
    ),
    "somebody without a right is answered": (
        "no_run_outlives_its_right",
        change(is_("rejected", client=GUEST), what="accepted", message="message-5"),
    ),
    "somebody signed out is told more": (
        "no_run_outlives_its_right",
        change(is_("event", client=GUEST, seq=4), t=102.1),
    ),
    "somebody demoted is served": (
        "no_run_outlives_its_right",
        change(is_("used"), sent_at=100.1),
    ),
    "no right was ended": ("no_run_outlives_its_right", drop(is_("right_ended"))),
    "a server grew": (
        "no_process_too_large",
        change(is_("process", kind="server"), peak_bytes=600 * 10**6 + 1),
    ),
    "a worker grew": (
        "no_process_too_large",
        change(is_("process", kind="worker"), peak_bytes=2**30 + 1),
    ),
    "there were too many workers": (
        "no_process_too_large",
        change(is_("process", kind="server"), workers=3),
    ),
    "no process was seen": ("no_process_too_large", drop(is_("process", kind="server"))),
    "the other tab came late": (
        "tabs_keep_up",
        change(is_("event", client=WATCHES, seq=7), t=2.1),
    ),
    "an honest file was refused": (
        "honest_files_are_taken",
        change(is_("upload", kind="honest"), status=503, code="busy"),
    ),
    "an honest file was changed": (
        "honest_files_are_taken",
        change(is_("upload", kind="honest"), same=False),
    ),
    "an honest file was not answered": (
        "honest_files_are_taken",
        change(is_("upload", kind="honest"), status=0),
    ),
    "a bomb was stored": ("honest_files_are_taken", change(is_("upload", kind="bomb"), status=201)),
    "a bomb broke the server": (
        "honest_files_are_taken",
        change(is_("upload", kind="bomb"), status=500),
    ),
    "a costly picture broke the server": (
        "honest_files_are_taken",
        change(is_("upload", kind="costly"), status=500),
    ),
    "nobody sent a file": ("honest_files_are_taken", drop(is_("upload", kind="honest"))),
    "a process is not ready": ("well_in_the_end", change(is_("ready"), status=503)),
    "a background task fails": (
        "well_in_the_end",
        change(is_("ready"), failing=["checking rights"]),
    ),
    "a process was not seen": ("well_in_the_end", drop(is_("ready"))),
    "a process is deaf": ("well_in_the_end", change(is_("listeners"), count=0)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found(name: str):
    invariant, doctor = PLANTED[name]
    history = good()
    doctor(history)
    assert check(history)[invariant]


LATE = change(is_("stored_run", run=RUN_OF_GUEST), finished_at=108.0)


@pytest.mark.parametrize(
    ("fault", "excuses"),
    [
        (broke("pause", 99.0, 107.0, pid=8), True),
        (broke("kill", 99.0, 99.0, pid=8)[:1], True),
        (broke("read-only", 100.5, 107.0), True),
        (broke("read-only", 100.5, 104.0), False),
        (broke("read-only", 90.0, 99.5), False),
        (broke("pause", 99.0, 107.0, pid=7), False),
        (broke("kill Redis", 99.0, 107.0), False),
    ],
)
def test_a_run_may_outlive_its_right_while_its_process_or_the_database_is_away(
    fault: list[Entry], excuses: bool
):
    history = [*good(), *fault]
    LATE(history)
    assert bool(check(history)["no_run_outlives_its_right"]) is not excuses


def test_without_redis_a_run_has_ten_seconds():
    history = good()
    LATE(history)
    change(is_("plan"), redis=False)(history)
    assert not check(history)["no_run_outlives_its_right"]
    change(is_("stored_run", run=RUN_OF_GUEST), finished_at=110.1)(history)
    assert check(history)["no_run_outlives_its_right"]


def test_a_tab_is_late_only_while_it_has_a_connection_and_the_database_is_there():
    history = good()
    at = next(at for at, entry in enumerate(history) if is_("event", client=WATCHES)(entry))
    for entry in history[at:]:
        if is_("event", client=WATCHES)(entry):
            entry["t"] = 9.0
    assert check(history)["tabs_keep_up"]
    outage = broke("restart PostgreSQL", 0.5, 8.0)
    assert not check([*history, *outage])["tabs_keep_up"]
    history.insert(at, {"t": 8.5, "what": "connected", "client": WATCHES})
    assert not check(history)["tabs_keep_up"]


def test_an_answer_in_bulk_comes_as_fast_as_its_slowest_reader():
    history = good()
    change(is_("event", client=WATCHES, seq=7), t=9.0)(history)
    assert check(history)["tabs_keep_up"]
    change(is_("send", client=ASKS), bulk=True)(history)
    assert not check(history)["tabs_keep_up"]


def test_the_run_of_a_process_that_was_frozen_may_have_run_out_of_time():
    history = good()
    change(is_("stored_run", run=RUN_OF_GUEST), error_code="timeout")(history)
    frozen = broke("pause", 99.0, 101.0, pid=8)
    killed = broke("kill", 99.0, 99.0, pid=8)[:1]
    assert not check([*history, *frozen])["no_run_outlives_its_right"]
    assert check([*history, *killed])["no_run_outlives_its_right"]
