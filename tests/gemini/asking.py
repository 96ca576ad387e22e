"""Asking Gemini directly, without the team."""

from __future__ import annotations

from contextlib import aclosing

from gemini.client import GeminiClient
from gemini.errors import GeminiError
from gemini.pool import Endpoint
from gemini.request import ModelRequest

MODEL = "gemini-3.8-flash"
KEY = "AIzaThisKeyIsSecret000000000000000000000"
HELLO = ({"role": "user", "parts": [{"text": "Hello"}]},)
STOP = b'data: {"candidates": [{"finishReason": "STOP"}]}\r\n\r\n'


def request(api_key: str = KEY, contents=HELLO, **options) -> ModelRequest:
    return ModelRequest(options.pop("model", MODEL), "", tuple(contents), api_key, **options)


async def frames(gemini: GeminiClient, sent: ModelRequest) -> list[dict]:
    async with aclosing(gemini.stream(sent)) as batches:
        return [frame async for batch in batches for frame in batch]


def said(frames: list[dict]) -> str:
    parts = [
        part
        for frame in frames
        for candidate in frame.get("candidates", [])
        for part in candidate.get("content", {}).get("parts", [])
    ]
    return "".join(part.get("text", "") for part in parts if not part.get("thought"))


async def ask(server, sent: ModelRequest) -> list[dict]:
    """The frames of one request to a raw server."""
    gemini = GeminiClient(Endpoint(server.url, "v1beta"))
    try:
        return await frames(gemini, sent)
    finally:
        await gemini.close()


async def failure(gemini: GeminiClient, sent: ModelRequest) -> tuple[GeminiError, str]:
    """The error a request ends with, and the words before it."""
    got: list[dict] = []
    try:
        async with aclosing(gemini.stream(sent)) as batches:
            async for batch in batches:
                got += batch
    except GeminiError as error:
        return error, said(got)
    raise AssertionError(f"no error after {said(got)!r}")


async def failure_at(server, sent: ModelRequest | None = None) -> tuple[GeminiError, str]:
    """The same, at a raw server."""
    gemini = GeminiClient(Endpoint(server.url, "v1beta"))
    try:
        return await failure(gemini, sent or request())
    finally:
        await gemini.close()
