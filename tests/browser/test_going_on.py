"""Answers that go on: in another tab, over a reload, and until they are stopped."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from emulator.testing import Emulator
from tests.browser.visitor import Visitor

LONG = "Numbers\n/emulate frames=80 size=40 pace=40"
TWO = (
    "Write a story and draw a picture\n"
    "/emulate text: frames=400 size=40 pace=40\n"
    "/emulate media: delay=30"
)
SOME_WORDS = re.compile(r"\S+ \S+ \S+")


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_answer_appears_in_another_tab_while_it_is_written(page: Visitor):
    page.ask_and_wait("Hello")
    other = page.another_tab()
    expect(other.get_by_role("article")).to_have_count(1)

    page.ask(LONG)

    theirs = other.get_by_role("article").last.locator(".answer")
    expect(theirs).to_have_attribute("aria-busy", "true")
    expect(page.words(theirs)).to_contain_text(SOME_WORDS)
    page.wait()
    expect(theirs).to_have_attribute("aria-busy", "false")
    whole = squeezed(Emulator.numbered_text(80))
    assert squeezed(page.words(theirs).inner_text()) == whole


def test_answer_goes_on_after_a_reload_without_a_gap(page: Visitor):
    page.ask(LONG)
    expect(page.words(page.turns.last)).to_contain_text(SOME_WORDS)
    page.reload()

    expect(page.turns.last.locator(".answer")).to_have_attribute("aria-busy", "true")
    words = page.words(page.wait()).inner_text()
    assert squeezed(words) == squeezed(Emulator.numbered_text(80))
    assert len(page.asked()) == 1


def test_two_agents_are_stopped_in_the_middle(page: Visitor):
    page.ask(TWO)
    expect(page.words(page.agent("Text agent"))).to_contain_text(SOME_WORDS)
    expect(page.agent("Media agent").get_by_text("Working", exact=True)).to_be_visible()
    page.press("Stop")

    turn = page.wait()
    for agent in ("Text agent", "Media agent"):
        expect(page.agent(agent).get_by_text("Stopped", exact=True)).to_be_visible()
    expect(turn.get_by_role("strong").filter(has_text="Stopped")).to_be_visible()
    expect(page.words(page.agent("Text agent"))).to_contain_text(SOME_WORDS)
    emulator, key = page.person.server.emulator, page.person.key
    asked = emulator.requests(key=key, count=len(emulator.requests(key=key)), ended=True)
    ends = {request["agent"]: request["ended"] for request in asked}
    assert (ends["text"], ends["media"]) == ("client_disconnected", "client_disconnected")
    page.ask_and_wait("Go on")
