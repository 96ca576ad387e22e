"""pytest fixtures: ``emulator``, empty of requests and scripts, and the server behind it.

Name this module in ``pytest_plugins`` of the top conftest, or import the two fixtures.
"""

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
