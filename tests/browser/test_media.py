"""Pictures and speech that agents make."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.reading import duration_s, is_drawn, seek
from tests.browser.test_attaching import PICTURE
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
    page.press("Speech: left to the model")
    page.choose("Voice", "Puck, upbeat")
    page.press("Done")
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


def test_picture_has_the_chosen_shape_and_its_price_is_told_before(page: Visitor):
    page.choose("Who answers", "Media: picture")
    expect(page.page.get_by_text("A 1K picture by Nano Banana 2.1: $0.034.")).to_be_visible()
    page.press("Picture: left to the model")
    page.choose("Ratio", "16:9, wide")
    page.choose("Size", "2K, $0.05")
    page.page.keyboard.press("Escape")
    menu = page.page.get_by_role("button", name="Picture: 16:9 · 2K")
    expect(menu).to_be_focused()
    expect(page.page.get_by_text("A 2K picture by Nano Banana 2.1: $0.05.")).to_be_visible()
    turn = page.ask_and_wait("Draw a red house")

    image = turn.get_by_role("img").last
    assert is_drawn(image)
    size = image.evaluate("(image) => [image.naturalWidth, image.naturalHeight]")
    assert size == [2048, 1152]
    [request] = page.asked("media")
    assert request["generationConfig"]["imageConfig"] == {"aspectRatio": "16:9", "imageSize": "2K"}


def test_more_pictures_than_the_model_follows_are_told_before(page: Visitor):
    page.choose("Who answers", "Media: picture")
    few = [{**PICTURE, "name": f"{number}.png"} for number in range(15)]
    page.page.locator("input[type=file]").first.set_input_files(few)

    told = "Nano Banana 2.1 follows at most 14 pictures, and here are 15. Remove some."
    expect(page.page.get_by_text(told)).to_be_visible()


def test_dialogue_is_spoken_by_two_voices_in_a_style(page: Visitor):
    page.choose("Who answers", "Media: speech")
    page.press("Speech: left to the model")
    page.choose("Second voice", "Puck, upbeat")
    expect(page.page.get_by_text("Begin each line with who speaks")).to_be_visible()
    page.page.get_by_role("textbox", name="Style").fill("whispering")
    page.press("Done")
    page.ask_and_wait("Anna: Hello, Tom.\nTom: Good morning!")

    [request] = page.asked()
    assert [part["speechMetadata"] for part in request["contents"][0]["parts"]] == [
        {"speaker": "Anna", "style": "whispering"},
        {"speaker": "Tom", "style": "whispering"},
    ]
    several = request["generationConfig"]["speechConfig"]["multiSpeakerVoiceConfig"]
    voices = [
        one["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"]
        for one in several["speakerVoiceConfigs"]
    ]
    assert voices == ["Kore", "Puck"]


def test_video_that_cannot_be_made_is_refused_in_words(page: Visitor):
    page.person.server.emulator.script(
        {"calls": [{"name": "ask_media_agent", "args": {"task": "a film", "output": "video"}}]},
        key=page.person.key,
        agent="coordinator",
    )
    page.ask_and_wait("Make a film about bees")

    expect(page.agent("Media agent")).to_contain_text("cannot make videos")
