"""Conversations made without the page: over the other door, with what the model is to say."""

from __future__ import annotations

from typing import Any

from tests.e2e.client import question
from tests.e2e.server import Person

Json = dict[str, Any]


def say(person: Person, words: str, thread_id: str = "", **forwarded: Any) -> str:
    """Ask and wait until the answer is over, well or not; returns the id of the conversation."""
    asked = question(words, thread_id, **forwarded)
    answer = person.server.http.post(
        "/chat/stream",
        json=asked,
        headers={"authorization": f"Bearer {person.access}", "accept": "text/event-stream"},
    )
    assert answer.status_code == 200, answer.text
    assert '"RUN_FINISHED"' in answer.text or '"RUN_ERROR"' in answer.text
    thread_id = asked["threadId"]
    return str(thread_id)


def script(person: Person, *steps: Json, agent: str = "") -> None:
    """What the model is to say next to this person."""
    person.server.emulator.script(*steps, key=person.key, agent=agent)


def frame(*parts: Json, **candidate: Any) -> Json:
    """A whole answer of these parts as one frame of Google's."""
    content = {"role": "model", "parts": list(parts)}
    return {
        "candidates": [{"content": content, "finishReason": "STOP", "index": 0, **candidate}],
        "usageMetadata": {"promptTokenCount": 5, "totalTokenCount": 9},
        "modelVersion": "gemini-3.8-flash",
        "responseId": "made",
    }


def grounded(text: str, sources: list[tuple[str, str]], suggestions: str = "") -> Json:
    """An answer whose whole text rests on these sources, each an address and a title."""
    segment = {"endIndex": len(text.encode()), "text": text}
    grounding = {
        "groundingChunks": [{"web": {"uri": uri, "title": title}} for uri, title in sources],
        "groundingSupports": [
            {"segment": segment, "groundingChunkIndices": list(range(len(sources)))}
        ],
        "webSearchQueries": [title for _, title in sources],
        "searchEntryPoint": {"renderedContent": suggestions},
    }
    return frame({"text": text}, groundingMetadata=grounding)
