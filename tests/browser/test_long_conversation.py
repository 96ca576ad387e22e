"""A long conversation: its end is there at once, the rest when somebody scrolls up to it."""

from __future__ import annotations

from uuid import uuid4

from playwright.sync_api import expect

from conversations.messages import RUNS_PAGE_SIZE
from tests.browser.visitor import Visitor
from tests.e2e.client import question


def test_scrolling_up_brings_what_was_said_before(page: Visitor):
    thread_id = str(uuid4())
    for number in range(RUNS_PAGE_SIZE + 5):
        asked = question(f"Number {number} /emulate frames=1", thread_id)
        headers = {"authorization": f"Bearer {page.person.access}"}
        done = page.person.server.http.post("/chat/stream", json=asked, headers=headers)
        assert "RUN_FINISHED" in done.text
    page.open(f"/#/t/{thread_id}")
    page.page.reload()

    expect(page.turns).to_have_count(RUNS_PAGE_SIZE)
    expect(page.turns.last).to_be_in_viewport()
    seen = page.turns.first
    expect(seen).to_contain_text("Number 5")
    page.turns.nth(2).hover()
    page.page.mouse.wheel(0, -100_000)

    expect(page.turns).to_have_count(RUNS_PAGE_SIZE + 5)
    expect(page.turns.first).to_contain_text("Number 0")
    expect(page.page.get_by_role("button", name="Earlier messages")).to_have_count(0)
