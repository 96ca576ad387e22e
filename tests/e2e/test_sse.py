"""The other transport of the same path: any AG-UI client, over plain HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import uuid4

import httpx2
import pytest
from ag_ui.core import Event, RunAgentInput, UserMessage
from pydantic import TypeAdapter

from tests.agui_rules import assert_valid_stream
from tests.e2e.client import Frame, question, socket, text_of
from tests.e2e.server import ChatServer, Person, both_servers
from tests.e2e.standard_client import needs_node, standard_client
from tests.e2e.test_signing_in import BAD_TOKENS, log_out_everywhere

STREAM = "/chat/stream"


@dataclass
class Answer:
    """A response, whole or cut off after so many events."""

    status: int
    headers: httpx2.Headers
    body: bytes = b""
    ids: list[str] = field(default_factory=list)
    events: list[Frame] = field(default_factory=list)

    def json(self) -> Any:
        return json.loads(self.body)


async def post(
    server: ChatServer,
    token: str,
    content: Any,
    *,
    cut_after: int = 0,
    timeout_s: float = 20,
    **headers: str,
) -> Answer:
    """POST to the stream and read events; leave without a word after ``cut_after`` of them."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    sent = {"authorization": f"Bearer {token}", "accept": "text/event-stream", **headers}
    async with (
        httpx2.AsyncClient(base_url=server.url, timeout=timeout_s, trust_env=False) as http,
        http.stream("POST", STREAM, content=body, headers=sent) as response,
    ):
        answer = Answer(response.status_code, response.headers)
        if response.status_code != 200:
            answer.body = await response.aread()
            return answer
        async with aclosing(cast("AsyncGenerator[str]", response.aiter_lines())) as lines:
            async for line in lines:
                name, _, value = line.partition(": ")
                if name == "id":
                    answer.ids.append(value)
                elif name == "data":
                    answer.events.append(json.loads(value))
                    if cut_after and len(answer.events) == cut_after:
                        break
        return answer


@both_servers
async def test_any_agui_client_is_answered(server: ChatServer, alice: Person):
    asked = RunAgentInput(
        thread_id=str(uuid4()),
        run_id=str(uuid4()),
        state={},
        messages=[UserMessage(id=str(uuid4()), role="user", content="Hello /emulate frames=20")],
        tools=[],
        context=[],
        forwarded_props={},
    )
    sent = asked.model_dump(by_alias=True, mode="json")
    answer = await post(server, alice.access, sent)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.ids == [f"{asked.run_id}:{seq}" for seq in range(1, len(answer.ids) + 1)]
    for event in answer.events:
        TypeAdapter(Event).validate_python(event)
    assert_valid_stream(answer.events)
    assert text_of(answer.events) == server.emulator.numbered_text(20)
    [run] = alice.history(asked.thread_id)["runs"]
    assert run["last_seq"] == len(answer.events)


@both_servers
async def test_who_lost_the_connection_asks_again_and_gets_the_rest(
    server: ChatServer, alice: Person
):
    sent = question("Hello /emulate frames=40 pace=20")
    held = await post(server, alice.access, sent, cut_after=9)
    last = {"last-event-id": held.ids[-1]}
    rest = await post(server, alice.access, sent, **last)
    assert_valid_stream(held.events + rest.events)
    assert held.ids + rest.ids == [
        f"{sent['runId']}:{seq}" for seq in range(1, len(held.ids + rest.ids) + 1)
    ]
    after_the_end = await post(server, alice.access, sent, **last)
    assert after_the_end.events == rest.events
    assert len(alice.upstream(1)) == 1


async def test_a_run_begun_here_is_followed_and_stopped_on_a_socket(
    server: ChatServer, alice: Person
):
    sent = question("Hello /emulate frames=300 pace=20")
    streaming = asyncio.create_task(post(server, alice.access, sent))
    async with socket(server, alice) as client:
        while True:  # until it is there
            await client.follow(sent["runId"])
            try:
                await asyncio.wait_for(client.said(sent["runId"], 3), 1)
            except TimeoutError:
                continue
            break
        await client.send(op="cancel", runId=sent["runId"])
        stream = await client.answer(sent["runId"])
    assert (await streaming).events == stream.events
    assert stream.events[-1]["outcome"] == {"type": "cancelled"}


async def test_every_bad_token_gets_the_same_401(server: ChatServer, alice: Person):
    answers = []
    for name in BAD_TOKENS.keys() - {"empty", "not ASCII"}:  # no client lets one send those
        answer = await post(server, BAD_TOKENS[name](server, alice), question("Hello"))
        assert answer.status == 401, name
        assert answer.headers["www-authenticate"] == 'Bearer realm="api"'
        answers.append(answer.body)
    assert len(set(answers)) == 1
    assert json.loads(answers[0])["code"] == "not_authenticated"


