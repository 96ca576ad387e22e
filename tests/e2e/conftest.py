"""Real servers, a real emulator, and people who registered at the front door."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from emulator.testing import Emulator, running
from tests.e2e.server import ChatServer, Person, Place

MakeServer = Callable[[str], ChatServer]


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with running() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def make_server(
    emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeServer]:
    """Starts servers of their own places; all have ended when the session has."""
    migrated = Place.new(tmp_path_factory.mktemp("migrated"))
    result = migrated.manage(emulator, "migrate", "-v", "0")
    assert result.returncode == 0, result.stderr
    servers: list[ChatServer] = []

    def make(kind: str) -> ChatServer:
        place = Place.new(tmp_path_factory.mktemp(kind), migrated.database)
        server = ChatServer(kind, place, emulator)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def uvicorn(make_server: MakeServer) -> ChatServer:
    return make_server("uvicorn")


@pytest.fixture(scope="session")
def daphne(make_server: MakeServer) -> ChatServer:
    return make_server("daphne")


@pytest.fixture
def server(request: pytest.FixtureRequest) -> ChatServer:
    """uvicorn, as in production; a test of both says so with ``both_servers``."""
    found: ChatServer = request.getfixturevalue(getattr(request, "param", "uvicorn"))
    return found


@pytest.fixture
def alice(server: ChatServer) -> Person:
    """Has a key and asks."""
    return server.person("alice")


@pytest.fixture
def bob(server: ChatServer) -> Person:
    """Has a key and things of his own."""
    return server.person("bob")


@pytest.fixture
def charlie(server: ChatServer) -> Person:
    """Signed in, without a key, and must get nothing of the others'."""
    return server.person("charlie", with_key=False)
