"""At the front door, and what a browser holds of those who went in."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.reading import stored_by
from tests.browser.visitor import Visitor
from tests.people import PASSWORD, assert_secret_free

NOBODY = {"cookies": [], "origins": []}


def test_somebody_signs_in_and_out_again(visit, alice):
    page = visit(alice, storage_state=NOBODY)
    page.page.get_by_label("User name").fill(alice.username)
    page.page.get_by_label("Password").fill(PASSWORD)
    page.press("Sign in")

    expect(page.page.get_by_role("heading", name="What shall we work on?")).to_be_visible()
    page.reload()
    expect(page.page.get_by_text(alice.username)).to_be_visible()
    page.press("Sign out")
    expect(page.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert page.page.evaluate("localStorage.getItem('chatproject.refresh')") is None


def test_nothing_of_a_person_is_on_the_page_after_sign_out(visit, server):
    page = visit(server.person("alice"))
    page.ask_and_wait("Where is the treasure of the old king?")
    expect(page.page).to_have_title(re.compile("treasure"))
    page.press("Sign out")
    expect(page.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    expect(page.page).to_have_title("chatproject")
    assert page.page.url.endswith("#/")
    assert "treasure" not in page.page.content()
    assert page.page.get_by_label("User name").input_value() == ""


def test_wrong_password_is_told_in_words(visit, alice):
    page = visit(alice, storage_state=NOBODY)
    page.watch.expect("status of 40[01]")
    page.page.get_by_label("User name").fill(alice.username)
    page.page.get_by_label("Password").fill("not this one")
    page.press("Sign in")

    expect(page.page.get_by_role("alert")).to_be_visible()


def test_added_key_leaves_no_trace_in_the_browser(visit, server):
    person = server.person("alice", with_key=False)
    page = visit(person)
    key = server.emulator.new_key()
    page.open("/#/keys")
    page.page.get_by_label("Name").fill("Personal")
    page.page.get_by_label("Key", exact=True).fill(key)
    page.press("Add key")

    expect(page.page.get_by_text("“Personal” works and is stored.")).to_be_visible()
    assert_secret_free(stored_by(page.page), key)
    page.open("/#/")
    page.ask_and_wait("Hello")
    page.reload()
    expect(page.turns).to_have_count(1)
    held = stored_by(page.page)
    assert_secret_free(held, key)
    assert_secret_free(page.context.storage_state(indexed_db=True), key)
    assert held["databases"] == held["caches"] == []
    assert held["session"] == {}


def test_message_that_looks_like_a_key_is_held_back(page: Visitor):
    key = page.person.server.emulator.new_key()
    page.ask(f"Is {key} a good key?")

    expect(page.page.get_by_role("alert")).to_contain_text("This looks like a Gemini key.")
    assert page.asked() == []
    expect(page.turns).to_have_count(0)
