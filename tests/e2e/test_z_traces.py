"""What the servers left behind after all that the tests before did to them; named to run last."""

from __future__ import annotations

import pytest

from tests.e2e.server import ChatServer, both_servers
from tests.people import assert_secret_free


@both_servers
def test_no_log_holds_a_traceback(server: ChatServer):
    log = server.log()
    at = log.find("Traceback")
    assert at < 0, log[max(0, at - 500) : at + 3000]
    assert "never retrieved" not in log
    assert "was never awaited" not in log


@both_servers
def test_no_log_holds_a_key(server: ChatServer):
    if not server.keys:
        pytest.skip("no test before this one used a key")
    log = server.log()
    for key in server.keys:
        assert_secret_free(log, key)


@both_servers
def test_no_database_and_no_file_holds_a_key(server: ChatServer):
    for key in server.keys[:3] + server.keys[-3:]:
        assert_secret_free(server.place.folder, key)
