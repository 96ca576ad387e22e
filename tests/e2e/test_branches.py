"""A conversation as a tree: where a question goes on, and what the model hears of the rest."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from tests.e2e.client import SocketClient, question, socket
from tests.e2e.server import ChatServer, Person
from tests.e2e.test_sse import post


async def say(client: SocketClient, text: str, thread_id: str = "", **changes: Any) -> str:
    """Ask and hear the answer out; returns the run's id."""
    accepted = await client.ask(text, thread_id, **changes)
    stream = await client.answer(accepted["runId"])
    assert stream.events[-1]["type"] == "RUN_FINISHED"
    run_id: str = accepted["runId"]
    return run_id


def heard(person: Person, count: int) -> list[str]:
    """What the user said, of all that each request upstream held: one letter a message."""
    letters = []
    for request in person.upstream(count):
        mine = [said for said in request["body"]["contents"] if said["role"] == "user"]
        letters.append("".join(said["parts"][-1]["text"][:1] for said in mine))
    return letters


async def test_a_request_holds_its_own_branch_and_nothing_of_the_others(
    server: ChatServer, alice: Person
):
    thread_id = str(uuid4())
    async with socket(server, alice) as client:
        a = await say(client, "A", thread_id)
        b = await say(client, "B", thread_id, after=a)
        c = await say(client, "C", thread_id, after=a)
        d = await say(client, "D", thread_id)  # where none is named: after the newest
        e = await say(client, "E", thread_id, after=b)
        f = await say(client, "F", thread_id, parentMessageId="root")
    assert heard(alice, 6) == ["A", "AB", "AC", "ACD", "ABE", "F"]
    runs = {run["id"]: run["parent_run_id"] for run in alice.history(thread_id)["runs"]}
    assert runs == {a: None, b: a, c: a, d: c, e: b, f: None}


async def test_every_message_of_a_run_names_it(server: ChatServer, alice: Person):
    thread_id = str(uuid4())
    async with socket(server, alice) as client:
        a = await say(client, "A", thread_id)
        asked, answered = alice.history(thread_id)["messages"]
        await say(client, "B", thread_id)
        for message in (asked, answered):
            await say(client, "C", thread_id, parentMessageId=message["id"])
    assert heard(alice, 4) == ["A", "AB", "AC", "AC"]
    parents = [run["parent_run_id"] for run in alice.history(thread_id)["runs"]]
    assert parents == [None, a, a, a]


async def test_branches_are_opened_over_http_too(server: ChatServer, alice: Person):
    sent = question("A")
    thread_id = sent["threadId"]
    await post(server, alice.access, sent)
    await post(server, alice.access, question("B", thread_id, after=sent["runId"]))
    await post(server, alice.access, question("C", thread_id, after=sent["runId"]))
    await post(server, alice.access, question("D", thread_id, parentMessageId="root"))
    assert heard(alice, 4) == ["A", "AB", "AC", "D"]


async def test_what_is_of_another_thread_or_person_is_no_place_to_go_on(
    server: ChatServer, alice: Person, bob: Person
):
    here, elsewhere = str(uuid4()), str(uuid4())
    async with socket(server, alice) as mine, socket(server, bob) as theirs:
        await say(mine, "A", here)
        b = await say(mine, "B", elsewhere)
        c = await say(theirs, "C")
        before = alice.history(here)
        message = alice.history(elsewhere)["messages"][0]["id"]
        places = [{"after": run} for run in (b, c, str(uuid4()))]
        places += [{"parentMessageId": said} for said in (message, str(uuid4()), "no id")]
        for place in places:
            rejected = await mine.refusal("D", here, **place)
            answer = await post(server, alice.access, question("D", here, **place))
            code = "run_not_found" if "after" in place else "message_not_found"
            assert (rejected["code"], answer.status) == (code, 404)
            assert answer.json()["code"] == code
            assert not any(id_ in json.dumps(rejected) for id_ in (b, c, message))
        stranger = await theirs.refusal("E", here, parentMessageId="root")
    assert stranger["code"] == "thread_not_found"
    assert alice.history(here) == before
    assert len(alice.upstream()) == 2


async def test_one_branch_is_answered_at_a_time(server: ChatServer, alice: Person):
    thread_id = str(uuid4())
    async with socket(server, alice) as client:
        a = await say(client, "A", thread_id)
        slow = await client.ask("B /emulate frames=300 pace=20", thread_id, after=a)
        await client.said(slow["runId"])
        for place in ({"after": a}, {"parentMessageId": "root"}, {}):
            assert (await client.refusal("C", thread_id, **place))["code"] == "thread_busy"
        await client.send(op="cancel", runId=slow["runId"])
        await client.answer(slow["runId"])
        await say(client, "D", thread_id, after=a)
    assert heard(alice, 3) == ["A", "AB", "AD"]
    assert len(alice.history(thread_id)["messages"]) == 6
