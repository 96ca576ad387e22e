"""A model that follows a script, for tests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Any

from gemini.errors import GeminiError
from gemini.request import ModelRequest
from gemini.response import ResponseParser

Reply = list[dict[str, Any]]


class ScriptedModel:
    """Gives the enqueued replies in order and keeps the requests it got.

    A reply is a list of Gemini chunks; a list in it is chunks that come together, an
    ``GeminiError`` is raised at that point, an ``asyncio.Event`` is waited for.
    """

    def __init__(self, *replies: list[Any]) -> None:
        self._replies = deque(replies)
        self.requests: list[ModelRequest] = []
        self.closed = 0

    def parser(self, *secrets: str) -> ResponseParser:
        return ResponseParser(*secrets)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Reply, None]:
        self.requests.append(request)
        reply = self._replies.popleft()
        try:
            for chunk in reply:
                if isinstance(chunk, GeminiError):
                    raise chunk
                if isinstance(chunk, asyncio.Event):
                    await chunk.wait()
                    continue
                yield chunk if isinstance(chunk, list) else [chunk]
        finally:
            self.closed += 1


def chunk(*parts: dict[str, Any], finish: str = "", **extra: Any) -> dict[str, Any]:
    """A Gemini response chunk with these parts."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], **extra}


def text(words: str) -> dict[str, Any]:
    return {"text": words}


def function_call(name: str, *, signature: str = "", **args: str) -> dict[str, Any]:
    part: dict[str, Any] = {"functionCall": {"name": name, "args": args}}
    if signature:
        part["thoughtSignature"] = signature
    return part
