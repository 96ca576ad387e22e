"""Instructions of one's own: written where they act, seen there, and followed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.test_looks import PHONE, sticks_out, violations
from tests.browser.visitor import Visitor
from tests.people import new_secret


def sign(page: Visitor) -> Locator:
    return page.page.get_by_role("button", name="Your instructions")


def field(page: Visitor, name: str) -> Locator:
    return page.page.get_by_role("dialog").get_by_role("textbox", name=name)


OWN, ALL = "For this conversation", "For every conversation"


def instruct(page: Visitor, **texts: str) -> None:
    sign(page).click()
    for name, text in texts.items():
        field(page, {"own": OWN, "all": ALL}[name]).fill(text)
    page.press("Save")
    expect(page.page.get_by_role("dialog")).to_have_count(0)


def test_those_of_a_new_conversation_go_with_its_first_message_and_stay(page: Visitor):
    expect(sign(page)).to_have_accessible_name("Your instructions: none")
    instruct(page, own='Begin every answer with "Ahoy."', all='End every answer with "Over."')
    expect(sign(page)).to_have_accessible_name(
        "Your instructions: for every conversation and for this one"
    )
    turn = page.ask_and_wait("Why is the sea salty?")
    expect(page.words(turn).first).to_contain_text("Ahoy.")
    expect(page.words(turn).first).to_contain_text("Over.")

    page.reload()
    instruct(page, own='Begin every answer with "Moin."')
    expect(page.words(page.ask_and_wait("And lakes?")).first).to_contain_text("Moin.")
    page.page.get_by_role("link", name="New conversation").click()
    expect(sign(page)).to_have_accessible_name("Your instructions: for every conversation")
    turn = page.ask_and_wait("Why is the sea blue?")
    expect(page.words(turn).first).not_to_contain_text("Ahoy.")
    expect(page.words(turn).first).to_contain_text("Over.")


def test_what_cannot_be_kept_says_why_and_stays_to_be_changed(page: Visitor):
    sign(page).click()
    field(page, OWN).fill(f"Use {new_secret()}")
    field(page, ALL).fill("x" * 8_001)
    page.press("Save")
    dialog = page.page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_have_text(
        ["This looks like a Gemini key. Store it under Keys instead.",
         "Shorten it to 8,000 characters."]
    )  # fmt: skip
    expect(dialog).to_contain_text("8,001 of 8,000 characters.")
    field(page, OWN).fill("In rhymes.")
    field(page, ALL).fill("Briefly.")
    page.press("Save")
    expect(dialog).to_have_count(0)
    assert page.person.get("me/")["instructions"] == "Briefly."


def test_settings_hold_those_for_every_conversation(page: Visitor):
    page.open("/#/settings")
    page.page.get_by_role("textbox", name="What should hold").fill("Call me Ada.")
    page.press("Save instructions")
    expect(page.page.get_by_text("Saved.")).to_be_visible()
    page.page.get_by_role("link", name="New conversation").click()
    page.ask_and_wait("Hello")
    system = page.asked()[0]["systemInstruction"]["parts"][0]["text"]
    assert system.endswith("\n\nCall me Ada.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("options", [{}, PHONE], ids=["wide", "phone"])
def test_it_is_accessible_and_fits(visit, alice, options, scheme):
    page = visit(alice, color_scheme=scheme, **options)
    instruct(page, own="In rhymes.")
    assert violations(page) == []
    sign(page).click()
    field(page, OWN).fill("A long text. " * 400)
    assert violations(page) == []
    assert sticks_out(page) == []
    box = page.page.get_by_role("dialog").bounding_box()
    window = page.page.viewport_size
    assert box
    assert window
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= window["height"]
