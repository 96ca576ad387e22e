"""A run belongs to the server: sockets come and go, and nobody misses or repeats an event."""

from __future__ import annotations

import asyncio
import random
from uuid import uuid4

import pytest

from tests.agui_rules import assert_valid_stream
from tests.e2e.client import question, socket, types_of
from tests.e2e.server import ChatServer, Person, both_servers

SLOWLY = "Tell me /emulate frames=50 pace=25 size=10"
CUTS = random.Random(20261123).sample(range(1, 55), 12)


@both_servers
async def test_a_run_outlives_its_socket_and_is_continued_without_a_gap(
    server: ChatServer, alice: Person
):
    async with socket(server, alice) as client:
        accepted = await client.ask(SLOWLY)
        run_id = accepted["runId"]

        async def cut_and_return(after: int) -> tuple[list, list]:
            async with socket(server, alice) as lost:
                await lost.follow(run_id)
                await lost.heard(run_id, after)
                held = lost.streams[run_id].events[:after]
                lost.cut()
            async with socket(server, alice) as back:
                await back.follow(run_id, after)
                return held, (await back.answer(run_id)).events

        # Ten sockets per user: some of them always wait for their turn.
        turns = asyncio.Semaphore(7)

        async def in_turn(after: int) -> tuple[list, list]:
            async with turns:
                return await cut_and_return(after)

        pieces = await asyncio.gather(*(in_turn(after) for after in CUTS))
        whole = (await client.answer(run_id)).events
    for held, rest in pieces:
        assert held + rest == whole
    assert len(alice.upstream(1)) == 1


async def test_a_run_nobody_listens_to_goes_on_to_its_end(server: ChatServer, alice: Person):
    async with socket(server, alice) as client:
        accepted = await client.ask("Tell me /emulate frames=20 pace=20")
        await client.said(accepted["runId"])
        client.cut()
    [asked] = await asyncio.to_thread(alice.upstream, 1, ended=True)
    assert asked["ended"] == "completed"
    async with socket(server, alice) as client:
        await client.follow(accepted["runId"])
        assert (await client.answer(accepted["runId"])).text == server.emulator.numbered_text(20)


