"""Keys are checked with the emulator in the place of Google."""

from __future__ import annotations

import pytest

from emulator.fixtures import emulator, emulator_server  # noqa: F401
from emulator.testing import Emulator


@pytest.fixture
def google(settings, emulator: Emulator) -> Emulator:  # noqa: F811
    settings.GEMINI_BASE_URL = emulator.base_url
    return emulator
