"""What a question will cost, before it is sent."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

LONG = "The sea is salty because rivers carry salt into it. " * 60


def test_long_question_shows_tokens_and_price_before_it_is_sent(page: Visitor):
    page.message.fill(LONG)

    expect(page.page.get_by_text(re.compile(r"^about [\d,]+ tokens, .*\$"))).to_be_visible()


def test_short_question_is_not_counted(page: Visitor):
    page.ask_and_wait("Hello")

    paths = [request["path"] for request in page.person.upstream()]
    assert len(paths) == 1
    assert "countTokens" not in paths[0]


def test_question_above_the_limit_is_held_until_it_is_wanted(alice, visit):
    alice.rest("PATCH", "me/", json={"warn_above_tokens": 500})
    page = visit(alice)

    page.ask(LONG)

    expect(page.page.get_by_role("alert")).to_have_text(
        re.compile(r"^This question is about [\d,]+ tokens .*, above your limit of 500\.$")
    )
    assert page.asked() == []
    page.press("Send anyway")
    page.wait()
    assert len(page.asked()) == 1


def test_held_question_can_be_changed(alice, visit):
    alice.rest("PATCH", "me/", json={"warn_above_tokens": 500})
    page = visit(alice)
    page.ask(LONG)

    page.press("Change it")

    expect(page.message).to_be_focused()
    expect(page.message).to_have_value(LONG)
    page.ask_and_wait("Why is the sea salty?")
