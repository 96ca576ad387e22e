"""Recorded answers through the whole team, and back to Gemini with the next question."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gemini.error_mapping import error_from_frame, error_from_response
from gemini.request import request_body
from tests.core.scripted import ScriptedModel
from tests.core.team import Shelf, ask, events_of, of_type, said, words
from tests.gemini.expected import Expected, units
from tests.gemini.recordings import name_of, recorded

RECORDINGS = recorded("generateContent", "streamGenerateContent")
AGENTS = ("auto", "text", "media", "direct")
BELONGS_TO_ITS_MODEL = {
    *("thoughtSignature", "thought", "functionCall", "functionResponse", "toolCall"),
    *("toolResponse", "executableCode", "codeExecutionResult"),
}
pytestmark = [
    pytest.mark.skipif(not RECORDINGS, reason="no recordings here"),
    pytest.mark.parametrize("recording", RECORDINGS, ids=name_of),
]


class Asked:
    """A recorded answer to a first question, and what a second one sends."""

    def __init__(self, recording: dict[str, Any], agent: str) -> None:
        self.agent = agent
        self.shelf = Shelf()
        self.answer = ask(_model(recording), "Go on.", agent=agent, shelf=self.shelf)
        self.events: list[dict[str, Any]] = []

    async def again(self, **turn: Any) -> list[dict[str, Any]]:
        """The contents of the body of the request that a second question makes."""
        first = ({"role": "user", "parts": [{"text": "Go on."}]}, *self.answer.contents())
        kept = json.loads(json.dumps(first))
        model, turn = ScriptedModel(said("Well.")), {"agent": self.agent, **turn}
        await events_of(ask(model, "Again?", history=[tuple(kept)], shelf=self.shelf, **turn))
        return request_body(model.requests[0])["contents"]


def _model(recording: dict[str, Any]) -> ScriptedModel:
    expected = Expected(recording)
    if expected.status != 200:
        return ScriptedModel([error_from_response(expected.status, json.loads(recording["body"]))])
    tail = [error_from_frame(json.loads(expected.tail))] if expected.tail else []
    return ScriptedModel([*expected.frames, *tail], said("So it is."))


def _user(text: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text}]}


@pytest.fixture(autouse=True)
def a_recording_is_one_call(monkeypatch):
    monkeypatch.setattr("agents.core.call.RETRIES", 0)


@pytest.fixture
async def each(recording) -> list[Asked]:
    """The first question to every agent, asked once for all tests of it."""
    if (name := recording["id"]) not in _asked:
        _asked[name] = [Asked(recording, agent) for agent in AGENTS]
        for asked in _asked[name]:
            asked.events = await events_of(asked.answer)
    return _asked[name]


_asked: dict[str, list[Asked]] = {}


async def test_a_recorded_answer_makes_a_valid_run_of_every_agent(recording, each):
    for asked in each:
        _assert_run(Expected(recording), asked)


def _assert_run(expected: Expected, asked: Asked) -> None:
    agent, events, code = asked.agent, asked.events, expected.code_of(asked.agent)
    coordinated = agent in ("auto", "direct") and expected.calls and not expected.code
    joined = "So it is." if coordinated else ""
    speaker = agent if agent in ("text", "media") else None
    assert words(events, speaker) == expected.text + joined
    thoughts = of_type(events, "REASONING_MESSAGE_CONTENT")
    assert "".join(event["delta"] for event in thoughts) == expected.thoughts
    assert events[-1].get("code", "") == code
    assert asked.answer.record.outcome == ("error" if code else "success")
    made = [media for media in asked.shelf.kept if media.mime_type != "text/html"]
    assert len(made) == len(expected.media)
    assert [media.data for media in made if media.mime_type == "image/png"] == expected.pictures
    if not code:
        assert _told_of_sources(events) == _sources(expected)
        assert events[-1]["usage"][0]["outputTokens"] >= expected.usage[1]
        assert ("result" in events[-1]) == (expected.finish == "MAX_TOKENS")


def _told_of_sources(events: list[dict[str, Any]]) -> list[Any]:
    """What was told of sources, with each place read in the message that it points into."""
    messages: dict[str, str] = {}
    for event in of_type(events, "TEXT_MESSAGE_CONTENT"):
        messages[event["messageId"]] = messages.get(event["messageId"], "") + event["delta"]
    activities = of_type(events, "ACTIVITY_SNAPSHOT")
    return [
        (
            one["content"]["sources"],
            one["content"]["pages"],
            [
                (
                    units(messages[place["messageId"]], place["start"], place["end"]),
                    place["sources"],
                )
                for place in one["content"]["supports"]
            ],
        )
        for one in activities
        if one["activityType"] == "sources"
    ]


def _sources(expected: Expected) -> list[Any]:
    if not expected.sources:
        return []
    return [(expected.sources, expected.pages, expected.supported)]


async def test_the_next_question_sends_the_same_model_exactly_what_it_said(recording, each):
    for asked in each:
        _assert_exact(Expected(recording), asked.agent, await asked.again())


def _assert_exact(expected: Expected, agent: str, sent: list[dict[str, Any]]) -> None:
    assert (sent[0], sent[-1]) == (_user("Go on."), _user("Again?"))
    if expected.code_of(agent):  # what did not end well is kept as words
        said_before = [{"role": "model", "parts": [{"text": expected.text.strip()}]}]
        assert sent[1:-1] == (said_before if expected.text.strip() else [])
        return
    kept = expected.kept
    if agent in ("text", "media"):  # calls of functions that nobody offered have no answer
        kept = [part for part in kept if "functionCall" not in part]
    if not kept:
        return
    assert sent[1] == {"role": "model", "parts": kept}
    if expected.calls and agent in ("auto", "direct"):
        answers, joined = sent[2:-1]
        responses = [part["functionResponse"] for part in answers["parts"]]
        assert [one["name"] for one in responses] == [name for name, _ in expected.calls]
        assert joined == {"role": "model", "parts": [{"text": "So it is."}]}
    else:
        assert sent[2:-1] == []


async def test_another_model_is_sent_words_and_nothing_that_is_its_makers(recording, each):
    for asked in each:
        other = {"output": "text"} if asked.agent == "media" else {}
        sent = await asked.again(model="gemini-3-pro", **other)
        _assert_plain(Expected(recording), asked.agent, sent)


def _assert_plain(expected: Expected, agent: str, sent: list[dict[str, Any]]) -> None:
    parts = [part for content in sent for part in content["parts"]]
    assert not any(BELONGS_TO_ITS_MODEL & set(part) for part in parts)
    told = "".join(
        part["text"] for content in sent if content["role"] == "model" for part in content["parts"]
    )
    if agent in ("auto", "direct") and not expected.code_of(agent):
        assert told == expected.text + ("So it is." if expected.calls else "")
    elif expected.text.strip():
        assert expected.text.strip() in told
    pictures = [part for part in parts if "inlineData" in part]
    assert len(pictures) == (len(expected.pictures) if agent == "media" else 0)
