"""Recorded Gemini traffic through a model call, over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.core.context import RunContext
from gemini.client import GeminiClient
from gemini.errors import GeminiError
from gemini.outputs import Activity, Saved, Sources, TextDelta, ThoughtDelta
from gemini.pool import Endpoint
from gemini.request import ModelRequest
from tests.core.calling import call_of, emitted
from tests.core.team import Shelf
from tests.gemini.expected import Expected, units
from tests.gemini.recordings import name_of, recorded

RECORDINGS = recorded("generateContent", "streamGenerateContent")
pytestmark = pytest.mark.skipif(not RECORDINGS, reason="no recordings here")


class Replayed:
    """One model call answered by a recording: its outputs, and the error it ended with."""

    def __init__(self, gemini, key: str) -> None:
        self.shelf = Shelf()
        self.context = RunContext(client=gemini, save=self.shelf.save, files=self.shelf)
        contents = ({"role": "user", "parts": [{"text": "Go on."}]},)
        request = ModelRequest("gemini-3.8-flash", "", contents, key, limits=self.context.limits)
        self.call = call_of(request, self.context)
        self.code = ""

    async def run(self) -> Replayed:
        try:
            await self.call.run()
        except GeminiError as error:
            self.code = error.code
        return self

    def of(self, kind: type) -> list[Any]:
        return [output for output in emitted(self.call) if isinstance(output, kind)]


@pytest.fixture(autouse=True)
def a_recording_is_one_call(monkeypatch):
    monkeypatch.setattr("agents.core.call.RETRIES", 0)


@pytest.fixture
async def replayed(emulator_server, recording):
    """A recording that was made to speak once, for all tests of it."""
    if (name := recording["id"]) not in _replayed:
        key = emulator_server.new_key()
        emulator_server.script({"replay": name}, key=key)
        gemini = GeminiClient(Endpoint(emulator_server.base_url, "v1beta"))
        _replayed[name] = await Replayed(gemini, key).run()
        await gemini.close()
    return _replayed[name]


_replayed: dict[str, Replayed] = {}


@pytest.mark.parametrize("recording", RECORDINGS, ids=name_of)
async def test_a_recorded_answer_comes_out_of_a_model_call_whole(recording, replayed):
    expected, call = Expected(recording), replayed.call
    assert replayed.code == expected.code
    assert call.text == "".join(one.text for one in replayed.of(TextDelta)) == expected.text
    assert "".join(one.text for one in replayed.of(ThoughtDelta)) == expected.thoughts
    assert [(one["name"], one["args"]) for one in call.functions] == expected.calls
    assert [media.data for media in replayed.shelf.kept if media.mime_type == "image/png"] == (
        expected.pictures
    )
    wavs = [media.data for media in replayed.shelf.kept if media.mime_type == "audio/wav"]
    assert [wav[44:] for wav in wavs] == expected.media[: len(wavs)]
    assert len(replayed.of(Saved)) == len(expected.media)
    assert len([one for one in replayed.of(Activity) if one.kind == "code"]) == expected.codes
    assert call.content()["model"] == "gemini-3.8-flash"
    assert _signatures(call.content()["parts"]) == expected.signatures


@pytest.mark.parametrize("recording", RECORDINGS, ids=name_of)
async def test_a_recorded_answer_says_what_it_rests_on_and_where(recording, replayed):
    expected = Expected(recording)
    if not expected.sources:
        assert replayed.of(Sources) == []
        return
    [sources] = replayed.of(Sources)
    assert replayed.call._emitter[-1] is sources
    assert list(sources.sources) == expected.sources
    assert list(sources.queries) == expected.grounding.get("webSearchQueries", [])
    assert list(sources.pages) == expected.pages
    assert [
        (units(expected.text, support.start, support.end), list(support.sources))
        for support in sources.supports
    ] == expected.supported
    shown = expected.grounding.get("searchEntryPoint", {}).get("renderedContent", "")
    kept = [media for media in replayed.shelf.kept if media.mime_type == "text/html"]
    assert [media.data.decode() for media in kept] == ([shown] if shown else [])
    assert (sources.suggestions and sources.suggestions.artifact_id) == (
        kept[0].id if shown else None
    )


@pytest.mark.parametrize("recording", RECORDINGS, ids=name_of)
async def test_a_recorded_answer_is_counted_as_gemini_counted_it(recording, replayed):
    expected = Expected(recording)
    [line] = replayed.context.record.calls
    usage = line.usage
    assert (usage.input, usage.output, usage.thought, usage.cached) == expected.usage
    assert line.outcome == (expected.code or "ok")
    is_cut = expected.finish == "MAX_TOKENS" and not expected.code
    assert replayed.context.record.truncated == ("max_tokens" if is_cut else "")
    json.dumps(replayed.call.content())


def _signatures(parts: list[dict[str, Any]]) -> list[str]:
    return [part["thoughtSignature"] for part in parts if "thoughtSignature" in part]
