"""The golden streams: what each kind of run looks like on the wire, event by event.

The page's tests read the same files. ``UPDATE_STREAMS=1`` writes them anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gemini import prices
from tests.agui_rules import assert_valid_stream
from tests.core.runs import PLAIN
from tests.core.runs_that_fail import FAILING
from tests.core.runs_with_files import WITH_FILES
from tests.core.runs_with_tools import WITH_TOOLS
from tests.core.team import Event
from tests.gemini.recordings import recorded

STREAMS = Path(__file__).parent.parent / "streams"
KINDS = [*PLAIN, *WITH_TOOLS, *WITH_FILES, *FAILING]

# Kinds of recorded answers, and the stream that shows what becomes of one.
SHOWN_BY = {
    "audio-input": "audio-read",
    "audio-output": "speech",
    "cached-tokens": "thinking",
    "code-execution": "code",
    "error-400": "too-long",
    "error-403": "key-blocked",
    "error-404": "model-gone",
    "error-429": "quota",
    "error-500": "upstream-error",
    "error-503": "overloaded",
    "file-uri-input": "file-gone",
    "finish-malformed-function-call": "malformed-function-call",
    "finish-max-tokens": "truncated",
    "finish-no-image": "no-image",
    "finish-recitation": "recitation",
    "finish-safety": "safety",
    "finish-unexpected-tool-call": "unexpected-tool-call",
    "function-call": "delegation-text",
    "function-call-parallel": "delegation-parallel",
    "function-call-partial-args": "delegation-in-pieces",
    "grounding-file-search": "sources-without-address",
    "grounding-maps": "places",
    "grounding-search": "sources",
    "image-input": "image-read",
    "image-output": "image",
    "midstream-error": "error-midstream",
    "pdf-input": "pdf-read",
    "prompt-blocked": "blocked",
    "text": "plain",
    "text-file-input": "text-file-read",
    "thinking": "thinking",
    "two-finish-frames": "two-ends",
    "url-context": "pages",
    "video-input": "video-read",
    "youtube-input": "video-read",
}


@pytest.fixture(autouse=True)
def prices_of_no_year() -> Iterator[None]:
    """List prices change by themselves with the year; what goes on the wire here does not."""
    models = ("gemini-3.8-flash", "gemini-3.8-flash-tts", "gemini-nano-banana-2.1")
    prices.override({model: {"input": 1, "output": 5} for model in models})
    yield
    prices.override({})


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch):
    monkeypatch.setattr("agents.core.call.BACKOFF_S", 0.0)


def normalised(events: list[Event]) -> list[Event]:
    """The events with ids that are the same each time: m1, call1, sub1, artifact1."""
    prefixes = {
        "messageId": "m",
        "toolCallId": "call",
        "subagentRunId": "sub",
        "artifactId": "artifact",
    }
    names: dict[str, str] = {}
    counts = dict.fromkeys(prefixes, 0)
    for event in events:
        content = event.get("content")
        inner = content if isinstance(content, dict) else {}
        for holder in (event, inner, inner.get("suggestions", {})):
            for field, prefix in prefixes.items():
                if (id_ := holder.get(field)) and id_ not in names:
                    counts[field] += 1
                    names[id_] = f"{prefix}{counts[field]}"
    written = json.dumps(events)
    for id_, name in names.items():
        written = written.replace(id_, name)
    normal: list[Event] = json.loads(written)
    return normal


def read(file: Path) -> list[Event]:
    """The events of a golden stream, one on each line."""
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_each_kind_of_run_looks_as_it_always_did(kind):
    file = STREAMS / f"{kind.__name__.replace('_', '-')}.jsonl"
    events = normalised(await kind())
    if os.environ.get("UPDATE_STREAMS"):
        lines = [json.dumps(event, ensure_ascii=False) + "\n" for event in events]
        file.write_text("".join(lines), encoding="utf-8")
    assert read(file) == events
    assert_valid_stream(events)


def test_there_is_no_stream_that_nothing_makes():
    kinds = {kind.__name__.replace("_", "-") for kind in KINDS}
    assert {file.stem for file in STREAMS.glob("*")} == kinds


@pytest.mark.skipif(not recorded("generateContent"), reason="no recordings here")
def test_every_kind_of_recorded_answer_is_shown_by_a_stream():
    kinds = {one["kind"] for one in recorded("generateContent", "streamGenerateContent")}
    assert set(SHOWN_BY) == kinds


def test_every_stream_that_shows_a_kind_is_there():
    assert set(SHOWN_BY.values()) <= {file.stem for file in STREAMS.glob("*.jsonl")}
