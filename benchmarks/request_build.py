"""What a question costs before it leaves: choosing the history, putting files in, writing the body.

In this process: a conversation of 50 turns, of plain answers, delegations and pictures, as the
database keeps it. The CPU of the thread from the question to the request that the product's client,
with the SDK in it, hands to the network. The network is not there: it answers at once.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import httpx2
from google.genai import types

from agents.core.context import RunContext
from agents.core.engine import generate_streaming_response
from agents.core.request import RunRequest
from benchmarks import harness
from benchmarks.harness import Figure
from gemini import pool
from gemini.client import GeminiClient
from gemini.keys import Key
from gemini.outputs import Media, Saved
from gemini.pool import Endpoint
from gemini.request import ModelRequest
from gemini.types import Exchange

TURNS = 50
WORDS = "Rivers carry more than water, and whoever follows one learns of the land. " * 12
FLASH = "gemini-3.8-flash"
SIGNATURE = "c2lnbmF0dXJl" * 40
LAST = {"content": {"parts": [{"text": "Well."}]}, "finishReason": "STOP"}
ANSWER = f"data: {json.dumps({'candidates': [LAST]})}\r\n\r\n".encode()
KEY = Key("key1", "work", "AIzaThisKeyIsSecret000000000000000000000")


class Uploaded:
    """Files that are at Google already, as most are that are spoken of again."""

    async def data(self, artifact: dict[str, Any], key: Key, *, inline: bool) -> dict[str, Any]:
        uri = f"https://generativelanguage.googleapis.com/v1beta/files/{artifact['id']}"
        return {"fileData": {"fileUri": uri, "mimeType": artifact["mimeType"]}}

    async def forget(self, key: Key) -> None:
        raise RuntimeError("nothing was lost")

    async def save(self, media: Media) -> Saved:
        raise RuntimeError("nothing was made")


def exchange(number: int) -> Exchange:
    """Every fifth run delegated, every tenth was about a picture."""
    asked: Any = {
        "role": "user",
        "parts": [{"text": f"Question {number}: what of rivers?"}],
    }
    if number % 10 == 0:
        photo = {"id": f"f{number}", "mimeType": "image/png", "name": "p.png", "size": 900_000}
        asked["parts"].insert(0, {"artifact": photo})
    if number % 5:
        signed = {"text": WORDS, "thoughtSignature": SIGNATURE}
        return (asked, {"role": "model", "parts": [signed], "model": FLASH})
    call: Any = {"name": "ask_text_agent", "args": {"task": "Write of rivers", "reason": "Long"}}
    result: Any = {"name": "ask_text_agent", "response": {"output": WORDS}}
    called = [{"functionCall": call, "thoughtSignature": SIGNATURE}]
    spoken: Any = {"role": "model", "parts": [{"text": WORDS}], "model": FLASH}
    return (
        asked,
        {"role": "model", "parts": called, "model": FLASH},
        {"role": "user", "parts": [{"functionResponse": result}]},
        spoken,
        {**asked, "agent": "text"},
        {**spoken, "agent": "text"},
    )


class Network(httpx2.AsyncBaseTransport):
    """Takes a request, notes when it came and how long it is, and answers in one word."""

    came_at = 0.0
    size_bytes = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.size_bytes = len(request.content)
        self.came_at = time.thread_time()
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=ANSWER)


class Handing(GeminiClient):
    """The product's client; notes when a request was ours no more."""

    given_at = 0.0
    _options: types.HttpOptions

    def reach(self, network: httpx2.AsyncBaseTransport) -> None:
        self._options = pool.options(self._endpoint, network)

    def _pool(self) -> types.HttpOptions:
        return self._options

    async def stream(self, request: ModelRequest) -> AsyncGenerator[list[dict[str, Any]], None]:
        self.given_at = time.thread_time()
        async for frames in super().stream(request):
            yield frames


@dataclass
class Costs:
    """CPU of this thread in ms for each question; and how long its request is."""

    ours: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    size_bytes: int = 0


async def costs(history: list[Exchange], prompt: str, times: int, *, agent: str = "auto") -> Costs:
    """What questions cost from their being asked to their requests' reaching the network."""
    network, files, found = Network(), Uploaded(), Costs()
    model = Handing(Endpoint("https://google.example/", "v1beta"))
    model.reach(network)
    await model.warm_up()
    for _ in range(times):
        answer = generate_streaming_response(
            api_key=KEY,
            request=RunRequest(text=prompt, agent=agent),
            context=RunContext(client=model, save=files.save, files=files, history=tuple(history)),
        )
        began = time.thread_time()
        await answer.run(lambda event: None)
        if answer.record.outcome != "success":
            raise RuntimeError(f"a run ended with {answer.record.error}")
        found.ours.append((model.given_at - began) * 1000)
        found.whole.append((network.came_at - began) * 1000)
    found.size_bytes = network.size_bytes
    await model.close()
    return found


async def _measured(times: int) -> list[Figure]:
    history = [exchange(number) for number in range(TURNS)]
    same = await costs(history, "And now?", times)
    other = await costs(history, "And now?", times, agent="text")
    first = await costs([], "And now?", times)
    unit = "ms CPU"
    return [
        Figure(f"request after {TURNS} turns, p50", harness.median(same.whole), unit, bar=3),
        Figure("the same, another agent, p50", harness.median(other.whole), unit, bar=3),
        Figure("of it before the SDK, p50", harness.median(same.ours), unit),
        Figure("of it before the SDK, p99", harness.percentile(same.ours, 99), unit, bar=3),
        Figure("request of a first question, p50", harness.median(first.whole), unit),
        Figure(f"size after {TURNS} turns", same.size_bytes / 1024, "KiB"),
    ]


def main() -> None:
    chosen = harness.parser("request_build").parse_args()
    figures = asyncio.run(_measured(50 if chosen.quick else 500))
    harness.report("request_build", figures, {"turns": TURNS}, quick=chosen.quick)


if __name__ == "__main__":
    main()
