"""Small files that ask for hours of work: refused in words, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections.abc import Awaitable

from tests.conversations.samples import huge_png, many_frames, scanned_jpeg
from tests.e2e.client import Frame, question, socket
from tests.e2e.server import ChatServer, Person
from tests.e2e.test_sse import Answer, post
from tests.people import PASSWORD

AT_ONCE = 8
HARMLESS = "Hello"
SLOWEST_S = 3.0  # for somebody else, on a machine that does other things too


def with_file(data: bytes, mime_type: str) -> Frame:
    """A question that carries a file's bytes."""
    asked = question("What is this?")
    source = {"type": "data", "value": base64.b64encode(data).decode(), "mimeType": mime_type}
    parts = [{"type": "image", "source": source}, {"type": "text", "text": "What is this?"}]
    asked["messages"][-1]["content"] = parts
    return asked


async def timed(work: Awaitable[object]) -> float:
    begin = time.monotonic()
    await work
    return time.monotonic() - begin


async def signs_in(server: ChatServer, person: Person) -> None:
    body = {"username": person.username, "password": PASSWORD}
    answer = await asyncio.to_thread(server.http.post, "/api/token/", json=body)
    assert answer.status_code == 200, answer.text


async def chats(server: ChatServer, person: Person) -> None:
    async with socket(server, person) as client:
        accepted = await client.ask(HARMLESS)
        assert (await client.answer(accepted["runId"])).text


async def ask_all(server: ChatServer, person: Person, files: list[tuple[bytes, str]]):
    """The answers to a question for each of the files, all asked at once."""
    asked = [post(server, person.access, with_file(*file), timeout_s=120) for file in files]
    return asyncio.gather(*asked)


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["code"]


async def test_bombs_are_refused_in_seconds(server: ChatServer, alice: Person):
    bombs = [
        (scanned_jpeg(150), "image/jpeg"),
        (scanned_jpeg(150, (8000, 4800)), "image/jpeg"),
        (many_frames(40_000), "image/gif"),
        (huge_png(), "image/png"),
    ] * 2
    begin = time.monotonic()

    answers = await (await ask_all(server, alice, bombs))

    assert {refusal(answer) for answer in answers} == {(400, "bad_file")}
    assert time.monotonic() - begin < 10
    assert alice.get("files/")["results"] == []
    assert alice.get("threads/")["results"] == []


async def test_nobody_waits_for_another_ones_files(server: ChatServer, alice: Person, bob: Person):
    """Eight files that take seconds of CPU time each, and somebody else who signs in and chats."""
    slow = scanned_jpeg(55, (8000, 5000))
    assert len(slow) < 256 * 1024
    before = max([await timed(chats(server, bob)), await timed(signs_in(server, bob))])

    asked = asyncio.ensure_future(await ask_all(server, alice, [(slow, "image/jpeg")] * AT_ONCE))
    await asyncio.sleep(1)
    times = []
    for _ in range(3):
        times += [await timed(signs_in(server, bob)), await timed(chats(server, bob))]
        times.append(await timed(asyncio.to_thread(bob.upload, "b.txt", b"hello")))
    assert not asked.done()
    answers = await asked

    print(f"before {before:.2f} s, during {max(times):.2f} s, load {os.getloadavg()[0]:.1f}")  # noqa: T201
    assert max(times) < max(SLOWEST_S, 4 * before), times
    for answer in answers:  # read after all, or refused in words
        assert answer.status == 200 or refusal(answer)[1] in ("bad_file", "busy"), answer.body
    assert "Traceback" not in server.log()
