"""A server that says all it can say, and everything it said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from emulator.testing import Emulator, running
from tests.e2e.server import ChatServer, Place


class LoudPlace(Place):
    def environment(self, emulator: Emulator, port: int) -> dict[str, str]:
        return super().environment(emulator, port) | {
            "DJANGO_SETTINGS_MODULE": "tests.secrets.loud",
            "LOG_LEVEL": "DEBUG",
        }


@dataclass
class Tape:
    """What came out of the product, by where it came out."""

    pieces: dict[str, list[bytes]] = field(default_factory=dict)

    def keep(self, exit_: str, what: str | bytes) -> None:
        data = what.encode() if isinstance(what, str) else what
        self.pieces.setdefault(exit_, []).append(data)

    def of(self, exit_: str) -> bytes:
        return b"\0".join(self.pieces[exit_])


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture
def place(emulator: Emulator, tmp_path) -> Place:
    place = LoudPlace.new(tmp_path)
    result = place.manage(emulator, "migrate", "-v", "0")
    assert result.returncode == 0, result.stderr
    return place


@pytest.fixture
def server(place: Place, emulator: Emulator) -> Iterator[ChatServer]:
    server = ChatServer("uvicorn", place, emulator)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def tape() -> Tape:
    return Tape()
