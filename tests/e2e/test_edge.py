"""The edge of the two servers, where daphne and uvicorn differ before we are asked."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from chatproject import __version__
from tests.e2e.server import ChatServer, both_servers

pytestmark = both_servers


def close_code(server: ChatServer, path: str, **options: Any) -> int | None:
    url = f"ws://127.0.0.1:{server.port}{path}"
    with connect(url, **options) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=10)
    return closed.value.rcvd.code if closed.value.rcvd else None


def test_answers_carry_the_security_headers(server: ChatServer):
    answer = server.http.get("/api/config/")
    assert (answer.status_code, answer.json()["version"]) == (200, __version__)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_sockets_are_refused_in_a_way_a_browser_can_read(server: ChatServer):
    assert close_code(server, "/none") == 4404
    assert close_code(server, "/chat/stream", origin="https://evil.test") == 4403


def test_a_path_or_an_address_made_up_by_the_client_is_not_believed(server: ChatServer):
    forged = {"Daphne-Root-Path": "//evil.test", "X-Forwarded-Host": "evil.test"}
    answer = server.http.get("/admin/", headers=forged)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/login/?next=/admin/")


def test_a_large_request_is_refused(server: ChatServer):
    declared, sent = 1024**3, 0
    if server.kind == "daphne":  # it reads all of it before we are asked: a smaller one
        declared = sent = 2 * 1024**2
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as talk:
        talk.putrequest("POST", "/api/token/")
        talk.putheader("Content-Length", str(declared))
        talk.endheaders(b"x" * sent or None)
        answer = talk.getresponse()
        assert (answer.status, json.load(answer)["code"]) == (413, "too_large")
