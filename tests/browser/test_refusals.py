"""What Google refuses, as a person sees it: the true reason, and a next step that fits."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.visitor import Visitor


def refused(page: Visitor, fault: str) -> Locator:
    turn = page.ask_and_wait(f"Hello\n/emulate fault={fault}", who="Answer directly")
    expect(turn.get_by_role("alert")).to_be_visible()
    return turn


@pytest.mark.parametrize(
    ("fault", "words", "step", "where"),
    [
        ("prepay-402", "no credit left", "Add credit at Google", "aistudio.google.com/billing"),
        ("spend-cap", "spending cap", "Add credit at Google", "aistudio.google.com/billing"),
        ("standard-key", "begins with AQ.", "Make a new key at Google", "aistudio.google.com/api"),
        ("referrer", "certain websites", "Change its restrictions at Google", "console.cloud"),
        ("api-disabled", "not enabled", "Enable the API at Google", "generativelanguage"),
    ],
)
def test_what_is_mended_at_google_leads_there(page: Visitor, fault, words, step, where):
    turn = refused(page, fault)
    expect(turn.get_by_role("alert")).to_contain_text(words)
    link = turn.get_by_role("link", name=step)
    expect(link).to_have_attribute("href", re.compile(re.escape(where)))
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(turn.get_by_role("button", name=re.compile("^Try again"))).to_have_count(0)


def test_a_model_that_needs_billing_offers_another_one_and_no_countdown(page: Visitor):
    page.page.get_by_role("combobox", name="Model", exact=True).select_option("gemini-3-pro")
    turn = refused(page, "limit-zero times=1")
    expect(turn.get_by_role("alert")).to_contain_text("needs a key with billing")
    expect(turn.get_by_text(re.compile(r"in \d+ s"))).to_have_count(0)
    page.press("Try again with Gemini 3 Flash", turn)
    answered = page.wait()
    expect(answered.get_by_role("alert")).to_have_count(0)
    assert page.words(answered).inner_text().strip()


def test_a_place_that_google_does_not_serve_is_not_the_keys_fault(page: Visitor):
    turn = refused(page, "region")
    expect(turn.get_by_role("alert")).to_contain_text("The key is not at fault")


def test_tools_that_are_refused_are_left_out_and_that_is_told(page: Visitor):
    turn = page.ask_and_wait("Hello\n/emulate fault=tools", who="Answer directly")
    expect(turn.get_by_text("the answer is made without them")).to_be_visible()
    expect(turn.get_by_role("alert")).to_have_count(0)


def test_an_answer_that_is_none_is_told(page: Visitor):
    turn = page.ask_and_wait("Hello\n/emulate empty", who="Answer directly")
    expect(turn.get_by_role("alert")).to_contain_text("Gemini gave no answer")
    expect(turn.get_by_role("button", name="Try again", exact=True)).to_be_enabled()


def test_a_long_answer_is_one_message(page: Visitor):
    turn = page.ask_and_wait("Hello\n/emulate frames=30 size=20 continue=2", who="Answer directly")
    expect(turn.get_by_role("alert")).to_have_count(0)
    words = "".join(page.words(turn).inner_text().split())
    assert words == "".join(page.person.server.emulator.numbered_text(30, 20).split())
    assert len([one for one in page.asked() if "continuationToken" in one]) == 2


def test_a_file_that_google_cannot_use_is_named_and_the_thread_goes_on(page: Visitor):
    page.page.locator("input[type=file]").first.set_input_files(
        {"name": "scan.txt", "mimeType": "text/plain", "buffer": b"Nothing to read."}
    )
    turn = page.ask_and_wait(
        "What does it say?\n/emulate fault=no-pages times=1", who="Answer directly"
    )
    expect(turn.get_by_role("alert")).to_contain_text("“scan.txt”")
    expect(turn.get_by_text("Google cannot use this file")).to_be_visible()

    following = page.ask_and_wait("Never mind. Hello!")
    expect(following.get_by_role("alert")).to_have_count(0)
    assert "inlineData" not in str(page.asked()[-1])
    page.reload()
    expect(page.turns.first.get_by_text("Google cannot use this file")).to_be_visible()

    expect(page.turns.first.get_by_role("button", name="Ask without the file")).to_be_enabled()


# Names are ordinary words.


@pytest.mark.parametrize("words", ["@media print does not work in Safari", "@Text me tomorrow"])
def test_names_in_a_message_are_words(page: Visitor, words):
    page.ask_and_wait(words)
    [request, *_] = page.asked()
    assert words in str(request["contents"][-1])
    expect(page.page.get_by_role("combobox", name="Who answers")).to_have_value("auto")


def test_an_agent_is_chosen_by_keys_from_the_menu_that_an_at_opens(page: Visitor):
    page.message.press_sequentially("@te")
    menu = page.page.get_by_role("listbox", name="Who is to answer")
    expect(menu.get_by_role("option")).to_have_count(2)
    page.message.press("ArrowDown")
    expect(menu.get_by_role("option", name="Text agent")).to_have_attribute("aria-selected", "true")
    page.message.press("Enter")
    expect(menu).to_have_count(0)
    expect(page.message).to_have_value("")
    expect(page.page.get_by_role("combobox", name="Who answers")).to_have_value("text")
    page.ask_and_wait("Hello")
    assert page.asked("coordinator") == []


def test_an_agent_is_chosen_with_a_finger_and_the_rest_stays(page: Visitor):
    page.message.press_sequentially("Draw a fox @")
    menu = page.page.get_by_role("listbox", name="Who is to answer")
    menu.get_by_role("option", name="Media: picture").click()
    expect(page.message).to_have_value("Draw a fox ")
    expect(page.message).to_be_focused()


def test_the_menu_goes_with_escape_and_what_was_typed_stays(page: Visitor):
    page.message.press_sequentially("@me")
    menu = page.page.get_by_role("listbox", name="Who is to answer")
    expect(menu).to_be_visible()
    page.message.press("Escape")
    expect(menu).to_have_count(0)
    expect(page.message).to_have_value("@me")
