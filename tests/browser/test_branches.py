"""Versions of a conversation: edited, asked again, and gone on with."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.visitor import Visitor


def questions(page: Visitor) -> Locator:
    return page.page.locator("article .prompt")


def edit(page: Visitor, turn: Locator, words: str) -> None:
    page.press("Edit this message", turn)
    field = turn.get_by_role("textbox", name="Message")
    field.fill(words)
    page.press("Save and send", turn)


def said(body) -> list[str]:
    """The user's words in a request."""
    users = [content for content in body["contents"] if content["role"] == "user"]
    return [part["text"] for content in users for part in content["parts"] if "text" in part]


def test_edited_message_begins_a_version_and_the_old_one_stays(page: Visitor):
    page.ask_and_wait("Tell me of bees")
    page.ask_and_wait("And of wasps")

    edit(page, page.turns.first, "Tell me of ants")
    page.wait()

    expect(questions(page)).to_have_text(["Tell me of ants"])
    expect(page.turns.last.get_by_text("2 / 2")).to_be_visible()
    page.turns.last.get_by_role("button", name=re.compile("^Version before")).click()
    expect(questions(page)).to_have_text(["Tell me of bees", "And of wasps"])
    expect(page.turns.first.get_by_text("1 / 2")).to_be_visible()


def test_only_the_branch_on_screen_is_sent(page: Visitor):
    page.ask_and_wait("Tell me of bees")
    page.ask_and_wait("And of wasps")
    edit(page, page.turns.last, "And of hornets")
    page.wait()
    page.turns.last.get_by_role("button", name=re.compile("^Version before")).click()
    expect(questions(page)).to_have_text(["Tell me of bees", "And of wasps"])

    page.ask_and_wait("Which of them sting?")

    requests = [said(body) for body in page.asked("coordinator")]
    assert requests[-2] == ["Tell me of bees", "And of hornets"]
    assert requests[-1] == ["Tell me of bees", "And of wasps", "Which of them sting?"]
    page.reload()
    expect(questions(page)).to_have_text(
        ["Tell me of bees", "And of wasps", "Which of them sting?"]
    )


def test_answered_again_both_answers_are_there(page: Visitor):
    turn = page.ask_and_wait("Tell me of bees")
    page.press("Answer again", turn)

    expect(page.turns.last.get_by_text("2 / 2")).to_be_visible()
    page.wait()
    expect(questions(page)).to_have_text(["Tell me of bees"])
    assert [said(body) for body in page.asked("coordinator")] == [["Tell me of bees"]] * 2


def test_editing_can_be_left_without_a_trace(page: Visitor):
    turn = page.ask_and_wait("Tell me of bees")
    page.press("Edit this message", turn)
    page.page.keyboard.press("Escape")

    expect(questions(page)).to_have_text(["Tell me of bees"])
    expect(turn.get_by_role("button", name="Edit this message")).to_be_focused()
    assert len(page.asked()) == 1
