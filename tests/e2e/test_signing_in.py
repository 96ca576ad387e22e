"""Who a socket is, for how long, and how soon it ends once they may not be there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from uuid import uuid4

import jwt
import pytest

from tests.e2e.client import socket
from tests.e2e.server import ChatServer, Person, both_servers
from tests.people import PASSWORD

REVOKED_WITHIN_S = 2.0

BAD_TOKENS: dict[str, Callable[[ChatServer, Person], str]] = {
    "empty": lambda server, alice: "",
    "noise": lambda server, alice: "a.b.c",
    "long": lambda server, alice: "x" * 10_240,
    "not ASCII": lambda server, alice: "tökén",
    "expired": lambda server, alice: server.token(alice, lasts_s=-60),
    "refresh": lambda server, alice: alice.refresh,
    "another audience": lambda server, alice: server.token(alice, aud="elsewhere"),
    "another version": lambda server, alice: server.token(alice, tv=7),
    "another user's id": lambda server, alice: server.token(alice, user_id="1 OR 1=1"),
    "unknown sign-in": lambda server, alice: server.token(alice, fam=str(uuid4())),
    "forged": lambda server, alice: alice.access[:-4] + "AAAA",
    "signed by nobody": lambda server, alice: jwt.encode(
        jwt.decode(alice.access, options={"verify_signature": False}), None, algorithm="none"
    ),
}


async def test_every_bad_token_gets_the_same_answer(server: ChatServer, alice: Person):
    answers = []
    for name, make in BAD_TOKENS.items():
        async with socket(server) as client:
            await client.send(op="auth", token=make(server, alice))
            answers.append(await client.expect("rejected"))
            assert await client.close_code() == 4401, name
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["code"] == "not_authenticated"


async def test_a_token_too_long_for_a_frame_is_refused(server: ChatServer):
    async with socket(server) as client:
        await client.send(op="auth", token="x" * 10_241)
        assert (await client.expect("rejected"))["code"] == "invalid_frame"


@both_servers
async def test_who_does_not_sign_in_is_let_go(server: ChatServer):
    async with socket(server) as client:
        await client.send(op="ping")
        await client.expect("pong")
        began = time.monotonic()
        assert await client.close_code(5) == 4408
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "frame",
    [
        {"op": "run", "input": {}},
        {"op": "follow", "runId": str(uuid4())},
        {"op": "watch", "threadId": str(uuid4())},
        {"op": "cancel", "runId": str(uuid4())},
        {"op": "ack", "runId": str(uuid4()), "seq": 1},
    ],
    ids=lambda frame: frame["op"],
)
async def test_nothing_is_done_for_somebody_unknown(server: ChatServer, frame: dict):
    async with socket(server) as client:
        await client.send(**frame)
        assert (await client.expect("rejected"))["code"] == "not_authenticated"
        assert await client.close_code() == 4401


async def test_a_program_may_sign_in_by_header(server: ChatServer, alice: Person):
    headers = {"Authorization": f"Bearer {alice.access}"}
    async with socket(server, additional_headers=headers) as client:
        assert (await client.expect("ready"))["userId"]
        await client.still_works()
    async with socket(server, additional_headers={"Authorization": "Bearer x"}) as client:
        assert await client.close_code() == 4401


async def test_a_token_in_the_address_is_not_looked_at(server: ChatServer, alice: Person):
    url = f"{server.stream_url}?token={alice.access}"
    async with socket(server, url=url) as client:
        assert await client.close_code(5) == 4408
    assert alice.access not in server.log()


async def test_a_sign_in_is_renewed_in_place(server: ChatServer, alice: Person):
    async with socket(server) as client:
        await client.auth(server.token(alice, lasts_s=1.5))
        accepted = await client.ask("Hello /emulate frames=120 pace=20")
        again = await client.auth(alice.access)
        assert again["expiresAt"]
        await client.answer(accepted["runId"])
        await client.still_works()


async def test_a_sign_in_that_is_not_renewed_ends(server: ChatServer, alice: Person):
    async with socket(server) as client:
        await client.auth(server.token(alice, lasts_s=1.5))
        assert await client.close_code(5) == 4401


async def test_a_socket_stays_with_its_user(server: ChatServer, alice: Person, bob: Person):
    async with socket(server, alice) as client:
        await client.send(op="auth", token=bob.access)
        assert (await client.expect("rejected"))["code"] == "not_authenticated"
        assert await client.close_code() == 4401


def log_out(alice: Person) -> None:
    answer = alice.rest("POST", "token/logout/", json={"refresh": alice.refresh})
    assert answer.status_code == 204


def log_out_everywhere(alice: Person) -> None:
    assert alice.rest("POST", "token/logout-all/").status_code == 204


def change_password(alice: Person) -> None:
    said = {"current_password": PASSWORD, "new_password": f"{PASSWORD} again"}
    assert alice.rest("POST", "me/password/", json=said).status_code == 200


def deactivate(alice: Person) -> None:
    with closing(alice.server.place.open()) as database, database:
        database.execute("UPDATE auth_user SET is_active=0 WHERE username=?", (alice.username,))


ENDINGS = [log_out, log_out_everywhere, change_password, deactivate]


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
async def test_who_may_not_be_there_any_more_is_gone_within_two_seconds(
    server: ChatServer, alice: Person, bob: Person, end: Callable[[Person], None]
):
    async with socket(server, alice) as client, socket(server, bob) as other:
        accepted = await client.ask("Hello /emulate frames=200 pace=20")
        await client.said(accepted["runId"])
        await asyncio.to_thread(end, alice)
        ended_at = time.monotonic()
        assert await client.close_code() == 4401
        assert time.monotonic() - ended_at <= REVOKED_WITHIN_S
        await other.still_works()
    async with socket(server) as client:
        await client.send(op="auth", token=alice.access)
        assert await client.close_code() == 4401


async def test_a_sign_out_leaves_the_other_sign_ins_alone(server: ChatServer, alice: Person):
    said = {"username": alice.username, "password": PASSWORD}
    pair = server.http.post("/api/token/", json=said).json()
    async with socket(server) as elsewhere, socket(server, alice) as here:
        await elsewhere.auth(pair["access"])
        await asyncio.to_thread(log_out, alice)
        assert await here.close_code() == 4401
        await elsewhere.still_works()


async def test_peers_that_do_not_answer_hold_up_nobody_elses_end(
    server: ChatServer, alice: Person, bob: Person
):
    async with (
        socket(server, bob) as one,
        socket(server, bob) as two,
        socket(server, alice) as client,
        socket(server, bob) as three,
    ):
        for frozen in (one, two, three):
            frozen.freeze()
        for person in (bob, alice):
            await asyncio.to_thread(log_out, person)
        ended_at = time.monotonic()
        assert await client.close_code() == 4401
        assert time.monotonic() - ended_at <= REVOKED_WITHIN_S
        for frozen in (one, two, three):
            frozen.cut()
