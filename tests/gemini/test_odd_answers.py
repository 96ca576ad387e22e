"""Whatever comes from upstream, a run ends as a whole stream: well, or with an error of ours."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from gemini.errors import GeminiError
from gemini.sse import BadSSE, SSEDecoder
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import ask, call, events_of, said, thought, words
from tests.gemini.recordings import recorded


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch):
    monkeypatch.setattr("agents.core.call.BACKOFF_S", 0.0)


ODD = [None, 0, -1, 1.5, True, "", "x", [], {}, [None], ["x"], {"x": None}, [[]]]
WHOLE = [
    chunk(thought("Hm.")),
    *said("One", "two"),
    chunk(
        call("text", "id1", "signed", task="Write"), {"inlineData": {"mimeType": "a", "data": ""}}
    ),
    chunk({"executableCode": {"language": "X", "code": "1"}}, finish="STOP"),
    chunk({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}),
]


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside a JSON value."""
    inner: Any = enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, dict):
        inner = value.items()
    return [path, *(place for name, item in inner for place in _places(item, (*path, name)))]


def _with(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    changed = copy.deepcopy(value)
    target = changed
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = odd
    return changed


ENDS = ("upstream_error", "truncated", "stopped", "blocked", "no_answer")


@pytest.mark.parametrize("odd", ODD, ids=repr)
async def test_a_value_of_another_shape_ends_no_stream_half(odd):
    for path in _places(WHOLE):
        if len(path) < 2:
            continue
        first = _with(WHOLE, path, odd)
        answer = ask(ScriptedModel(first, *[said("Well.")] * 3))
        events = await events_of(answer)
        json.dumps(events, allow_nan=False)
        assert answer.record.error is None or answer.record.error.code in ENDS


WIRES = [
    "".join(f"data: {frame}\r\n\r\n" for frame in recording["sse"]) + (recording.get("tail") or "")
    for recording in recorded("streamGenerateContent")
    if recording.get("sse") and sum(map(len, recording["sse"])) < 20_000
]


@pytest.mark.parametrize("wire", WIRES, ids=range(len(WIRES)))
async def test_a_stream_cut_anywhere_is_truncated_or_failed_but_whole(wire):
    data = wire.encode()
    rng = random.Random(len(data))
    for at in {rng.randrange(len(data)) for _ in range(12)}:
        answer = ask(ScriptedModel(_script(data[:at]), *[said("Well.")] * 3))
        await events_of(answer)
        assert answer.record.outcome == "success" or answer.record.error.code in (
            *("truncated", "upstream_error", "overloaded", "quota", "timeout", "blocked"),
        )


def _script(data: bytes) -> list[Any]:
    """A scripted reply of what a reader makes of these bytes."""
    reader, script = SSEDecoder(), []
    try:
        script.extend(reader.feed(data))
        script.extend(reader.close())
    except BadSSE:
        script.append(GeminiError("upstream_error"))
    return [
        GeminiError("overloaded") if isinstance(one, dict) and "error" in one else one
        for one in script
    ]


async def test_words_before_a_frame_of_another_shape_are_kept():
    answer = ask(ScriptedModel([[chunk(text("Kept")), {"candidates": [{"content": "?"}]}]]))
    events = await events_of(answer)
    assert words(events) == "Kept"
    assert answer.record.error.code == "upstream_error"
