"""What there is to know of a model is seen before it is asked."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.visitor import Visitor

XENON = "gemini-4-xenon"


def in_the_sheet(page: Visitor, name: str) -> Locator:
    sheet = page.page.get_by_role("dialog", name="Models")
    return sheet.get_by_role("listitem").filter(has_text=name)


def compare(page: Visitor) -> None:
    page.page.get_by_role("button", name="Compare models").click()


def test_models_are_compared_and_one_is_chosen(page: Visitor):
    compare(page)
    carbon = in_the_sheet(page, "Gemini 4 Carbon")
    expect(carbon).to_contain_text("Reasons deepest")
    expect(carbon).to_contain_text("per million tokens")
    expect(carbon).to_contain_text("Needs billing")
    expect(in_the_sheet(page, "Gemini 3 Pro")).to_contain_text("Preview")
    in_the_sheet(page, "Gemini 4 Neon").get_by_role("radio").check()
    page.page.get_by_role("button", name="Done").click()
    page.choose("Thinking", "Highest")

    page.ask_and_wait("Why is the sea salty?")
    [request] = page.asked()
    assert request["generationConfig"]["thinkingConfig"]["thinkingLevel"] == "xhigh"


def test_a_model_that_was_published_today_is_chosen_and_has_no_price(visit, server):
    server.emulator.publish(XENON, label="Gemini 4 Xenon")
    page = visit(server.person("alice"))
    compare(page)
    xenon = in_the_sheet(page, "Gemini 4 Xenon")
    expect(xenon).to_contain_text("Price not known")
    expect(xenon).to_contain_text("New")
    page.page.keyboard.press("Escape")
    page.choose("Model", "Gemini 4 Xenon (new)")
    expect(page.ask_and_wait("Hello")).to_contain_text(XENON)


@pytest.mark.skipif(date.today() >= date(2026, 12, 1), reason="it has ended")  # noqa: DTZ011
def test_an_end_is_told_before_it_comes(page: Visitor):
    page.choose("Model", "Gemini 2.5 Pro (ends on 2026-12-01)")
    note = page.page.get_by_role("status").filter(has_text="Gemini 2.5 Pro ends on")
    expect(note).to_contain_text("choose Gemini 3 Flash")
