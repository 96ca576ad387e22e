"""One short round of the harness; ``make faults`` plays longer ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.checker import check
from tests.faults.harness import Plan, run
from tests.services import Missing

SECONDS = 20


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_every_promise_is_kept_while_everything_breaks(tmp_path: Path, database: str):
    plan = Plan(seed=20, seconds=SECONDS, processes=3 if database == "postgres" else 2,
                database=database)  # fmt: skip
    try:
        history = run(plan, tmp_path)
    except Missing as missing:
        pytest.skip(str(missing))
    assert sum(entry["what"] == "over" for entry in history.entries) > 10
    broken = {name: problems[:5] for name, problems in check(history.entries).items() if problems}
    assert broken == {}
