"""The client in front of the emulator, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from emulator.testing import Emulator, running
from gemini.client import GeminiClient
from gemini.pool import Endpoint
from tests.gemini.recordings import FOLDER


@pytest.fixture(scope="session")
def emulator_server() -> Iterator[Emulator]:
    with running(recordings=FOLDER if FOLDER.is_dir() else None) as emulator:
        yield emulator


@pytest.fixture
def emulator(emulator_server: Emulator) -> Emulator:
    emulator_server.clear()
    return emulator_server


@pytest.fixture
def endpoint(emulator: Emulator) -> Endpoint:
    return Endpoint(emulator.base_url, "v1beta")


@pytest.fixture
async def gemini(endpoint: Endpoint) -> AsyncIterator[GeminiClient]:
    model = GeminiClient(endpoint)
    yield model
    await model.close()
