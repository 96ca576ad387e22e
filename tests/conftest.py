"""Fixtures that every part of the tests may use."""

from __future__ import annotations

import gc
import re
from collections.abc import Generator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from tests.people import make_user

TESTS = Path(__file__).parent
# What a folder's tests start. `make quick` leaves all of these out.
MARKS = {
    "browser": ("browser", "server"),
    "cluster": ("chaos", "server"),
    "e2e": ("server",),
    "faults": ("chaos", "server"),
    "secrets": ("server",),
}
# Folders whose tests share servers that are slow to start, and so stay with one worker.
ONE_WORKER = {"browser", "cluster"}
# What takes longest begins first, so that no worker is left alone with it in the end.
FIRST = ("browser", "secrets", "e2e")
# Values that differ in every run: keys and UUIDs.
RANDOM = re.compile(r"AIza|AQ\.|[0-9a-f]{8}-[0-9a-f]{4}-4", re.IGNORECASE)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name no test after a random value: all workers have to collect the same names."""
    text = val.decode("latin-1") if isinstance(val, bytes) else val
    return argname if isinstance(text, str) and RANDOM.search(text) else None


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Mark tests by folder, keep those together that share a fixture, and put long ones first."""
    for item in items:
        path = item.path.relative_to(TESTS)
        folder = path.parts[0]
        for mark in MARKS.get(folder, ()):
            item.add_marker(mark)
        item.add_marker(pytest.mark.xdist_group(folder if folder in ONE_WORKER else str(path)))
    yield  # the plugins choose by mark, and sort by what the tests do to the database
    items.sort(key=_rank)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what is there for good: tests take a tenth less time."""
    gc.collect()
    gc.freeze()


def _rank(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    return FIRST.index(folder) if folder in FIRST else len(FIRST)


@pytest.fixture
def alice(db: None) -> User:
    """Owns what the test is about."""
    return make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    """Has things of his own."""
    return make_user("bob")


@pytest.fixture
def charlie(db: None) -> User:
    """Signed in, and must get nothing."""
    return make_user("charlie")
