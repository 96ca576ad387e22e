"""Nothing that a person sends makes this server open an address or a path."""

from __future__ import annotations

import socket as sockets
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest

from tests.conversations.samples import picture
from tests.e2e.client import socket
from tests.e2e.server import ChatServer, Person


@pytest.fixture
def listener() -> Iterator[sockets.socket]:
    with closing(sockets.create_server(("127.0.0.1", 0))) as listening:
        listening.settimeout(0.5)
        yield listening


def heard(listener: sockets.socket) -> bool:
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return False
    return True


ADDRESSES = 7  # as many as below


def addresses(listener: sockets.socket) -> list[str]:
    port = listener.getsockname()[1]
    return [
        f"http://127.0.0.1:{port}/",
        f"http://[::ffff:7f00:1]:{port}/",
        f"http://localhost:{port}/api/files/{uuid4()}/",
        f"//127.0.0.1:{port}/x",
        f"\\\\127.0.0.1@{port}\\x",
        "file:///etc/passwd",
        "../../../../etc/passwd",
    ]


def test_the_listener_hears(listener: sockets.socket):
    with closing(sockets.create_connection(listener.getsockname())):
        assert heard(listener)


@pytest.mark.parametrize("number", range(ADDRESSES))
async def test_no_field_of_a_question_is_an_address(
    server: ChatServer, alice: Person, listener: sockets.socket, number: int
):
    address = addresses(listener)[number]
    file = alice.upload("dot.png", picture())
    fields: list[dict[str, Any]] = [
        *({"model": address}, {"parentMessageId": address}, {"voice": address}),
        *({"files": [{**file, "url": address}]}, {"base_url": address}),
        {"files": [{**file, "url": file["url"] + address}]},
    ]
    async with socket(server, alice) as client:
        for changes in fields:
            await client.refusal(f"Read {address}", **changes)
        asked = await client.ask(f"Read {address} and ![it]({address})", files=[file])
        stream = await client.answer(asked["runId"])
    assert stream.events[-1]["type"] == "RUN_FINISHED"
    assert "root:" not in stream.text
    assert not heard(listener)


async def test_what_google_is_to_fetch_is_not_fetched_here(
    server: ChatServer, alice: Person, listener: sockets.socket
):
    port = listener.getsockname()[1]
    file = alice.upload("dot.png", picture())
    async with socket(server, alice) as client:
        for host in ("127.0.0.1", "localhost", "[::1]", "127.1"):
            there = {**file, "url": f"https://{host}:{port}/a.pdf"}
            assert (await client.refusal("Read it", files=[there]))["code"] == "invalid_input"
        video = {**file, "url": "https://youtu.be/lCdaVNyHtjU"}
        asked = await client.ask("Watch it", files=[video])
        stream = await client.answer(asked["runId"])
        assert stream.events[-1]["type"] == "RUN_FINISHED"
    assert not heard(listener)


async def test_no_field_of_a_request_is_an_address(
    server: ChatServer, alice: Person, listener: sockets.socket
):
    async with socket(server, alice) as client:
        accepted = await client.ask("Hello")
        await client.answer(accepted["runId"])
    for address in addresses(listener):
        sent: list[tuple[str, str, dict[str, Any]]] = [
            ("POST", "estimate/", {"text": address, "exact": True}),
            ("POST", "estimate/", {"text": "Hello", "model": address}),
            ("POST", "estimate/", {"text": "Hello", "attachments": [address]}),
            ("PATCH", "me/", {"display_name": address[:50], "voice": address}),
            ("PATCH", "me/", {"ai_model": address}),
            ("PATCH", f"threads/{accepted['threadId']}/", {"title": address}),
            ("POST", "keys/", {"name": address[:50], "key": address}),
        ]
        for method, path, body in sent:
            assert alice.rest(method, path, json=body).status_code < 500, (path, body)
        named = alice.rest("POST", "files/", files={"file": (address, picture())})
        assert named.status_code in (201, 400)
        assert b"root:" not in alice.rest("GET", f"files/{address}/").content
    assert not heard(listener)
