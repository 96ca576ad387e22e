"""Who answers: what the prompt says, then what is pinned, then what kind of file came along."""

from __future__ import annotations

import json

import pytest

from gemini.outputs import Media
from tests.core.exchanges import FLASH, IMAGE, SPEECH, model, user
from tests.core.scripted import ScriptedModel
from tests.core.team import Shelf, ask, attached, events_of, of_type, prompt_of, said, words

PHOTO = Media(b"photo", "image/jpeg", "garden.jpg")
PDF = Media(b"pdf", "application/pdf", "contract.pdf")
SONG = Media(b"song", "audio/mpeg", "song.mp3")
FILM = Media(b"film", "video/mp4", "film.mp4")
NAMED = "You asked for the {} agent."
TAKEN = "The media agent takes {} files."


async def answered(prompt, files=(), **turn):
    """Who answered, and the one request that was made."""
    scripted = ScriptedModel(said("Well."))
    attachments = [attached(file) for file in files]
    events = await events_of(
        ask(scripted, prompt, shelf=Shelf(*files), attachments=attachments, **turn)
    )
    [request] = scripted.requests
    args = [json.loads(event["delta"]) for event in of_type(events, "TOOL_CALL_ARGS")]
    names = [event["name"] for event in of_type(events, "SUBAGENT_STARTED")]
    told = [part["text"] for part in request.contents[-1]["parts"] if "text" in part]
    by = names[0] if names else ("coordinator" if request.functions else "direct")
    return by, told, request.model, args


TYPED = [
    "Hi",
    "@text Hi",
    "@Text me tomorrow",
    "  @text\n\nHi  there ",
    "@media print does not work in Safari",
    "@direct Hi",
    "@nobody Hi",
    "@text",
    "@coordinator Hi",
]


@pytest.mark.parametrize("prompt", TYPED)
@pytest.mark.parametrize(
    ("agent", "by"),
    [("auto", "coordinator"), ("text", "text"), ("media", "media"), ("direct", "direct")],
)
async def test_who_answers_is_chosen_and_what_is_typed_is_never_cut(prompt, agent, by):
    found, told, _, args = await answered(prompt, agent=agent)
    assert (found, told) == (by, [prompt])
    asked = {"task": prompt, "reason": NAMED.format(by)}
    assert args == ([asked] if by in ("text", "media") else [])


@pytest.mark.parametrize(
    ("turn", "used"),
    [
        ({}, IMAGE),
        ({"output": "image"}, IMAGE),
        ({"output": "text"}, FLASH),
        ({"output": "speech"}, SPEECH),
    ],
)
async def test_the_chosen_output_decides_the_model_of_the_media_agent(turn, used):
    by, told, asked, [args] = await answered("Hi", agent="media", **turn)
    assert (by, told, asked) == ("media", ["Hi"], used)
    assert args == {"task": "Hi", "reason": NAMED.format("media"), **turn}


@pytest.mark.parametrize(
    ("files", "used"),
    [([PHOTO], IMAGE), ([PDF], FLASH), ([SONG], FLASH), ([PHOTO, PDF], FLASH)],
)
async def test_without_a_chosen_output_the_files_decide(files, used):
    assert (await answered("Look", files, agent="media"))[:3] == ("media", ["Look"], used)


@pytest.mark.parametrize(
    ("files", "turn", "by", "reason"),
    [
        ([SONG], {}, "media", TAKEN.format("audio")),
        ([FILM], {}, "media", TAKEN.format("video")),
        ([SONG, FILM], {}, "media", TAKEN.format("audio and video")),
        ([PHOTO], {}, "coordinator", ""),
        ([PDF], {}, "coordinator", ""),
        ([SONG], {"agent": "text"}, "text", NAMED.format("text")),
        ([SONG], {"agent": "direct"}, "direct", ""),
    ],
)
async def test_sound_and_film_go_to_the_media_agent_unless_somebody_is_named(
    files, turn, by, reason
):
    found, told, used, args = await answered("What is it?", files, **turn)
    assert (found, told, used) == (by, ["What is it?"], FLASH)
    assert [one["reason"] for one in args] == ([reason] if reason else [])


async def test_a_song_that_is_to_be_answered_aloud_is():
    """What the user chose counts before what its kind of file suggests."""
    _, _, used, [args] = await answered("Say hello", [SONG], output="speech")
    assert (used, args["output"]) == (SPEECH, "speech")


async def test_who_chose_the_text_agent_gets_it_for_one_call():
    scripted = ScriptedModel(said("Written."))
    answer = ask(scripted, "Write it", agent="text")
    events = await events_of(answer)
    assert len(scripted.requests) == 1
    assert prompt_of(scripted, 0) == ["Write it"]
    assert words(events, "text") == "Written."
    assert "text agent" in scripted.requests[0].system
    assert answer.contents() == [
        model("Written.", by=FLASH),
        user("Write it", agent="text"),
        model("Written.", by=FLASH, agent="text"),
    ]


async def test_who_chose_the_media_agent_gets_it_for_one_call():
    scripted = ScriptedModel(said("A fox it is."))
    events = await events_of(ask(scripted, "A fox", agent="media"))
    assert len(scripted.requests) == 1
    assert scripted.requests[0].modalities == ("TEXT", "IMAGE")
    assert words(events, "media") == "A fox it is."


async def test_direct_means_no_agent_is_offered():
    scripted = ScriptedModel(said("Hello"))
    await events_of(ask(scripted, "Hi", agent="direct"))
    assert not scripted.requests[0].functions
    assert prompt_of(scripted, 0) == ["Hi"]


async def test_who_answers_directly_may_use_tools_but_asks_nobody():
    scripted = ScriptedModel(said("Well."))
    await events_of(ask(scripted, "Hi", agent="direct", tools=("search",)))
    [request] = scripted.requests
    assert (request.functions, request.tools, request.model) == ((), ("search",), FLASH)
    assert "you have nobody to ask" in request.system
    assert prompt_of(scripted, 0) == ["Hi"]


async def test_a_lighter_model_coordinates_and_does_nothing_else():
    lite = {"coordinator_model": "gemini-3-flash-lite"}
    assert (await answered("Hi", **lite))[2] == "gemini-3.5-flash-lite"
    assert (await answered("Hi", agent="direct", **lite))[2] == FLASH
    assert (await answered("Hi", agent="text", **lite))[2] == FLASH
    assert (await answered("Hi", agent="media", output="text", **lite))[2] == FLASH


async def test_words_of_an_answer_are_of_who_gave_it():
    events = await events_of(ask(ScriptedModel(said("Written.")), "Hi", agent="text"))
    assert (words(events, "text"), words(events)) == ("Written.", "")
