"""The emulator, for the few tests here that go over HTTP."""

from tests.gemini.conftest import emulator_server as emulator_server
