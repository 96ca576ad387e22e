"""People who ask for much and read slowly: nobody else waits for them, and little is held."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.cluster.cluster import Cluster, Node
from tests.e2e.server import Person

TEXT = b"Read me slowly.\n" * 800_000  # 12 MB
READERS = 40  # more than there are connections to the database
MEMORY_BYTES = 150 * 1024 * 1024
WITHIN_S = 2.0


def memory(node: Node) -> int:
    """The resident bytes of a server process."""
    pages = int(Path(f"/proc/{node.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def reading_slowly(node: Node, person: Person, path: str) -> Iterator[socket.socket]:
    """A connection that asked for a file and reads nothing of it."""
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", node.port))
        asked = (
            f"GET {path} HTTP/1.1",
            f"Host: 127.0.0.1:{node.port}",
            f"Authorization: Bearer {person.access}",
        )
        reader.sendall("\r\n".join([*asked, "", ""]).encode())
        yield reader


def test_slow_readers_hold_neither_connections_nor_memory(nodes: Cluster):
    node = nodes.nodes[0]
    alice, bob = nodes.person("alice"), nodes.person("bob")
    url = alice.upload("long.txt", TEXT)["url"]
    before = memory(node)

    with ExitStack() as readers:
        for _ in range(READERS):
            readers.enter_context(reading_slowly(node, alice, url))
        time.sleep(2)
        for _ in range(5):
            begin = time.monotonic()
            answer = node.http.get(
                "/api/me/", headers={"authorization": f"Bearer {bob.access}"}, timeout=20
            )
            assert (answer.status_code, time.monotonic() - begin < WITHIN_S) == (200, True)
        held = memory(node) - before

    assert held < MEMORY_BYTES
