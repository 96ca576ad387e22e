"""Whatever a socket sends gets a typed answer, and does not keep the next question from its own."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.client import question, socket
from tests.e2e.server import ChatServer, Person, both_servers

RUN = str(uuid4())
# daphne answers these itself, with 400: no browser sends them.
MALFORMED_ORIGINS = {"uvicorn": ["http://[::1", "http://localhost:99999"], "daphne": []}
MALFORMED: dict[str, str | bytes] = {
    "empty": "",
    "no JSON": "not json",
    "half a list": "[",
    "64 KiB of lists": "[" * 65_536,
    "binary": b"\x00\xff",
    "empty binary": b"",
    "binary JSON": b'{"op":"ping"}',
    "no number": '{"op":NaN}',
    "infinity": '{"op":"ack","seq":Infinity}',
    "a list": "[]",
    "nothing": "null",
    "unknown op": '{"op":"dance"}',
    "a type of channels": '{"op":"websocket.disconnect","type":"websocket.disconnect"}',
    "unknown field": '{"op":"ping","extra":1}',
    "wrong type": '{"op":"follow","runId":7}',
    "long id": json.dumps({"op": "follow", "runId": "x" * 10_240}),
    "NUL": json.dumps({"op": "follow", "runId": "\0"}),
    "half a pair": json.dumps({"op": "\ud800"}),
}


@both_servers
async def test_every_malformed_frame_is_refused_and_the_socket_goes_on(
    server: ChatServer, alice: Person
):
    names = list(MALFORMED)
    for some in (names[:9], names[9:]):
        async with socket(server, alice) as client:
            for name in some:
                await client.send_raw(MALFORMED[name])
                refused = await client.expect("rejected")
                assert refused["code"] == "invalid_frame", name
                assert refused["message"].endswith("."), name
            await client.still_works()


INPUTS: dict[str, dict[str, Any]] = {
    "long thread id": {"threadId": "x" * 10_240},
    "a path as thread id": {"threadId": "../../etc/passwd"},
    "NUL in an id": {"runId": "\0"},
    "half a pair as message": {"messages": [{"id": "\ud800" * 300, "role": "user"}]},
    "no messages": {"messages": []},
    "an answer at the end": {"messages": [{"id": "1", "role": "assistant", "content": "x"}]},
    "tools": {"tools": [{"name": "shell", "description": "", "parameters": {}}]},
    "unknown field": {"fence": 1},
    "address of the API": {"forwardedProps": {"baseUrl": "http://127.0.0.1:1/"}},
    "a key": {"forwardedProps": {"apiKey": "AIza"}},
}


@pytest.mark.parametrize("name", INPUTS)
async def test_every_odd_input_is_refused_under_its_ref(
    server: ChatServer, alice: Person, name: str
):
    async with socket(server, alice) as client:
        await client.send(op="run", ref="mine", input=question("Hello") | INPUTS[name])
        refused = await client.expect("rejected")
        assert (refused["code"], refused["ref"]) == ("invalid_input", "mine")
        await client.still_works()


@both_servers
async def test_a_frame_of_64_kib_passes_and_a_larger_one_does_not(
    server: ChatServer, alice: Person
):
    def frame(size: int) -> str:
        text = json.dumps({"op": "run", "input": question("")})
        return text.replace('"content": ""', f'"content": "{"x" * (size - len(text))}"')

    async with socket(server, alice) as client:
        await client.send_raw(frame(65_536))
        await client.expect("accepted")
    async with socket(server, alice) as client:
        await client.send_raw(frame(65_537))
        if server.kind == "uvicorn":
            assert await client.close_code() == 1009
        else:  # daphne has read it before we are asked
            assert (await client.expect("rejected"))["code"] == "invalid_frame"
            await client.still_works()


async def test_who_sends_nothing_but_noise_is_let_go(server: ChatServer, alice: Person):
    async with socket(server, alice) as client:
        for _ in range(30):
            await client.send_raw("noise")
        assert await client.close_code() == 4429


@both_servers
async def test_a_flood_is_ended_and_others_do_not_notice(
    server: ChatServer, alice: Person, bob: Person
):
    async with socket(server, bob) as other, socket(server, alice) as client:

        async def flood() -> None:
            while client.open:
                for _ in range(50):
                    await client.send_raw('{"op":"ping"}')
                await asyncio.sleep(0.02)

        flooding = asyncio.create_task(flood())
        await other.still_works()
        assert await client.close_code(5) == 4429
        await asyncio.wait({flooding})
        flooding.exception()  # it may have been sending when the socket was closed


@both_servers
async def test_every_way_in_is_refused_in_a_way_that_a_browser_can_read(server: ChatServer):
    host = f"127.0.0.1:{server.port}"
    for origin in (
        "https://evil.test",
        f"https://{host}",
        f"http://127.0.0.1:{server.port + 1}",
        "http://localhost.evil.com",
        "null",
        *MALFORMED_ORIGINS[server.kind],
    ):
        async with socket(server, origin=origin) as client:
            assert await client.close_code() == 4403, origin
    async with socket(server, url=f"ws://{host}/chat/other") as client:
        assert await client.close_code() == 4404


async def test_the_page_of_this_server_is_let_in(server: ChatServer, alice: Person):
    for name in ("127.0.0.1", "localhost"):
        async with socket(server, alice, origin=f"http://{name}:{server.port}") as client:
            await client.still_works()


async def test_a_user_has_so_many_sockets_and_others_have_theirs(
    server: ChatServer, alice: Person, bob: Person
):
    async with asyncio.TaskGroup() as group:
        full = asyncio.Event()
        opened = 0

        async def hold() -> None:
            nonlocal opened
            async with socket(server, alice):
                opened += 1
                await full.wait()

        for _ in range(10):
            group.create_task(hold())
        async with socket(server) as client:
            while opened < 10:  # noqa: ASYNC110 (each counts itself)
                await asyncio.sleep(0.01)
            await client.send(op="auth", token=alice.access)
            assert (await client.expect("rejected"))["code"] == "too_many_connections"
            assert await client.close_code() == 4429
        async with socket(server, bob) as other:
            await other.still_works()
        full.set()
    async with socket(server, alice) as client:
        await client.still_works()
