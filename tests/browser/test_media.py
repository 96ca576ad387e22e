"""Pictures and speech that agents make."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.reading import duration_s, is_drawn, seek
from tests.browser.visitor import Visitor


def signed_pictures(body):
    """The pictures of the model's in a request, with their signatures."""
    parts = [part for content in body["contents"] for part in content["parts"]]
    return [part["thoughtSignature"] for part in parts if part.get("inlineData")]


def test_picture_is_made_and_changed_again_and_again(page: Visitor):
    page.choose("Who answers", "Media: picture")
    for number, words in enumerate(("Draw a red house", "Make it blue", "Add a tree"), start=1):
        turn = page.ask_and_wait(words)
        assert is_drawn(turn.get_by_role("img").last)
        expect(page.page.locator("article .answer img")).to_have_count(number)

    expect(turn.locator(".answer")).to_contain_text("Here it is changed")
    requests = page.asked("media")
    assert [len(signed_pictures(body)) for body in requests] == [0, 1, 2]


def test_picture_is_changed_after_a_reload_too(page: Visitor):
    page.ask_and_wait("Draw a red house", who="Media: picture")
    page.reload()

    turn = page.ask_and_wait("Make the picture blue", who="Media: picture")

    assert is_drawn(turn.get_by_role("img").last)
    expect(turn.locator(".answer")).to_contain_text("Here it is changed")


def test_speech_plays_from_a_signed_address_and_can_be_sought(page: Visitor):
    parts = []
    page.page.on("response", lambda answer: parts.append((answer.status, answer.url)))
    page.choose("Who answers", "Media: speech")
    page.choose("Voice", "Puck, upbeat")
    turn = page.ask_and_wait("The sea is salty because rivers carry salt into it.")

    player = turn.locator("audio")
    expect(player).to_have_attribute("src", re.compile(r"^/api/files/[0-9a-f-]{36}/\?\w+="))
    length = duration_s(player)
    assert length > 1
    assert seek(player, length / 2) == pytest.approx(length / 2, abs=0.1)
    address = page.person.server.url + str(player.get_attribute("src"))
    assert {status for status, url in parts if url == address} == {206}
    [request] = page.asked("media") + page.asked("")
    voice = request["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]
    assert voice == {"voiceName": "Puck"}


def test_video_that_cannot_be_made_is_refused_in_words(page: Visitor):
    page.person.server.emulator.script(
        {"calls": [{"name": "ask_media_agent", "args": {"task": "a film", "output": "video"}}]},
        key=page.person.key,
        agent="coordinator",
    )
    page.ask_and_wait("Make a film about bees")

    expect(page.agent("Media agent")).to_contain_text("cannot make videos")
