"""Google's own suite of tests, run against the emulator: what it passes, it goes on passing.

``sdk_suite.txt`` lists the tests that must pass. One that passes and is not in the list fails too,
so that the list stays whole; ``SDK_SUITE_UPDATE=1`` writes it anew from what passed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from emulator.testing import running_process
from tests.emulator import sdk_suite

PINNED = Path(__file__).parent / "sdk_suite.txt"
UPDATE = "SDK_SUITE_UPDATE"
LEAST = {"shared/": 6, "models/test_generate_content.py::": 60}

pytestmark = pytest.mark.skipif(
    not (sdk_suite.SHIPPED / "shared").is_dir(), reason="this build of the SDK ships no tests"
)


def passed_in(names: set[str], suite: str) -> int:
    return sum(name.startswith(suite) for name in names)


@pytest.mark.server
def test_googles_suite_passes_as_far_as_it_is_pinned(tmp_path: Path):
    with running_process() as emulator:
        outcomes = sdk_suite.run(emulator, tmp_path)
    passed = {name for name, outcome in outcomes.items() if outcome == "passed"}
    if os.environ.get(UPDATE):
        PINNED.write_text("".join(f"{name}\n" for name in sorted(passed)))
    pinned = set(PINNED.read_text().split("\n")) - {""}
    lost = {name: outcomes.get(name, "not run") for name in sorted(pinned - passed)}
    assert not lost, "pinned, and no longer passing"
    assert sorted(passed - pinned) == [], f"passing, and not yet pinned: run with {UPDATE}=1"


@pytest.mark.parametrize(("suite", "least"), LEAST.items())
def test_the_list_holds_enough_of_the_suite(suite: str, least: int):
    pinned = set(PINNED.read_text().split("\n"))
    assert passed_in(pinned, suite) >= least


def test_the_list_is_sorted_and_names_each_test_once():
    pinned = PINNED.read_text().splitlines()
    assert pinned == sorted(set(pinned))
