"""On a small screen, in the dark, and for those who hear or tab through the page."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.saying import say
from tests.browser.test_asking import BOTH
from tests.browser.test_attaching import NOTES, PICTURE, pick
from tests.browser.visitor import Visitor
from tests.e2e.server import ROOT

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
JUDGED = """
async () => (await axe.run(document, { iframes: false })).violations.map(
  ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
"""


WANTED = {"picture": ["9:16, tall"], "speech": ["Puck, upbeat"]}
WIDER = """
() => [document.documentElement, ...document.querySelectorAll('main section, main .scroll')]
  .filter((box) => box.scrollWidth > box.clientWidth)
  .filter((box) => box === document.documentElement || getComputedStyle(box).overflowX === 'auto')
  .map((box) => `${box.localName}.${box.className}: ${box.scrollWidth} in ${box.clientWidth}`)
"""


def sticks_out(page: Visitor) -> list[str]:
    """What can be pushed sideways: the page, or the part of it that scrolls."""
    found: list[str] = page.page.evaluate(WIDER)
    return found


def violations(page: Visitor) -> list[str]:
    """What axe-core finds wrong with the page as it stands."""
    page.page.evaluate(AXE.read_text())
    found: list[str] = page.page.evaluate(JUDGED)
    return found


@pytest.fixture(scope="package")
def talkative(server, chromium: Browser) -> Any:
    """Has a conversation with sources, code and a picture; returns the person and its address."""
    person = server.person("alice")
    thread_id = say(person, BOTH)
    say(person, "Plot a chart of how long these words are", thread_id, agent="text")
    say(person, "A table of salts, and a program", thread_id, agent="text")
    say(person, "Hello\n/emulate block=SAFETY", thread_id, agent="direct")
    return person, f"/#/t/{thread_id}"


def everything_loaded(page: Visitor) -> None:
    expect(page.turns).to_have_count(4)
    for picture in page.page.locator(".answer img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_conversation_with_all_kinds_of_answers_is_accessible(visit, talkative, scheme):
    person, address = talkative
    page = visit(person, color_scheme=scheme)
    page.open(address)
    everything_loaded(page)
    for fold in page.page.locator("details > summary").all():
        fold.click()

    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_composer_with_files_is_accessible(visit, alice, scheme):
    page = visit(alice, color_scheme=scheme)
    page.watch.expect("status of 415")
    pick(page, PICTURE, NOTES, {"name": "tool.exe", "mimeType": "", "buffer": b"MZ" + b"\0" * 200})
    expect(page.attached.locator(".wrong")).to_be_visible()
    page.message.fill("What are these?")
    expect(page.page.get_by_text("tokens")).to_be_visible()

    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["picture", "speech"])
def test_choosing_how_media_is_made_is_accessible(visit, alice, scheme, kind):
    page = visit(alice, color_scheme=scheme)
    page.choose("Who answers", f"Media: {kind}")
    page.press(f"{kind.title()}: left to the model")
    expect(page.page.get_by_role("dialog", name=kind.title())).to_be_visible()
    if kind == "speech":
        page.choose("Second voice", "Puck, upbeat")

    assert violations(page) == []


@pytest.mark.parametrize("kind", ["picture", "speech"])
def test_how_media_is_made_is_chosen_in_the_sheet_on_a_phone(visit, alice, kind):
    page = visit(alice, **PHONE)
    page.choose("Who answers", f"Media: {kind}")
    page.press("Options")
    page.choose("Ratio" if kind == "picture" else "Second voice", *WANTED[kind])
    assert sticks_out(page) == violations(page) == []
    page.press("Done")

    expect(page.page.get_by_role("button", name="Options (changed")).to_be_visible()
    assert sticks_out(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_settings_keys_and_usage_are_accessible(visit, talkative, scheme):
    person, _ = talkative
    page = visit(person, color_scheme=scheme)
    found = {}
    for name in ("settings", "keys", "usage"):
        page.open(f"/#/{name}")
        main = page.page.get_by_role("main")
        expect(main.get_by_role("heading", name=name.title(), level=1)).to_be_visible()
        expect(main.locator("section, table").last).to_be_visible()
        found[name] = violations(page)

    assert found == {"settings": [], "keys": [], "usage": []}


def test_sign_in_is_accessible(visit, alice):
    page = visit(alice, storage_state={"cookies": [], "origins": []})
    expect(page.page.get_by_role("heading", name="Welcome back")).to_be_visible()

    assert violations(page) == []


def test_nothing_sticks_out_on_a_phone(visit, talkative):
    person, address = talkative
    page = visit(person, **PHONE)
    wide = []
    for place in (address, "/#/", "/#/settings", "/#/keys", "/#/usage"):
        page.open(place)
        expect(page.page.get_by_role("heading", level=1)).to_be_visible()
        if place == address:
            everything_loaded(page)
        wide += sticks_out(page)

    assert wide == []


def test_options_open_in_a_sheet_on_a_phone(visit, alice):
    page = visit(alice, **PHONE)
    page.press("Options")
    sheet = page.page.get_by_role("dialog", name="Options for this conversation")
    page.choose("Thinking", "High")
    sheet.get_by_role("button", name="Search").click()
    assert sticks_out(page) == []
    page.press("Done")

    expect(sheet).to_have_count(0)
    expect(page.page.get_by_role("button", name="Options (changed")).to_be_visible()
    page.ask_and_wait("Hello", who="Text agent")
    [request] = page.asked("text")
    assert request["generationConfig"]["thinkingConfig"]["thinkingLevel"].lower() == "high"
    assert "googleSearch" not in {name for each in request["tools"] for name in each}


def test_conversations_are_behind_a_button_on_a_phone(visit, talkative):
    person, _ = talkative
    page = visit(person, **PHONE)
    page.press("Conversations")
    page.page.get_by_role("navigation").get_by_role("link", name="Write a short poem").click()

    expect(page.turns).to_have_count(4)


def test_dark_follows_the_system_until_somebody_chooses(visit, alice):
    page = visit(alice, color_scheme="dark")

    def paper() -> int:
        """How light the page is, up to 765."""
        colour = page.page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour[4:-1].split(",")[:3])

    expect(page.message).to_be_visible()
    assert paper() < 200
    page.press("Colours: as the system. Change")
    assert paper() > 600
    page.reload()
    expect(page.message).to_be_visible()
    assert paper() > 600
