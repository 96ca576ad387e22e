"""Instructions of the user's own: every agent gets them, behind its own."""

from __future__ import annotations

import pytest

from agents.core.context import Limits
from agents.core.coordinator import ALONE, SYSTEM
from agents.core.team import media, text
from gemini import capabilities
from gemini.history import content_tokens, text_tokens
from gemini.instructions import Instructions
from tests.core.exchanges import FLASH, IMAGE, SPEECH, user
from tests.core.scripted import ScriptedModel
from tests.core.team import ask, asks, call, events_of, said

BOTH = Instructions("Call me Ada.", "Answer in rhymes.")
FIRST_TO_DRAW = "gemini-2.0-flash-preview-image-generation"


async def requests_of(*replies, prompt="Hello", instructions=BOTH, **turn):
    scripted = ScriptedModel(*replies, said("Well."))
    await events_of(ask(scripted, prompt, instructions=instructions, **turn))
    return scripted.requests


def assert_instructed(system: str, own: str) -> None:
    assert system.startswith(own)
    assert 0 < system.index("Call me Ada.") < system.index("Answer in rhymes.")


@pytest.mark.parametrize(
    ("agent", "own"),
    [("auto", SYSTEM), ("direct", ALONE), ("text", text.SYSTEM), ("media", media.SYSTEM)],
)
async def test_every_agent_is_told_them_behind_its_own(agent, own):
    options = {"output": "text"} if agent == "media" else {}
    [request] = await requests_of(agent=agent, **options)
    assert_instructed(request.system, own)


async def test_whom_the_coordinator_asks_is_told_them_too_and_so_is_what_it_says_last():
    both = asks(
        call("text", task="A poem", reason="Long"),
        call("media", task="What is it?", reason="To see", output="text"),
    )
    requests = await requests_of(both, said("A"), said("B"), said("Both."))
    assert len(requests) == 4
    assert all("Answer in rhymes." in request.system for request in requests)


async def test_what_draws_is_told_them_and_what_speaks_would_read_them_aloud():
    for output, model, told in (("image", IMAGE, True), ("speech", SPEECH, False)):
        [request] = await requests_of(agent="media", output=output)
        assert request.model == model
        assert ("Call me Ada." in request.system) is told
        assert "Ada" not in str(request.contents)
        assert request.system or not told


async def test_a_model_that_refuses_instructions_is_told_them_as_words(monkeypatch):
    monkeypatch.setattr(capabilities, "instruction_mode", lambda model: "words")
    [request] = await requests_of(agent="media", output="image", prompt="A fox")
    assert request.system == ""
    told, task = request.contents
    assert_instructed(told["parts"][0]["text"], media.SYSTEM)
    assert task == user("A fox")


def test_how_models_take_instructions():
    ways = {
        model: capabilities.instruction_mode(model)
        for model in (FLASH, IMAGE, SPEECH, FIRST_TO_DRAW)
    }
    assert list(ways.values()) == ["system", "system", "nothing", "words"]


async def test_without_any_nothing_is_added():
    [request] = await requests_of(instructions=Instructions())
    assert request.system == SYSTEM


@pytest.mark.parametrize("one", [Instructions("Call me Ada."), Instructions("", "Call me Ada.")])
async def test_one_of_them_alone_is_enough(one):
    [request] = await requests_of(instructions=one)
    assert request.system.startswith(SYSTEM)
    assert request.system.endswith("\n\nCall me Ada.")


async def test_they_take_their_room_from_what_was_said_before():
    exchange = (user("Before"), {"role": "model", "parts": [{"text": "Yes."}], "model": FLASH})
    room = sum(map(content_tokens, (*exchange, user("Hello"))))
    for spare, kept in ((text_tokens(BOTH.added_to("")), 3), (0, 1)):
        limits = Limits(history_tokens=room + spare)
        [request] = await requests_of(history=[exchange], limits=limits)
        assert len(request.contents) == kept
