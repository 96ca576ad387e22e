"""When something goes wrong, the page says what, and what can be done."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.visitor import Visitor


def test_spent_quota_counts_down_and_offers_a_lighter_model(page: Visitor):
    page.page.clock.install()
    page.reload()
    page.ask("Hello\n/emulate error=429 retry=40 times=1", who="Answer directly")

    turn = page.wait()
    expect(turn.get_by_role("alert")).to_contain_text("quota at Google is used up")
    expect(turn.get_by_role("link", name="Use another key")).to_be_visible()
    waiting = turn.get_by_role("button", name=re.compile(r"^Try again in \d+ s$"))
    expect(waiting).to_be_disabled()
    page.page.clock.fast_forward(41_000)
    expect(turn.get_by_role("button", name="Try again", exact=True)).to_be_enabled()
    page.press("Try again with Gemini 3 Flash-Lite", turn)
    expect(turn.get_by_text("2 / 2")).to_be_visible()
    expect(page.wait()).to_contain_text("gemini-3.5-flash-lite")


def test_agent_that_fails_is_shown_and_worked_around(page: Visitor):
    turn = page.ask_and_wait("Write a story and draw a picture\n/emulate text: block=SAFETY")

    expect(page.agent("Text agent").get_by_text("Failed", exact=True)).to_be_visible()
    expect(page.agent("Text agent")).to_contain_text("safety rules stopped this question")
    expect(page.agent("Media agent").get_by_text("Done", exact=True)).to_be_visible()
    expect(turn.locator(".answer")).to_contain_text("could not finish")
    expect(turn.locator(".answer > .notice")).to_have_count(0)


def test_blocked_question_is_told_and_not_offered_again(page: Visitor):
    turn = page.ask_and_wait("Hello\n/emulate block=SAFETY", who="Answer directly")

    expect(turn.get_by_role("alert")).to_have_text(
        "Gemini's safety rules stopped this question. Put it differently."
    )
    expect(turn.get_by_role("button", name=re.compile("^Try again"))).to_have_count(0)


def test_answer_that_breaks_off_keeps_its_words(page: Visitor):
    turn = page.ask_and_wait("Hello\n/emulate frames=20 size=40 eof=5", who="Answer directly")

    expect(page.words(turn)).to_contain_text(re.compile(r"\S+ \S+"))
    expect(turn.get_by_role("alert")).to_contain_text("broke off before its end")
    expect(turn.get_by_role("button", name="Try again", exact=True)).to_be_enabled()


def test_key_that_repeats_itself_never_shows(page: Visitor):
    turn = page.ask_and_wait("Hello\n/emulate leak", who="Answer directly")

    expect(turn.locator(".answer")).to_contain_text("this is the model repeating it")
    expect(page.page.locator("body")).not_to_contain_text(page.person.key)


def test_without_a_key_the_page_leads_to_adding_one(visit, server):
    page = visit(server.person("charlie", with_key=False))

    page.page.get_by_role("link", name="Add a key").click()

    expect(page.page.get_by_role("heading", name="Add a key")).to_be_visible()
