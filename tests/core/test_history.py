"""What a model is told of earlier runs: its own answers exactly, those of others as words."""

from __future__ import annotations

import pytest

from tests.core.exchanges import (
    ASKED,
    BOTH_AGENTS,
    CALLED,
    CODE,
    FLASH,
    FOX,
    IMAGE,
    JOINED,
    MEDIA_SAID,
    PHOTO,
    PRO,
    RAN,
    RESULTS,
    TEXT_SAID,
    answered,
    model,
    user,
)
from tests.core.scripted import ScriptedModel
from tests.core.team import Shelf, as_inline, ask, asks, call, events_of, said

THE_PHOTO = as_inline("image/jpeg", b"photo")
THE_FOX = as_inline("image/png", b"fox")
WORDS = (
    user("A poem and a fox.", files=(THE_PHOTO,)),
    model("I ask. "),
    model("Waves", "A fox:\n[File: image, image/png]"),
    model("Both are done."),
)
"""That exchange, for whoever did not say it."""
FILES_MADE = user("This came with the answer above.", files=(THE_FOX,))


async def sent(prompt="Again", *, history=(BOTH_AGENTS,), replies=(), number=0, **turn):
    """The contents of a request that follows this history."""
    scripted = ScriptedModel(*replies, said("Well."))
    shelf = Shelf(PHOTO, FOX)
    await events_of(ask(scripted, prompt, history=history, shelf=shelf, **turn))
    return scripted.requests[number].contents


def with_photo(content):
    return {**content, "parts": [THE_PHOTO, *content["parts"][1:]]}


async def test_the_coordinator_is_sent_its_own_part_exactly():
    assert await sent() == (with_photo(ASKED), CALLED, RESULTS, JOINED, user("Again"))


async def test_another_model_is_sent_words_without_calls_code_and_signatures():
    assert await sent(model="gemini-3-pro") == (*WORDS, user("Again"))


async def test_one_agents_answer_is_told_once():
    alone = (
        user("A poem"),
        model(CODE, by=FLASH),
        answered(text="Waves"),
        model("Waves", by=FLASH),
    )
    contents = await sent(history=[alone], model="gemini-3-pro")
    assert contents == (user("A poem"), model("Waves"), user("Again"))


async def test_an_agent_is_sent_its_own_part_exactly():
    contents = await sent("Again", agent="text")
    asked = user("A poem and a fox.", "A poem", files=(THE_PHOTO,), agent="text")
    assert contents == (asked, TEXT_SAID, user("Again"))
    assert TEXT_SAID["parts"][:2] == [CODE, RAN]


async def test_an_agent_on_another_model_is_sent_words():
    assert await sent("Again", agent="text", model="gemini-3-pro") == (*WORDS, user("Again"))


async def test_an_agent_that_took_no_part_is_sent_words():
    before = (user("Hello"), model("Hi", {"text": "", "thoughtSignature": "aGk="}, by=FLASH))
    contents = await sent("Again", agent="text", history=[before])
    assert contents == (user("Hello"), model("Hi"), user("Again"))


async def test_a_picture_goes_back_to_its_maker_where_it_stood_with_its_signature():
    contents = await sent("Again", agent="media")
    asked = user("A poem and a fox.", "A fox", files=(THE_PHOTO,), agent="media")
    whole = {**MEDIA_SAID, "parts": [{"text": "A fox:"}, {**THE_FOX, "thoughtSignature": "Zm94"}]}
    assert contents == (asked, whole, user("Again"))


async def test_another_model_of_the_media_agent_is_sent_what_was_made_as_files_of_the_user():
    contents = await sent("Again", agent="media", output="text")
    assert contents == (*WORDS, FILES_MADE, user("Again"))


async def test_an_agent_that_is_asked_by_the_coordinator_sees_its_own_part_too():
    asking = asks(call("text", task="More", reason="Long"))
    contents = await sent("A poem again", replies=[asking], number=1)
    assert contents[1:] == (TEXT_SAID, user("A poem again", "More"))


async def test_speech_is_sent_nothing_but_the_words_to_read():
    assert await sent("Read this", agent="media", output="speech") == (user("Read this"),)


async def test_exchanges_keep_their_order_and_each_is_judged_for_itself():
    old = (user("One"), model({"text": "1", "thoughtSignature": "MQ=="}, by=PRO))
    new = (user("Two"), model({"text": "2", "thoughtSignature": "Mg=="}, by=FLASH))
    contents = await sent(history=[old, new])
    assert contents == (user("One"), model("1"), *new, user("Again"))


async def test_an_answer_of_two_models_is_words_to_both():
    mixed = (user("One"), model("1", by=PRO), answered(text="x"), model("2", by=FLASH))
    contents = await sent(history=[mixed])
    assert contents == (user("One"), model("1"), model("x"), model("2"), user("Again"))


async def test_a_run_without_an_answer_is_its_question():
    assert await sent(history=[(user("One"),)]) == (user("One"), user("Again"))


@pytest.mark.parametrize("part", [{"text": "Hm.", "thought": True, "thoughtSignature": "aG0="}])
async def test_a_signed_thought_goes_back_to_its_model_alone(part):
    before = (user("One"), model(part, "1", by=FLASH))
    assert await sent(history=[before]) == (*before, user("Again"))
    other = await sent(history=[before], model="gemini-3-pro")
    assert other == (user("One"), model("1"), user("Again"))


async def test_what_a_run_leaves_is_what_the_next_one_sends_to_each_of_its_agents():
    first = ScriptedModel(
        asks(call("media", "id1", "c2ln", task="A fox", reason="A picture")),
        asks({"text": "A fox:"}, {**THE_FOX, "thoughtSignature": "Zm94"}),
    )
    shelf = Shelf()
    answer = ask(first, "Draw a fox", shelf=shelf)
    await events_of(answer)
    history = [(user("Draw a fox"), *answer.contents())]
    again = ScriptedModel(said("Bluer."))
    await events_of(ask(again, "Bluer", agent="media", history=history, shelf=shelf))
    assert again.requests[0].contents == (
        user("Draw a fox", "A fox", agent="media"),
        model("A fox:", {**THE_FOX, "thoughtSignature": "Zm94"}, by=IMAGE, agent="media"),
        user("Bluer"),
    )
