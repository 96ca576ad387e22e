"""The state machine between what agents say and what goes on the wire."""

from __future__ import annotations

import json

import pytest

from agents.core.agui import RESULT_CHARS, AguiStream
from gemini.errors import GeminiError
from gemini.outputs import Activity, Media, Saved, TextDelta, ThoughtDelta
from tests.agui_rules import assert_valid_stream
from tests.core.team import of_type, types

PICTURE = Saved("id1", "/api/files/id1/", "image/png", "image")
ARGUMENTS = {"task": "Schreib über Füchse", "reason": "Long"}


# What a run does to the state machine; an output alone is the coordinator's.


def to_text(machine):
    return machine.start_subagent("call1", "text", "Writes.", ARGUMENTS)


def to_media(machine):
    return machine.start_subagent("call2", "media", "Draws.", {"task": "Draw"})


def by(lane, output):
    return lambda machine: machine.feed(output, lane)


def finished(lane, text):
    return lambda machine: machine.finish_subagent(lane, text)


def failed(lane, error):
    return lambda machine: machine.fail_subagent(lane, error)


def step(machine, output):
    return output(machine) if callable(output) else machine.feed(output)


def stream(*outputs, end=lambda stream: stream.finish("success", [])):
    """All events of a run that has these outputs."""
    machine = AguiStream("thread1", "run1")
    events = machine.start()
    for output in outputs:
        events += step(machine, output)
    events += end(machine)
    assert_valid_stream(events)
    return events


def test_a_silent_run_is_its_start_and_its_end():
    started, finished = stream()
    ids = {"threadId": "thread1", "runId": "run1"}
    assert started == {"type": "RUN_STARTED", **ids, "protocolVersion": "1.0"}
    assert finished == {"type": "RUN_FINISHED", **ids, "outcome": {"type": "success"}}


def test_neighbouring_words_are_one_message():
    events = stream(TextDelta("a"), TextDelta("b"))
    assert types(events)[1:-1] == [
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
    ]
    assert len({event["messageId"] for event in events[1:-1]}) == 1


def test_words_after_thoughts_are_a_message_of_their_own():
    events = stream(TextDelta("a"), ThoughtDelta("hm"), ThoughtDelta("."), TextDelta("b"))
    assert types(events)[1:-1] == [
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "REASONING_START",
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
        "REASONING_END",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
    ]
    assert len({event["messageId"] for event in events[1:-1]}) == 3


def test_activities_close_the_message_and_keep_their_id():
    events = stream(
        TextDelta("a"),
        Activity("code", {"code": "1"}, "ref1"),
        Activity("code", {"code": "1", "output": "1"}, "ref1"),
        TextDelta("b"),
    )
    snapshots = of_type(events, "ACTIVITY_SNAPSHOT")
    assert [one["messageId"] for one in snapshots] == ["ref1", "ref1"]
    assert len(of_type(events, "TEXT_MESSAGE_START")) == 2


def test_saved_media_are_an_artifact():
    [snapshot] = of_type(stream(PICTURE), "ACTIVITY_SNAPSHOT")
    assert snapshot["activityType"] == "artifact"
    assert snapshot["content"] == {
        "artifactId": "id1",
        "url": "/api/files/id1/",
        "mimeType": "image/png",
        "name": "image",
    }


def test_bytes_are_refused():
    machine = AguiStream("thread1", "run1")
    with pytest.raises(TypeError, match="must be saved"):
        machine.feed(Media(b"PNG", "image/png", "image"))


def test_a_delegation_closes_the_coordinators_message_and_tags_what_follows():
    events = stream(
        TextDelta("I ask."), to_text, by("call1", TextDelta("Fox")), finished("call1", "Fox")
    )
    tagged = [event for event in events if "subagentRunId" in event]
    assert types(tagged) == [
        "SUBAGENT_STARTED",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "SUBAGENT_FINISHED",
    ]
    assert len({event["subagentRunId"] for event in tagged}) == 1
    [args] = of_type(events, "TOOL_CALL_ARGS")
    assert json.loads(args["delta"]) == ARGUMENTS
    assert "Füchse" in args["delta"]


def test_result_of_words_alone_is_text():
    [result] = of_type(stream(to_text, finished("call1", "Fox")), "TOOL_CALL_RESULT")
    assert (result["toolCallId"], result["content"], result["role"]) == ("call1", "Fox", "tool")


