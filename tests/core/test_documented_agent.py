"""The agent that docs/agents.md shows, saved as the one file it says: it is there and answers."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.core import team
from tests.core.scripted import ScriptedModel, chunk, function_call
from tests.core.team import asks, call, events_of_team, of_type, said, words

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "agents.md"


@pytest.fixture
def members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[object, ...]]:
    """The team as it is found when the example lies beside the others."""
    [example] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "dice.py").write_text(example, encoding="utf-8")
    monkeypatch.setattr(team, "__path__", [*team.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    yield team._members()
    sys.modules.pop(f"{team.__name__}.dice")


async def test_the_documented_agent_is_found_and_rolls_its_dice(members):
    assert [agent.name for agent in members] == ["text", "dice", "media"]
    roll = function_call("roll", sides="6", count="2")
    scripted = ScriptedModel(
        asks(call("dice", task="Roll two dice", reason="Chance")),
        [chunk(roll, finish="STOP")],
        said("There they lie."),
    )
    events, record = await events_of_team(members, scripted, "Roll two dice")
    [used] = of_type(events, "ACTIVITY_SNAPSHOT")
    assert used["activityType"] == "tool"
    shown = [int(side) for side in used["content"]["result"].split(", ")]
    assert len(shown) == 2
    assert all(1 <= side <= 6 for side in shown)
    assert words(events, "dice") == "There they lie."
    assert [line.agent for line in record.calls] == ["coordinator", "dice", "dice"]