async def test_a_run_that_has_ended_is_told_again_from_anywhere(server: ChatServer, alice: Person):
    async with socket(server, alice) as client:
        accepted = await client.ask("Hello /emulate frames=20")
        run_id = accepted["runId"]
        whole = (await client.answer(run_id)).events
        async with socket(server, alice) as other:
            for after in (0, 1, len(whole) // 2, len(whole) - 1):
                await other.follow(run_id, after)
                assert (await other.answer(run_id)).events == whole[after:]
            await other.follow(run_id, len(whole))
            await other.still_works()
            assert other.streams[run_id].events == []


async def test_who_claims_to_hold_more_than_there_is_has_to_start_over(
    server: ChatServer, alice: Person
):
    async with socket(server, alice) as client, socket(server, alice) as other:
        run_id = (await client.ask(SLOWLY))["runId"]
        await other.follow(run_id, 10_000)
        assert (await other.expect("resync", runId=run_id))["reason"] == "ahead"
        await client.send(op="cancel", runId=run_id)
        await client.answer(run_id)
        await other.follow(run_id, 10_000)
        assert (await other.expect("resync", runId=run_id))["reason"] == "ahead"


@pytest.mark.parametrize("after", [-1, 1.5, "3", None, True, 2**31, [1]])
async def test_an_odd_place_to_continue_from_is_refused(
    server: ChatServer, alice: Person, after: object
):
    async with socket(server, alice) as client:
        await client.send(op="follow", runId=str(uuid4()), after=after)
        assert (await client.expect("rejected"))["code"] == "invalid_frame"
        assert client.open


async def test_a_foreign_run_is_as_unknown_as_one_that_never_was(
    server: ChatServer, alice: Person, bob: Person
):
    async with socket(server, alice) as client, socket(server, bob) as other:
        accepted = await client.ask(SLOWLY)
        run_id, thread_id = accepted["runId"], accepted["threadId"]
        told = []
        for target in (run_id, str(uuid4())):
            await other.send(op="follow", runId=target)
            told.append(await other.expect("rejected"))
            await other.send(op="cancel", runId=target)
            told.append(await other.expect("rejected"))
        assert all(frame == told[0] for frame in told)
        assert told[0]["code"] == "run_not_found"
        told = []
        for target in (thread_id, str(uuid4())):
            await other.send(op="watch", threadId=target)
            told.append(await other.expect("rejected"))
        told += [
            {**await other.refusal("Hello", thread_id), "ref": None},
            {**await other.refusal("Hello", str(uuid4()), parentMessageId="1"), "ref": None},
        ]
        assert {frame["code"] for frame in told} == {"thread_not_found"}
        assert len({frame["message"] for frame in told}) == 1
        await other.send(op="ack", runId=run_id, seq=1)
        assert (await other.refusal("Hello", run_id=run_id))["code"] == "run_not_found"
        assert run_id not in other.streams
        assert not any(event["type"].startswith("RUN_E") for event in client.streams[run_id].events)
        for path in (f"runs/{run_id}/", f"runs/{run_id}/events/", f"threads/{thread_id}/messages/"):
            theirs = bob.rest("GET", path)
            nobodys = bob.rest(
                "GET",
                path.replace(run_id, thread_id).replace(
                    f"threads/{thread_id}", f"threads/{run_id}"
                ),
            )
            assert (theirs.status_code, theirs.content) == (404, nobodys.content)
        assert bob.rest("POST", f"runs/{run_id}/cancel/").status_code == 404
        await client.send(op="cancel", runId=run_id)
        assert (await client.answer(run_id)).events[-1]["outcome"] == {"type": "cancelled"}


async def test_a_second_tab_is_told_and_sees_the_same(server: ChatServer, alice: Person):
    async with socket(server, alice) as first, socket(server, alice) as second:
        opened = await first.ask("Hello")
        thread_id = opened["threadId"]
        await first.answer(opened["runId"])
        await second.send(op="watch", threadId=thread_id)
        await second.send(op="ping")
        await second.expect("pong")
        accepted = await first.ask("And now? /emulate frames=30 pace=10", thread_id)
        started = await second.expect("started")
        assert started == {"op": "started", "threadId": thread_id, "runId": accepted["runId"]}
        await second.follow(started["runId"])
        theirs = await second.answer(started["runId"])
        mine = await first.answer(started["runId"])
    assert mine.events == theirs.events


async def test_a_tab_that_closed_is_told_nothing_and_does_no_harm(
    server: ChatServer, alice: Person
):
    async with socket(server, alice) as first:
        opened = await first.ask("Hello")
        await first.answer(opened["runId"])
        async with socket(server, alice) as second:
            await second.send(op="watch", threadId=opened["threadId"])
            second.cut()
        await first.answer((await first.ask("Again", opened["threadId"]))["runId"])


async def test_the_same_question_sent_five_times_at_once_is_asked_once(
    server: ChatServer, alice: Person
):
    sent = question("Hello /emulate frames=10")
    async with socket(server, alice) as one, socket(server, alice) as two:
        clients = (one, two, one, two, one)
        await asyncio.gather(*(client.send(op="run", input=sent) for client in clients))
        answers = [await client.expect("accepted") for client in clients]
        first, second = [await client.answer(sent["runId"]) for client in (one, two)]
    assert all(answer == answers[0] for answer in answers)
    assert first.events == second.events
    assert len(alice.upstream(1)) == 1
    history = alice.history(sent["threadId"])
    assert [message["role"] for message in history["messages"]] == ["user", "assistant"]
    assert len(history["runs"]) == 1


async def test_the_same_message_under_another_run_is_answered_by_the_first(
    server: ChatServer, alice: Person
):
    thread_id, message_id = str(uuid4()), str(uuid4())
    async with socket(server, alice) as client:
        first = await client.ask("Hello", thread_id, message_id=message_id)
        await client.answer(first["runId"])
        again = await client.ask("Hello", thread_id, message_id=message_id)
    assert again["runId"] == first["runId"]
    assert len(alice.history(thread_id)["messages"]) == 2
    assert len(alice.upstream(1)) == 1


async def test_one_question_at_a_time_is_answered_in_a_thread(server: ChatServer, alice: Person):
    async with socket(server, alice) as client, socket(server, alice) as other_tab:
        first = await client.ask(SLOWLY)
        refused = await other_tab.refusal("Me too", first["threadId"])
        assert refused["code"] == "thread_busy"
        assert "stop it first" in refused["message"]
        await client.send(op="cancel", runId=first["runId"])
        await client.answer(first["runId"])
        await other_tab.answer((await other_tab.ask("Now?", first["threadId"]))["runId"])
    texts = [m["text"] for m in alice.history(first["threadId"])["messages"] if m["role"] == "user"]
    assert texts == [SLOWLY, "Now?"]


async def test_a_user_has_so_many_runs_at_once_and_others_have_theirs(
    server: ChatServer, alice: Person, bob: Person
):
    async with socket(server, alice) as client, socket(server, bob) as other:
        runs = [(await client.ask(SLOWLY))["runId"] for _ in range(3)]
        assert (await client.refusal("One more"))["code"] == "too_many_runs"
        await other.still_works()
        for run_id in runs:
            await client.send(op="cancel", runId=run_id)
            await client.answer(run_id)
        await client.still_works()


async def test_a_slow_reader_gets_a_window_full_and_others_are_not_held_up(
    server: ChatServer, alice: Person, bob: Person
):
    async with socket(server, alice) as client, socket(server, bob) as other:
        client.acks = False
        accepted = await client.ask("Much /emulate frames=1000 size=20 pace=1")
        run_id = accepted["runId"]
        await client.heard(run_id, 256)
        await other.still_works()
        await client.send(op="ping")
        await client.expect("pong")
        assert client.streams[run_id].last_seq == 256
        client.acks = True
        await client.send(op="ack", runId=run_id, seq=256)
        stream = await client.answer(run_id)
    assert_valid_stream(stream.events)
    assert stream.text == server.emulator.numbered_text(1000, 20)


async def test_rest_tells_a_running_answer_as_far_as_it_is_stored(
    server: ChatServer, alice: Person
):
    async with socket(server, alice) as client:
        accepted = await client.ask("Hello /emulate frames=60 pace=20 size=10")
        run_id = accepted["runId"]
        await client.said(run_id, 20)
        [snapshot] = alice.history(accepted["threadId"])["runs"]
        page = alice.get(f"runs/{run_id}/events/?after={snapshot['last_seq']}")
        assert snapshot["status"] == "running"
        assert 0 < snapshot["last_seq"] <= page["last_seq"]
        async with socket(server, alice) as other:
            await other.follow(run_id, snapshot["last_seq"])
            rest = (await other.answer(run_id)).events
        whole = (await client.answer(run_id)).events
    assert whole[snapshot["last_seq"] :] == rest
    assert types_of(snapshot["events"]) == types_of(whole[: snapshot["last_seq"]])