@pytest.mark.parametrize(
    ("mime_type", "kind"),
    [
        ("image/png", "image"),
        ("audio/wav", "audio"),
        ("video/mp4", "video"),
        ("application/pdf", "document"),
    ],
)
def test_result_with_media_is_parts(mime_type, kind):
    saved = Saved("id1", "/api/files/id1/", mime_type, "file")
    events = stream(to_media, by("call2", saved), finished("call2", "See"))
    [result] = of_type(events, "TOOL_CALL_RESULT")
    source = {"type": "url", "value": "/api/files/id1/", "mimeType": mime_type}
    assert result["content"] == [{"type": "text", "text": "See"}, {"type": kind, "source": source}]


def test_a_long_result_is_cut_because_it_was_streamed_already():
    [result] = of_type(stream(to_text, finished("call1", "x" * 99_999)), "TOOL_CALL_RESULT")
    assert RESULT_CHARS < len(result["content"]) < RESULT_CHARS + 9


def test_a_failure_closes_the_subagent_and_is_its_result():
    events = stream(
        to_text, by("call1", TextDelta("Fo")), failed("call1", GeminiError("blocked", "Refused."))
    )
    assert types(events)[-4:] == [
        "TEXT_MESSAGE_END",
        "SUBAGENT_ERROR",
        "TOOL_CALL_RESULT",
        "RUN_FINISHED",
    ]
    [error] = of_type(events, "SUBAGENT_ERROR")
    assert (error["code"], error["message"]) == ("blocked", "Refused.")
    assert of_type(events, "TOOL_CALL_RESULT")[0]["content"] == "Refused."


OPEN = (
    to_text,
    to_media,
    by("call1", TextDelta("Fox")),
    by("call2", ThoughtDelta("Hm")),
)


@pytest.mark.parametrize(
    "end",
    [
        lambda stream: stream.finish("cancelled", []),
        lambda stream: stream.fail(GeminiError("timeout"), []),
    ],
)
def test_whatever_is_open_is_closed_before_the_end(end):
    events = stream(*OPEN, end=end)
    assert types(events)[-8:-1] == [
        "TEXT_MESSAGE_END",
        "SUBAGENT_ERROR",
        "TOOL_CALL_RESULT",
        "REASONING_MESSAGE_END",
        "REASONING_END",
        "SUBAGENT_ERROR",
        "TOOL_CALL_RESULT",
    ]


def test_the_end_tells_usage_and_truncation_only_where_there_are_any():
    usage = [{"provider": "google", "model": "m", "inputTokens": 1}]
    event = stream(end=lambda stream: stream.finish("success", usage, "max_tokens"))[-1]
    assert event["usage"] == usage
    assert event["result"] == {"truncated": True, "reason": "max_tokens"}
    assert not {"usage", "result"} & set(stream()[-1])


def test_an_error_tells_when_to_come_back_only_where_google_did():
    event = stream(end=lambda stream: stream.fail(GeminiError("quota", retry_after_s=7.5), []))[-1]
    assert event == {
        "type": "RUN_ERROR",
        "code": "quota",
        "message": GeminiError("quota").message,
        "metadata": {"retryAfter": 7.5},
    }
    event = stream(end=lambda stream: stream.fail(GeminiError("quota"), []))[-1]
    assert "metadata" not in event


def test_the_words_so_far_are_kept_message_by_message():
    machine = AguiStream("thread1", "run1")
    for output in (
        *(TextDelta("I ask"), TextDelta("."), to_text, to_media),
        *(by("call1", TextDelta("Fox")), by("call2", TextDelta("Owl"))),
        *(by("call1", ThoughtDelta("hm")), by("call2", TextDelta("s."))),
        *(finished("call1", ""), by("call2", PICTURE), finished("call2", "")),
        TextDelta("Done."),
    ):
        step(machine, output)
    assert machine.text == "I ask.\n\nFox\n\nOwls.\n\nDone."


def test_these_are_all_the_events_there_are():
    emitted = set(types(stream(TextDelta("a"), ThoughtDelta("b"), *OPEN, PICTURE)))
    emitted |= set(types(stream(to_text, finished("call1", ""))))
    emitted |= set(types(stream(end=lambda stream: stream.fail(GeminiError("quota"), []))))
    assert emitted == {
        *("RUN_STARTED", "RUN_FINISHED", "RUN_ERROR"),
        *("TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"),
        *("REASONING_START", "REASONING_END"),
        *("REASONING_MESSAGE_START", "REASONING_MESSAGE_CONTENT", "REASONING_MESSAGE_END"),
        *("TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END", "TOOL_CALL_RESULT"),
        *("SUBAGENT_STARTED", "SUBAGENT_FINISHED", "SUBAGENT_ERROR", "ACTIVITY_SNAPSHOT"),
    }
