"""Chromium, a real server, the emulator, and people with a page in front of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from emulator.testing import Emulator, running
from tests.browser.visitor import Visitor
from tests.e2e.server import ROOT, ChatServer, Person, Place
from tests.people import PASSWORD

Visit = Callable[..., Visitor]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOTHING_OUTSIDE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
WINDOW = {"width": 1280, "height": 860}
WAITS_MS = 10_000


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser of the machine; it resolves no name but this machine's address."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium on this machine")
    if not (ROOT / "var/static/index.html").exists():
        pytest.skip("the page is not built")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[NOTHING_OUTSIDE])
        yield browser
        browser.close()


class BrowserPlace(Place):
    """With the patience of production: a browser on a busy machine needs it."""

    def environment(self, emulator: Emulator, port: int) -> dict[str, str]:
        patient = {"SOCKET_AUTH_S": "10", "RUN_FIRST_BYTE_S": "40", "RUN_IDLE_S": "20"}
        return super().environment(emulator, port) | patient | {"LOGIN_PER_ACCOUNT": "1000"}


@pytest.fixture(scope="package")
def emulator() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture(scope="package")
def server(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    place = BrowserPlace.new(tmp_path_factory.mktemp("browser"))
    result = place.manage(emulator, "migrate", "-v", "0")
    assert result.returncode == 0, result.stderr
    server = ChatServer("uvicorn", place, emulator)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def visit(chromium: Browser, server: ChatServer) -> Iterator[Visit]:
    """Opens the page for somebody who is signed in; in the end nothing may have gone wrong."""
    visitors: list[Visitor] = []

    def visit(person: Person, **options: Any) -> Visitor:
        context = chromium.new_context(
            **{"viewport": WINDOW, "locale": "en-GB", "storage_state": signed_in(person), **options}
        )
        context.set_default_timeout(WAITS_MS)
        visitor = Visitor(person, context)
        visitors.append(visitor)
        visitor.open()
        return visitor

    yield visit
    wrongs = [wrong for visitor in visitors for wrong in visitor.watch.unexpected]
    for visitor in visitors:
        visitor.context.close()
    assert wrongs == []


def signed_in(person: Person) -> Any:
    """What a browser holds in which somebody signed in earlier."""
    named = {"username": person.username, "password": PASSWORD}
    tokens = person.server.http.post("/api/token/", json=named).json()
    held = [{"name": "chatproject.refresh", "value": tokens["refresh"]}]
    return {"cookies": [], "origins": [{"origin": person.server.url, "localStorage": held}]}


@pytest.fixture
def alice(server: ChatServer) -> Person:
    """Has a key and asks."""
    return server.person("alice")


@pytest.fixture
def page(visit: Visit, alice: Person) -> Visitor:
    """Alice's, with a new conversation open."""
    return visit(alice)
