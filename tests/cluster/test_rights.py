"""What ends a right ends what runs on it, whatever process hears of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.agui_rules import assert_valid_stream
from tests.cluster.client import socket
from tests.cluster.cluster import Cluster, at
from tests.cluster.trouble import write
from tests.e2e.client import Closed, question
from tests.e2e.server import Person
from tests.e2e.test_sse import post
from tests.people import PASSWORD

ENDS_WITHIN_S = 2.0
LONG = "Go /emulate frames=1000 pace=20"


def deactivate(nodes: Cluster, person: Person) -> None:
    write(nodes, "UPDATE auth_user SET is_active = false WHERE username = %s", person.username)


def log_out(nodes: Cluster, person: Person) -> None:
    answer = person.rest("POST", "token/logout/", json={"refresh": person.refresh})
    assert answer.status_code == 204


def log_out_everywhere(nodes: Cluster, person: Person) -> None:
    assert person.rest("POST", "token/logout-all/").status_code == 204


def change_password(nodes: Cluster, person: Person) -> None:
    words = {"current_password": PASSWORD, "new_password": f"{PASSWORD} again"}
    assert person.rest("POST", "me/password/", json=words).status_code == 200


def switch_key_off(nodes: Cluster, person: Person) -> None:
    changed = person.rest("PATCH", f"keys/{person.key_id}/", json={"is_active": False})
    assert changed.status_code == 200


def delete_key(nodes: Cluster, person: Person) -> None:
    assert person.rest("DELETE", f"keys/{person.key_id}/").status_code == 204


def take_back(nodes: Cluster, person: Person) -> None:
    [loan] = person.get(f"keys/{person.key_id}/loans/")
    ended = person.rest("DELETE", f"keys/{person.key_id}/loans/{loan['id']}/")
    assert ended.status_code == 204


Act = Callable[[Cluster, Person], Any]
SIGN_IN_ENDS: dict[Act, str] = {
    deactivate: "user_inactive",
    log_out: "signed_out",
    log_out_everywhere: "signed_out",
    change_password: "signed_out",
}
KEY_ENDS: dict[Act, str] = {switch_key_off: "key_inactive", delete_key: "key_deleted"}
LOAN_ENDS: dict[Act, str] = {
    **KEY_ENDS,
    take_back: "loan_ended",
    deactivate: "loan_ended",
}


@pytest.fixture
def alice(nodes: Cluster) -> Person:
    """Has a key and asks; what ends her rights is done at the other process."""
    return at(nodes.nodes[1], nodes.person("alice"))


@pytest.fixture
def bob(nodes: Cluster, alice: Person) -> Person:
    """Asks with the key that Alice lends him."""
    person = nodes.nodes[0].person("bob", with_key=False)
    said = {"borrower": person.username, "label": "team key"}
    lent = alice.rest("POST", f"keys/{alice.key_id}/loans/", json=said)
    assert lent.status_code == 201, lent.text
    assert person.rest("POST", f"keys/{alice.key_id}/select/").status_code == 200
    return person


def ended_with(nodes: Cluster, run_id: str, since: float) -> str:
    """The code that a run ended with, which has to be soon; its connection to Google is closed."""
    nodes.ended(run_id, ENDS_WITHIN_S)
    assert time.time() - since <= ENDS_WITHIN_S + 0.2
    status, _, code = nodes.run(run_id)
    assert status == "failed"
    assert_valid_stream(nodes.log_of(run_id))
    return code


@pytest.mark.parametrize("act", SIGN_IN_ENDS, ids=lambda act: act.__name__)
async def test_the_end_of_a_sign_in_ends_its_answers_and_connections(
    nodes: Cluster, alice: Person, act: Act
):
    async with (
        socket(nodes.nodes[0], alice) as asker,
        socket(nodes.nodes[1], alice) as reader,
    ):
        accepted = await asker.ask(LONG)
        await reader.send(op="watch", threadId=accepted["threadId"])
        await reader.follow(accepted["runId"])
        await reader.events(accepted["runId"], 20)
        since = time.time()
        await asyncio.to_thread(act, nodes, alice)
        code = await asyncio.to_thread(ended_with, nodes, accepted["runId"], since)
        assert code == SIGN_IN_ENDS[act]
        assert await asker.close_code() == await reader.close_code() == 4401
    [upstream] = alice.upstream(1, ended=True)
    assert upstream["ended"] == "client_disconnected"
    assert upstream["disconnected_at"] - since <= ENDS_WITHIN_S


async def test_nothing_begins_on_a_socket_whose_sign_in_has_just_ended(
    nodes: Cluster, alice: Person
):
    async with socket(nodes.nodes[0], alice) as asker:
        await asyncio.to_thread(deactivate, nodes, alice)
        with suppress(Closed):  # the sweep can be faster
            assert (await asker.refusal(LONG))["code"] == "not_authenticated"
        assert await asker.close_code() == 4401
    assert alice.upstream() == []


async def test_a_stream_of_events_ends_with_its_sign_in(nodes: Cluster, alice: Person):
    asked = question(LONG)
    streaming = asyncio.create_task(post(nodes.nodes[0], alice.access, asked, timeout_s=30))
    await asyncio.to_thread(alice.upstream, 1)
    since = time.time()
    await asyncio.to_thread(deactivate, nodes, alice)
    await streaming
    assert time.time() - since <= ENDS_WITHIN_S
    code = await asyncio.to_thread(ended_with, nodes, asked["runId"], since)
    assert code == "user_inactive"


@pytest.mark.parametrize("act", LOAN_ENDS, ids=lambda act: act.__name__)
async def test_what_ends_a_loan_ends_the_borrowers_answers_and_lets_none_begin(
    nodes: Cluster, alice: Person, bob: Person, act: Act
):
    async with socket(nodes.nodes[0], bob) as asker:
        accepted = await asker.ask(LONG)
        await asker.events(accepted["runId"], 20)
        since = time.time()
        await asyncio.to_thread(act, nodes, alice)
        events = await asker.end(accepted["runId"], 5)
        assert events[-1]["code"] == LOAN_ENDS[act]
        code = await asyncio.to_thread(ended_with, nodes, accepted["runId"], since)
        assert code == LOAN_ENDS[act]
        refused = await asker.refusal(LONG, keyId=alice.key_id)
        assert refused["code"] in {code, "key_not_found"}
    assert len(alice.upstream(1)) == 1


async def test_a_cut_or_an_old_token_ends_nothing(nodes: Cluster, alice: Person):
    async with socket(nodes.nodes[0], alice) as asker:
        run_id = (await asker.ask("Go /emulate frames=150 pace=20"))["runId"]
        await asker.events(run_id, 20)
        asker.cut()
    renewed = await asyncio.to_thread(
        alice.rest, "POST", "token/refresh/", json={"refresh": alice.refresh}
    )
    assert renewed.status_code == 200
    await asyncio.to_thread(nodes.ended, run_id, 15)
    assert nodes.run(run_id)[:2] == ("finished", "success")
