"""Recorded Gemini traffic through the whole core, over real HTTP.

What must come out is read here straight from the recording, without the product's help.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from agents.core.call import ModelCall
from agents.core.errors import AgentError
from agents.core.model import ModelRequest
from agents.core.outputs import Activity, Media, TextDelta, ThoughtDelta
from agents.core.turn import Limits, Record
from tests.core.recordings import name_of, recorded
from tests.core.team import Shelf, ask, events_of, of_type, words
from tests.core.test_google_errors import CODES

RECORDINGS = recorded("generateContent", "streamGenerateContent")
pytestmark = pytest.mark.skipif(not RECORDINGS, reason="no recordings here")

REFUSED = {
    "SAFETY": "blocked",
    "RECITATION": "blocked",
    "NO_IMAGE": "no_image",
    "MALFORMED_FUNCTION_CALL": "upstream_error",
    "UNEXPECTED_TOOL_CALL": "upstream_error",
}


class Expected:
    """What a recording says, read off its JSON."""

    def __init__(self, recording: dict[str, Any]) -> None:
        self.id = recording["id"]
        self.status = recording["status"]
        self.tail = recording.get("tail") or ""
        if recording.get("sse") is not None:
            frames = [json.loads(frame) for frame in recording["sse"]]
        else:
            body = json.loads(recording["body"])
            frames = body if isinstance(body, list) else [body]
        self.frames = frames if self.status == 200 else []
        self.candidates = [
            candidate for frame in self.frames for candidate in frame.get("candidates", [])
        ]
        self.parts = [
            part
            for candidate in self.candidates
            for part in candidate.get("content", {}).get("parts", [])
        ]

    @property
    def text(self) -> str:
        return "".join(part["text"] for part in self.parts if _is_answer(part))

    @property
    def thoughts(self) -> str:
        return "".join(part["text"] for part in self.parts if part.get("thought"))

    @property
    def media(self) -> list[bytes]:
        blobs = [part["inlineData"]["data"] for part in self.parts if "inlineData" in part]
        return [base64.b64decode(blob) for blob in blobs]

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """Names and arguments; of arguments in pieces only their texts, which is all there are."""
        found: list[tuple[str, dict[str, Any]]] = []
        for call in (part["functionCall"] for part in self.parts if "functionCall" in part):
            if "name" in call:
                found.append((call["name"], dict(call.get("args", {}))))
            for piece in call.get("partialArgs", []):
                name = piece["jsonPath"].removeprefix("$.")
                found[-1][1][name] = found[-1][1].get(name, "") + piece["stringValue"]
        return found

    @property
    def signatures(self) -> list[str]:
        return [
            part["thoughtSignature"]
            for part in self.parts
            if "thoughtSignature" in part and "inlineData" not in part
        ]

    @property
    def finish(self) -> str:
        reasons = [candidate.get("finishReason") for candidate in self.candidates]
        return next((reason for reason in reversed(reasons) if reason), "")

    @property
    def code(self) -> str:
        """The error the call ends with; empty if it ends well."""
        if self.status != 200:
            return CODES[self.id]
        if self.tail:
            by_status = {429: "quota", 500: "upstream_error", 503: "overloaded", 504: "timeout"}
            return by_status[json.loads(self.tail)["error"]["code"]]
        if any("blockReason" in frame.get("promptFeedback", {}) for frame in self.frames):
            return "blocked"
        if not self.finish:
            return "truncated"
        return REFUSED.get(self.finish, "")

    @property
    def usage(self) -> tuple[int, int, int, int]:
        """Input, output, thought and cached tokens: the last count of each kind that was given."""
        last: dict[str, int] = {}
        for frame in self.frames:
            last |= frame.get("usageMetadata", {})
        thought = last.get("thoughtsTokenCount", 0)
        return (
            last.get("promptTokenCount", 0) + last.get("toolUsePromptTokenCount", 0),
            last.get("candidatesTokenCount", 0) + thought,
            thought,
            last.get("cachedContentTokenCount", 0),
        )


def _is_answer(part: dict[str, Any]) -> bool:
    return "text" in part and not part.get("thought")


async def replayed(gemini, emulator, recording) -> tuple[ModelCall, list[Any], str, Record]:
    """One model call answered by a recording: the call, its outputs, its error code."""
    key = emulator.new_key()
    emulator.script({"replay": recording["id"]}, key=key)
    record = Record(Limits())
    contents = ({"role": "user", "parts": [{"text": "Go on."}]},)
    request = ModelRequest("gemini-3.8-flash", "", contents, key, limits=Limits(retry_wait_s=0))
    call, outputs, code = ModelCall("text", gemini, request, record), [], ""
    try:
        async for output in call.outputs():
            outputs.append(output)
    except AgentError as error:
        code = error.code
    return call, outputs, code, record


@pytest.fixture(autouse=True)
def a_recording_is_one_call(monkeypatch):
    monkeypatch.setattr("agents.core.call.RETRIES", 0)


@pytest.mark.parametrize("recording", RECORDINGS, ids=name_of)
async def test_a_recorded_answer_comes_out_of_a_model_call_whole(gemini, emulator, recording):
    expected = Expected(recording)
    call, outputs, code, record = await replayed(gemini, emulator, recording)
    assert code == expected.code
    assert call.text == expected.text
    assert "".join(one.text for one in outputs if isinstance(one, TextDelta)) == expected.text
    assert "".join(one.text for one in outputs if isinstance(one, ThoughtDelta)) == (
        expected.thoughts
    )
    assert [(one["name"], one["args"]) for one in call.functions] == expected.calls
    [line] = record.calls
    usage = line.usage
    assert (usage.input, usage.output, usage.thought, usage.cached) == expected.usage
    assert line.outcome == (expected.code or "ok")
    assert record.truncated == ("max_tokens" if expected.finish == "MAX_TOKENS" else "")
    kept = call.content()["parts"]
    assert [part["thoughtSignature"] for part in kept if "thoughtSignature" in part] == (
        expected.signatures
    )


@pytest.mark.parametrize("recording", RECORDINGS, ids=name_of)
async def test_what_was_neither_said_nor_called_is_told_too(gemini, emulator, recording):
    expected = Expected(recording)
    _, outputs, _, _ = await replayed(gemini, emulator, recording)
    media = [one for one in outputs if isinstance(one, Media)]
    assert [one.data for one in media if one.mime_type != "audio/wav"] == [
        data for data in expected.media if data[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")
    ]
    wavs = [one.data for one in media if one.mime_type == "audio/wav"]
    assert [wav[44:] for wav in wavs] == expected.media[: len(wavs)]
    assert len(media) == len(expected.media)
    ran = [one for one in outputs if isinstance(one, Activity) and one.kind == "code"]
    kinds = {"executableCode", "codeExecutionResult"}
    assert len(ran) == sum(bool(kinds & set(part)) for part in expected.parts)
    grounded = any(
        candidate.get("groundingMetadata", {}).get("groundingChunks")
        or candidate.get("urlContextMetadata", {}).get("urlMetadata")
        for candidate in expected.candidates
    )
    sources = [one for one in outputs if isinstance(one, Activity) and one.kind == "sources"]
    assert len(sources) == grounded


@pytest.mark.parametrize("agent", ["auto", "text"])
@pytest.mark.parametrize("recording", RECORDINGS, ids=name_of)
async def test_a_recorded_answer_makes_a_valid_run(gemini, emulator, recording, agent):
    expected = Expected(recording)
    key = emulator.new_key()
    emulator.script({"replay": recording["id"]}, {"texts": ["So it is."]}, key=key)
    shelf = Shelf()
    answer = ask(gemini, "Go on.", agent=agent, save=shelf.save, api_key=key)
    events = await events_of(answer)
    coordinated = agent == "auto" and expected.calls and not expected.code
    joined = "So it is." if coordinated else ""
    assert words(events, None if agent == "auto" else "text") == expected.text + joined
    thoughts = of_type(events, "REASONING_MESSAGE_CONTENT")
    assert "".join(event["delta"] for event in thoughts) == expected.thoughts
    assert events[-1].get("code", "") == expected.code
    assert answer.outcome == ("error" if expected.code else "success")
    assert len(shelf.kept) == len(expected.media)
    if not expected.code:
        usage = events[-1]["usage"][0]
        assert usage["outputTokens"] >= expected.usage[1]
        assert ("result" in events[-1]) == (expected.finish == "MAX_TOKENS")
