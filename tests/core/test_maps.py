"""Google Maps among the team: who is told of it, and what it does not go together with."""

from __future__ import annotations

from gemini import model_info
from tests.core.exchanges import PHOTO
from tests.core.scripted import ScriptedModel
from tests.core.team import Shelf, ask, attached, events_of, said


async def request_of(**turn):
    scripted = ScriptedModel(said("Well."))
    await events_of(ask(scripted, "Where can I eat?", **turn))
    return scripted.requests[0]


async def test_it_is_not_offered_beside_files():
    files = {"attachments": [attached(PHOTO)], "shelf": Shelf(PHOTO)}
    request = await request_of(agent="text", tools=model_info.TOOLS, **files)
    assert request.tools == ("search", "code", "url")
    assert (await request_of(agent="text", tools=model_info.TOOLS)).tools == model_info.TOOLS


async def test_the_coordinator_is_told_who_finds_places_only_where_that_is_on():
    for tools, told in ((model_info.TOOLS, True), (model_info.TOOLS_ON, False)):
        texts, media = (await request_of(tools=tools)).functions
        assert ("Google Maps" in texts.description) is told
        assert "Google Maps" not in media.description
