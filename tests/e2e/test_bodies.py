"""Bytes that nobody signed for: not read, not stored, and in nobody's way."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.server import ChatServer, Person

MIB = 1024 * 1024
CONNECTIONS = 30


def begin(server: ChatServer, path: str, token: str = "", length: int = 19 * MIB) -> socket.socket:
    """The head of a request with a large body."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"Content-Length: {length}",
        "Content-Type: multipart/form-data; boundary=b",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


def pour(connection: socket.socket, count: int) -> int:
    """Send as much as the server takes without waiting for it."""
    connection.setblocking(False)
    sent, ends = 0, time.monotonic() + 0.3
    while sent < count and time.monotonic() < ends:
        try:
            sent += connection.send(b"x" * 65536)
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            break
    connection.settimeout(10)
    return sent


def unlinked_bytes(server: ChatServer) -> int:
    """What the server holds in files without a name."""
    assert server._process is not None
    total = 0
    for entry in Path(f"/proc/{server._process.pid}/fd").iterdir():
        try:
            if "(deleted)" in os.readlink(entry):
                total += entry.stat().st_size
        except FileNotFoundError:
            continue
    return total


@pytest.mark.parametrize("path", ["/api/files/", "/chat/stream", "/api/keys/"])
@pytest.mark.parametrize("token", ["", "made.up.token"])
def test_connections_without_a_token_hold_no_disk(server: ChatServer, path: str, token: str):
    length = 19 * MIB if path == "/api/files/" else MIB
    with ExitStack() as stack:
        connections = [
            stack.enter_context(begin(server, path, token, length)) for _ in range(CONNECTIONS)
        ]
        for connection in connections:
            pour(connection, length)
        assert unlinked_bytes(server) < MIB
        for connection in connections:
            assert b" 401 " in connection.recv(65536).split(b"\r\n")[0]


def test_one_user_cannot_fill_the_disk_with_uploads_that_never_end(
    server: ChatServer, alice: Person, bob: Person
):
    with ExitStack() as stack:
        mine = [stack.enter_context(begin(server, "/api/files/", alice.access)) for _ in range(10)]
        refused = 0
        for connection in mine:
            connection.settimeout(0.5)
            try:
                refused += b" 429 " in connection.recv(65536).split(b"\r\n")[0]
            except TimeoutError:
                continue

        assert refused == 7  # three of 19 MiB fit into 64
        assert bob.upload("a.txt", b"hello")["size_bytes"] == 5
    time.sleep(0.5)
    assert alice.upload("a.txt", b"hello")["size_bytes"] == 5
