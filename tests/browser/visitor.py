"""Somebody in front of the page: what they do, and where they look."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.watch import Watch
from tests.e2e.server import Person

expect.set_options(timeout=10_000)


class Visitor:
    """A person with a browser of their own; ``page`` is the tab they look at."""

    def __init__(self, person: Person, context: BrowserContext) -> None:
        self.person = person
        self.context = context
        self.watch = Watch(context, person.server.url)
        self.page = context.new_page()

    def open(self, address: str = "/") -> None:
        self.page.goto(self.person.server.url + address)

    def another_tab(self) -> Page:
        """A second tab on the same address."""
        page = self.context.new_page()
        page.goto(self.page.url)
        return page

    # What they do

    def ask(self, words: str, who: str = "") -> None:
        """Write a message and send it; does not wait for the answer.

        Args:
            who: is to answer, as the list under the message names them; empty: as it stands.
        """
        if who:
            self.choose("Who answers", who)
        self.message.fill(words)
        self.page.get_by_role("button", name="Send").click()

    def ask_and_wait(self, words: str, who: str = "") -> Locator:
        """Write, send, and wait until the answer is over; returns the last exchange."""
        before = self.turns.count()
        self.ask(words, who)
        expect(self.turns).to_have_count(before + 1)
        return self.wait()

    def wait(self) -> Locator:
        """Until the last answer is over."""
        last = self.turns.last
        expect(last.locator(".answer")).to_have_attribute("aria-busy", "false")
        return last

    def press(self, name: str, within: Locator | None = None) -> None:
        (within or self.page).get_by_role("button", name=name, exact=True).click()

    def choose(self, field: str, option: str) -> None:
        self.page.get_by_role("combobox", name=field, exact=True).select_option(label=option)

    def reload(self) -> None:
        """Load the page again, and wait until what was said is there again."""
        before = self.turns.count()
        self.page.reload()
        expect(self.turns).to_have_count(before)

    # Where they look

    @property
    def message(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    @property
    def turns(self) -> Locator:
        """Questions with their answers, oldest first."""
        return self.page.get_by_role("article")

    def agent(self, name: str) -> Locator:
        """What an agent did, in its own frame, in the last exchange."""
        return self.turns.last.get_by_role("group", name=name, exact=True)

    @staticmethod
    def words(of: Locator) -> Locator:
        """What was written in an exchange, or by an agent; without thoughts."""
        return of.locator(".parts > .markdown")

    @property
    def attached(self) -> Locator:
        """Files that go with the message being written."""
        return self.page.locator("form").get_by_role("list", name="Attached files")

    @property
    def thread_id(self) -> str:
        found = re.search(r"#/t/(.+)$", self.page.url)
        assert found is not None, self.page.url
        return found[1]

    # What was asked of the model

    def asked(self, agent: str | None = None) -> list[dict[str, Any]]:
        """The bodies of the requests for answers made with this person's key, oldest first."""
        return [
            request["body"]
            for request in self.person.upstream()
            if "enerateContent" in request["path"] and agent in (None, request["agent"])
        ]
