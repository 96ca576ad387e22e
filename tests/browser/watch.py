"""What a page must never do, watched over while a test is about something else."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Error, Page, Request

OWN_SCHEMES = ("blob", "data", "about")
TELL_VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI}`))
"""


class Watch:
    """Collects errors, reports of the policy, dialogs and requests to other hosts in a context."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.wrongs: list[str] = []
        self._origin = urlsplit(origin)
        self._expected: list[re.Pattern[str]] = []
        context.add_init_script(TELL_VIOLATIONS)
        context.on("request", self._requested)
        context.on("page", self._opened)
        context.on("requestfailed", self._failed)

    def expect(self, pattern: str) -> None:
        """Let errors that fit the pattern pass: the test is about them."""
        self._expected.append(re.compile(pattern))

    @property
    def unexpected(self) -> list[str]:
        return [
            wrong for wrong in self.wrongs if not any(each.search(wrong) for each in self._expected)
        ]

    def _opened(self, page: Page) -> None:
        page.on("console", self._logged)
        page.on("pageerror", self._raised)
        page.on("dialog", self._asked)

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.wrongs.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _raised(self, error: Error) -> None:
        self.wrongs.append(f"error: {error}")

    def _asked(self, dialog: Dialog) -> None:
        self.wrongs.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _requested(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in OWN_SCHEMES and address.netloc != self._origin.netloc:
            self.wrongs.append(f"request: {request.url}")

    def _failed(self, request: Request) -> None:
        """What the policy stopped never left; the browser's own error tells of it."""
        if request.failure == "csp" and (said := f"request: {request.url}") in self.wrongs:
            self.wrongs.remove(said)
