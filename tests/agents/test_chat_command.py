"""Who answers in the terminal is chosen by a line of its own."""

from __future__ import annotations

from uuid import uuid4

import pytest

from agents.management.commands.chat import _AGENT_LINE, _Chat


def terminal() -> tuple[_Chat, list[str]]:
    written: list[str] = []
    wanted = ("model", "output", "tools", "thinking")
    options = {"thread": uuid4(), "agent": "auto", **dict.fromkeys(wanted)}
    return _Chat(1, options, [], lambda text, ending="": written.append(text)), written


def test_an_agent_is_chosen_until_another_one_is():
    chat, written = terminal()
    chat._choose("text")
    assert (chat._wanted["agent"], written) == ("text", ["From now on: text."])
    chat._choose("nobody")
    assert chat._wanted["agent"] == "text"
    assert "Choose one of: " in written[-1]


@pytest.mark.parametrize(
    "line", ["/agent of change", "/agent", "@text Hi", " /agent text", "/agents"]
)
def test_other_lines_are_messages(line):
    assert _AGENT_LINE.fullmatch(line) is None
