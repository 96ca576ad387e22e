"""Whatever happens on Google's side: one end, the right code, what was said kept, thread free."""

from __future__ import annotations

import time

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
    "finish=RECITATION after=5": ("blocked", True),
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
    assert len(alice.upstream()) <= 3, "at most one retry"


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
