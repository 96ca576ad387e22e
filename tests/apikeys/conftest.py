"""Keys are checked with the emulator in the place of Google."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.testing import Emulator, running


@pytest.fixture(scope="session")
def emulator_server() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture
def emulator(emulator_server: Emulator) -> Emulator:
    emulator_server.clear()
    return emulator_server


@pytest.fixture
def google(settings, emulator: Emulator) -> Emulator:
    settings.GEMINI_BASE_URL = emulator.base_url
    return emulator
