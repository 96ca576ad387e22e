"""Whatever happens on Google's side: one end, the right code, what was said kept, thread free."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.e2e.client import socket
from tests.e2e.server import ChatServer, Person

# What the message asks of the emulator: the code of the run's end, and whether text came before.
FAULTS = {
    "error=400": ("bad_request", False),
    "error=401": ("invalid_key", False),
    "error=403": ("key_blocked", False),
    "error=404": ("model_gone", False),
    "error=429 retry=60": ("quota", False),
    "error=500": ("upstream_error", False),
    "error=503": ("overloaded", False),
    "error=504": ("timeout", False),
    "html=502": ("overloaded", False),
    "cut=0": ("upstream_error", False),
    "cut=5": ("upstream_error", True),
    "eof=5": ("truncated", True),
    "stall=5": ("timeout", True),
    "stall=0": ("timeout", False),
    "badjson=5": ("upstream_error", True),
    "midstream=503 after=5": ("overloaded", True),
    "block=SAFETY": ("blocked", False),
    "finish=SAFETY after=5": ("blocked", True),
    "block=PROHIBITED_CONTENT": ("blocked", False),
    "finish=RECITATION after=5": ("recitation", True),
    "finish=PROHIBITED_CONTENT after=0": ("blocked", False),
    "finish=BLOCKLIST after=5": ("blocked", True),
    "finish=SPII after=5": ("blocked", True),
    "finish=LANGUAGE after=5": ("language", True),
    "finish=IMAGE_SAFETY after=0": ("blocked", False),
    "finish=NO_IMAGE after=5": ("no_image", True),
    "finish=OTHER after=5": ("stopped", True),
    "finish=MALFORMED_FUNCTION_CALL": ("upstream_error", False),
    "finish=UNEXPECTED_TOOL_CALL": ("upstream_error", False),
    "finish=SOMETHING_NEW after=5": ("stopped", True),
    "redirect=307": ("upstream_error", False),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_fault_of_google_ends_the_run_once_and_frees_the_thread(
    server: ChatServer, alice: Person, fault: str
):
    code, said_something = FAULTS[fault]
    async with socket(server, alice) as client:
        accepted = await client.ask(f"Hello\n/emulate {fault}")
        began = time.monotonic()
        stream = await client.answer(accepted["runId"])
        assert time.monotonic() - began < 12
        assert (stream.events[-1]["type"], stream.events[-1]["code"]) == ("RUN_ERROR", code)
        assert stream.events[-1]["message"].endswith(".")
        assert bool(stream.text) is said_something
        history = alice.history(accepted["threadId"])
        [run] = history["runs"]
        assert (run["status"], run["error_code"]) == ("failed", code)
        assert "".join(message["text"] for message in history["messages"][1:]) == stream.text
        assert len(history["messages"]) == 1 + said_something
        again = await client.ask("Are you back?", accepted["threadId"])
        assert (await client.answer(again["runId"])).events[-1]["outcome"] == {"type": "success"}
    tries = len(alice.upstream()) - 1
    assert tries <= 1 + (not said_something), "one retry, and none once something was said"


async def test_an_answer_that_is_too_long_is_kept_and_marked(server: ChatServer, alice: Person):
    async with socket(server, alice) as client:
        accepted = await client.ask("Hello /emulate finish=MAX_TOKENS after=5")
        stream = await client.answer(accepted["runId"])
    assert stream.events[-1]["result"] == {"truncated": True, "reason": "max_tokens"}
    assert stream.text


async def test_a_fault_before_the_first_word_is_tried_once_more(server: ChatServer, alice: Person):
    async with socket(server, alice) as client:
        accepted = await client.ask("Hello /emulate error=503 times=1")
        stream = await client.answer(accepted["runId"])
    assert stream.events[-1]["type"] == "RUN_FINISHED"
    assert len(alice.upstream(2)) == 2


@pytest.mark.parametrize("first_key", ["error", "responseId"])
async def test_an_error_in_the_stream_is_seen_wherever_it_stands(
    server: ChatServer, alice: Person, first_key: str
):
    said = {"candidates": [{"content": {"role": "model", "parts": [{"text": "So far"}]}}]}
    error = {first_key: {}, "error": {"message": f"it was {alice.key}", "status": "UNAVAILABLE"}}
    server.emulator.script({"frames": [said, error]}, key=alice.key)
    async with socket(server, alice) as client:
        accepted = await client.ask("Hello")
        stream = await client.answer(accepted["runId"])
    assert stream.text == "So far"
    assert stream.events[-1]["code"] in ("upstream_error", "overloaded")
    assert alice.key not in str(stream.events)


ADVICE = {
    "error=429 retry=60": {"retryAfter": 60.0, "tryModel": "gemini-3-flash-lite"},
    "error=503": {"tryModel": "gemini-3-flash-lite"},
    "error=403": {"help": "https://aistudio.google.com/api-keys"},
}


@pytest.mark.parametrize("fault", ADVICE)
async def test_an_end_tells_programs_when_to_come_back_and_what_else_to_try(
    server: ChatServer, alice: Person, fault: str
):
    async with socket(server, alice) as client:
        accepted = await client.ask(f"Hello\n/emulate {fault}")
        stream = await client.answer(accepted["runId"])
        assert stream.events[-1]["metadata"] == ADVICE[fault]
        gone = await client.ask("Hello\n/emulate error=404", model="gemini-3-pro")
        stream = await client.answer(gone["runId"])
    assert stream.events[-1]["metadata"] == {"tryModel": "gemini-3-flash"}


async def test_a_wait_is_told_before_the_one_retry(server: ChatServer, alice: Person):
    async with socket(server, alice) as client:
        accepted = await client.ask("Hello\n/emulate error=429 retry=3 times=1")
        stream = await client.answer(accepted["runId"])
    [wait] = [event for event in stream.events if event.get("activityType") == "retry"]
    assert wait["content"] == {"code": "quota", "retryAfter": 3.0}
    assert stream.events[-1]["type"] == "RUN_FINISHED"
    first, again = alice.upstream(2)
    assert again["started_at"] - first["ended_at"] >= 2.9


async def test_after_one_wait_it_is_over_and_both_calls_are_counted(
    server: ChatServer, alice: Person
):
    async with socket(server, alice) as client:
        accepted = await client.ask("Hello\n/emulate error=429 retry=2")
        stream = await client.answer(accepted["runId"])
    assert sum(event.get("activityType") == "retry" for event in stream.events) == 1
    assert (stream.events[-1]["code"], len(alice.upstream())) == ("quota", 2)
    assert len(account_of(stream.events)["calls"]) == 2


async def test_a_coordinator_that_delegates_without_end_is_stopped_and_its_cost_shown(
    server: ChatServer, alice: Person
):
    again = {"calls": [delegation("text"), delegation("text")]}
    for agent in ("coordinator", "join", "join"):
        server.emulator.script(again, key=alice.key, agent=agent)
    async with socket(server, alice) as client:
        accepted = await client.ask("Go on and on")
        stream = await client.answer(accepted["runId"])
    assert (stream.events[-1]["type"], stream.events[-1]["code"]) == ("RUN_ERROR", "limit_reached")
    asked = [request["agent"] for request in alice.upstream()]
    # Those of the last call are not asked: it was told to ask nobody any more.
    assert sorted(asked) == ["coordinator", *2 * ["join"], *4 * ["text"]]
    calls = account_of(stream.events)["calls"]
    assert len(calls) == len(asked)
    assert all(float(call["price"]) > 0 for call in calls)
    assert stream.events[-1]["usage"][0]["totalTokens"] == sum(
        call["totalTokens"] for call in calls
    )


async def test_one_question_makes_so_many_calls_and_no_more(server: ChatServer, alice: Person):
    many = {"calls": [delegation("text") for _ in range(30)]}
    server.emulator.script(many, key=alice.key, agent="coordinator")
    async with socket(server, alice) as client:
        accepted = await client.ask("Everybody")
        stream = await client.answer(accepted["runId"])
        assert stream.events[-1]["code"] == "limit_reached"
        [run] = alice.history(accepted["threadId"])["runs"]
        assert (run["status"], run["error_code"]) == ("failed", "limit_reached")
        await client.still_works()
    assert len(account_of(stream.events)["calls"]) == 20


async def test_a_stop_amid_two_agents_closes_both_and_begins_nothing(
    server: ChatServer, alice: Person
):
    async with socket(server, alice) as client:
        accepted = await client.ask(
            "Write and write /emulate call=text,media\n"
            "/emulate text: frames=500 pace=20\n/emulate media: frames=500 pace=20"
        )
        run_id = accepted["runId"]
        await client.said(run_id)
        await client.until(lambda: len(speakers(client.streams[run_id].events)) == 2)
        asked_at = time.time()
        await client.send(op="cancel", runId=run_id)
        stream = await client.answer(run_id)
        assert stream.events[-1]["outcome"] == {"type": "cancelled"}
        await asyncio.sleep(1)
    requests = alice.upstream()
    assert [request["agent"] for request in requests[:1]] == ["coordinator"]
    assert sorted(request["agent"] for request in requests[1:]) == ["media", "text"]
    for request in requests[1:]:
        assert request["ended"] == "client_disconnected"
        assert request["disconnected_at"] - asked_at <= 0.5


def delegation(agent: str) -> dict[str, Any]:
    args = {"task": "Say it again.", "reason": "Because."}
    return {"name": f"ask_{agent}_agent", "args": args}


def account_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    [account] = [event["value"] for event in events if event["type"] == "CUSTOM"]
    return account


def speakers(events: list[dict[str, Any]]) -> set[str]:
    spoken = (event for event in events if event["type"] == "TEXT_MESSAGE_CONTENT")
    return {event.get("subagentRunId", "") for event in spoken}
