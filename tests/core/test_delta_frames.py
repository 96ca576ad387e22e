"""A delta takes a short way: few frames of ours between Google's bytes and the run's tail."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from agents.core.call import ModelCall
from gemini.client import GeminiClient
from gemini.pool import Endpoint
from tests.core.team import ask

ROOT = Path(__file__).resolve().parents[2]
MAX_FRAMES = 4


def frames_up_to_the_stream() -> list[str]:
    """Our functions on the stack from whoever publishes up to the one that reads the stream."""
    names: list[str] = []
    frame = inspect.currentframe()
    while frame is not None:
        code = frame.f_code
        if Path(code.co_filename).is_relative_to(ROOT) and "/tests/" not in code.co_filename:
            names.append(code.co_qualname)
        if code is ModelCall._stream.__code__:
            return names
        frame = frame.f_back
    return []


@pytest.mark.parametrize("agent", ["direct", "text"])
async def test_a_delta_passes_few_frames_also_of_a_delegated_agent(
    emulator_server: Any, agent: str
):
    gemini = GeminiClient(Endpoint(emulator_server.base_url, "v1beta"))
    passed: set[tuple[str, ...]] = set()

    def publish(event: dict[str, Any]) -> None:  # stands for RunTask's, which is one frame
        if event["type"] == "TEXT_MESSAGE_CONTENT":
            passed.add(("publish", *frames_up_to_the_stream()))

    key = emulator_server.new_key()
    await ask(gemini, "Hello /emulate frames=5 size=20", agent=agent, api_key=key).run(publish)
    await gemini.close()
    [frames] = passed
    # The one that reads the bytes is a generator: it waits while its chunk is passed on.
    assert len(frames) + 1 <= MAX_FRAMES, (*frames, GeminiClient.stream.__qualname__)