BAD_BODIES: dict[str, tuple[Any, int, str]] = {
    "empty": (b"", 400, "invalid_frame"),
    "no JSON": (b"Hello", 400, "invalid_frame"),
    "not UTF-8": (b"\xff\xfe", 400, "invalid_frame"),
    "deep": (b"[" * 200_000, 400, "invalid_frame"),
    "no number": (b'{"state": NaN}', 400, "invalid_frame"),
    "a list": ([], 400, "invalid_input"),
    "no ids": ({"messages": []}, 400, "invalid_input"),
    "odd ids": (question("Hello", "../../etc/passwd"), 400, "invalid_input"),
    "no words": (question(" "), 400, "empty_message"),
    "unknown model": (question("Hello", model="gemini-99/../x"), 400, "unknown_model"),
    "unknown key": (question("Hello", keyId=str(uuid4())), 404, "key_not_found"),
    "no such thread": (question("Hello", parentMessageId="1"), 404, "thread_not_found"),
}


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_every_bad_request_is_refused_in_json(server: ChatServer, alice: Person, name: str):
    body, status, code = BAD_BODIES[name]
    answer = await post(server, alice.access, body)
    assert (answer.status, answer.json()["code"]) == (status, code)
    assert answer.json()["message"]


async def test_a_place_that_is_not_in_this_run_is_refused(server: ChatServer, alice: Person):
    sent = question("Hello")
    for last in (f"{uuid4()}:3", "3", f"{sent['runId']}:-1", f"{sent['runId']}:x"):
        answer = await post(server, alice.access, sent, **{"last-event-id": last})
        assert (answer.status, answer.json()["code"]) == (400, "invalid_input"), last


async def test_somebody_elses_run_id_is_not_found(server: ChatServer, alice: Person, bob: Person):
    sent = question("Hello")
    await post(server, alice.access, sent)
    answer = await post(server, bob.access, sent)
    assert answer.status == 404
    assert b"Hello" not in answer.body


async def test_only_a_post_from_an_allowed_page_is_taken(server: ChatServer, alice: Person):
    got = server.http.get(STREAM)
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    answer = await post(server, alice.access, question("Hello"), origin="https://evil.test")
    assert (answer.status, answer.json()["code"]) == (403, "origin_not_allowed")


async def test_a_stream_ends_within_two_seconds_of_its_sign_in(server: ChatServer, alice: Person):
    sent = question("Hello /emulate frames=400 pace=20")
    streaming = asyncio.create_task(post(server, alice.access, sent))
    await asyncio.to_thread(alice.upstream, 1)
    await asyncio.to_thread(log_out_everywhere, alice)
    ended_at = time.monotonic()
    answer = await streaming
    assert time.monotonic() - ended_at <= 2
    assert_valid_stream(answer.events, complete=False)


async def test_a_stream_lasts_as_long_as_its_token_and_goes_on_with_the_next(
    server: ChatServer, alice: Person
):
    sent = question("Hello /emulate frames=200 pace=20")
    began = time.monotonic()
    first = await post(server, server.token(alice, lasts_s=2), sent)
    assert 1 <= time.monotonic() - began <= 3.5
    assert first.body == b""
    assert_valid_stream(first.events, complete=False)
    rest = await post(server, alice.access, sent, **{"last-event-id": first.ids[-1]})
    events = first.events + rest.events
    assert_valid_stream(events)
    assert text_of(events) == server.emulator.numbered_text(200)


async def test_a_user_with_too_many_streams_is_refused_before_anything_is_asked(
    server: ChatServer, alice: Person
):
    async with asyncio.TaskGroup() as group:
        done = asyncio.Event()
        opened: list[None] = []

        async def hold() -> None:
            async with socket(server, alice):
                opened.append(None)
                await done.wait()

        for _ in range(10):
            group.create_task(hold())
        while len(opened) < 10:  # noqa: ASYNC110 (each counts itself)
            await asyncio.sleep(0.01)
        answer = await post(server, alice.access, question("Hello"))
        done.set()
    assert (answer.status, answer.json()["code"]) == (429, "too_many_connections")
    assert alice.upstream() == []
    assert alice.get("threads/")["results"] == []


@needs_node
async def test_the_standard_client_works_unchanged(server: ChatServer, alice: Person):
    asked = [{"content": "My name is Ada."}, {"content": "What is my name?"}]
    said = await standard_client(server, alice, asked)
    assert [message["role"] for message in said["messages"] if message["role"] != "reasoning"] == [
        *("user", "assistant"),
        *("user", "assistant"),
    ]
    history = alice.history(said["threadId"])
    assert [message["text"] for message in history["messages"]] == [
        message["content"] for message in said["messages"] if message["role"] != "reasoning"
    ]
