"""What of a system instruction the emulated model follows: how answers begin and end."""

from __future__ import annotations

import pytest
from google import genai

from emulator.answers import follow_instructions
from tests.emulator.asking import stream, text_of


@pytest.mark.parametrize(
    ("system", "answer"),
    [
        ('Begin every answer with "Ahoy."', "Ahoy.\n\nText"),
        ("Please always start answers with the word “Ahoy”, friend.", "Ahoy\n\nText"),
        ("Finish with 'Over.' and begin with 'Ahoy.'", "Ahoy.\n\nText\n\nOver."),
        ('Begin with "One". Later: begin with "Two".', "Two\n\nText"),
        ("Begin with a story. Here is one: “Once.”", "Text"),
        ("Begin at once", "Text"),
        ("", "Text"),
    ],
)
def test_how_an_answer_begins_and_ends(system: str, answer: str):
    assert follow_instructions(system, "Text") == answer


async def test_a_user_who_speaks_of_an_agent_makes_no_agent(client: genai.Client):
    system = "You answer in a chat.\n\nYou are the text agent. Begin answers with 'Ahoy.'"
    answer = text_of(await stream(client, "Go on", system_instruction=system))
    assert answer.startswith("Ahoy.\n\n")
    assert "Text agent here" not in answer
