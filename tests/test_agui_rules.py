"""The rules themselves: good streams pass, and each violation is caught."""

import copy
from itertools import chain

import pytest

from tests.agui_rules import assert_valid_stream

STARTED = {"type": "RUN_STARTED", "threadId": "t", "runId": "r", "protocolVersion": "1.0"}
FINISHED = {
    "type": "RUN_FINISHED",
    "threadId": "t",
    "runId": "r",
    "outcome": {"type": "success"},
    "usage": [{"provider": "google", "model": "m", "inputTokens": 1, "outputTokens": 2}],
}
ERROR = {"type": "RUN_ERROR", "message": "Try again later.", "code": "overloaded"}


def text(message_id="m1", *deltas, **tag):
    ids = {"messageId": message_id, **tag}
    return [
        {"type": "TEXT_MESSAGE_START", "role": "assistant", **ids},
        *({"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": delta} for delta in deltas),
        {"type": "TEXT_MESSAGE_END", **ids},
    ]


def thoughts(message_id="m2", **tag):
    ids = {"messageId": message_id, **tag}
    return [
        {"type": "REASONING_START", **ids},
        {"type": "REASONING_MESSAGE_START", "role": "reasoning", **ids},
        {"type": "REASONING_MESSAGE_CONTENT", **ids, "delta": "hm"},
        {"type": "REASONING_MESSAGE_END", **ids},
        {"type": "REASONING_END", **ids},
    ]


def call(call_id="c1"):
    ids = {"toolCallId": call_id}
    return [
        {"type": "TOOL_CALL_START", **ids, "toolCallName": "ask_text_agent"},
        {"type": "TOOL_CALL_ARGS", **ids, "delta": "{}"},
        {"type": "TOOL_CALL_END", **ids},
    ]


def subagent(inner, run_id="s1", call_id="c1"):
    ids = {"subagentRunId": run_id}
    return [
        {"type": "SUBAGENT_STARTED", **ids, "name": "text", "parentToolCallId": call_id},
        *inner,
        {"type": "SUBAGENT_FINISHED", **ids, "outcome": {"type": "success"}},
    ]


def result(call_id="c1", message_id="m9"):
    parts = [
        {"type": "text", "text": "done"},
        {"type": "image", "source": {"type": "url", "value": "/f/1/", "mimeType": "image/png"}},
    ]
    ids = {"messageId": message_id, "toolCallId": call_id}
    return [{"type": "TOOL_CALL_RESULT", **ids, "content": parts, "role": "tool"}]


def activity(message_id="a1", **changes):
    event = {
        "type": "ACTIVITY_SNAPSHOT",
        "messageId": message_id,
        "activityType": "sources",
        "content": {"queries": ["bees"], "sources": []},
    }
    return [{**event, **changes}]


def run(*parts, end=FINISHED):
    return [copy.deepcopy(event) for event in [STARTED, *chain(*parts), end]]


def interleaved():
    """Two subagents at once, their deltas alternating."""
    one = subagent(text("m1", "a", "b", subagentRunId="s1"), "s1", "c1")
    two = subagent(text("m2", "x", "y", subagentRunId="s2"), "s2", "c2")
    mixed = [event for pair in zip(one, two, strict=True) for event in pair]
    return run(call("c1"), call("c2"), mixed, result("c1", "m8"), result("c2"), text("m3", "both"))


GOOD = {
    "plain answer": run(thoughts(), text("m1", "Hi", "")),
    "nothing said": run(),
    "delegation": run(
        call(), subagent([*text("m1", "Hi", subagentRunId="s1"), *activity()]), result()
    ),
    "two at once": interleaved(),
    "activity told again": run(activity(), activity(content={"queries": []})),
    "failure": run(text(), end=ERROR),
    "failure at once": [ERROR],
    "cancelled": run(text(), end={**FINISHED, "outcome": {"type": "cancelled"}}),
}


def changed(event, **changes):
    return [{**event, **changes}]


def without(events, kind):
    return [event for event in events if event["type"] != kind]


BAD = {
    "begins with RUN_STARTED": run(text())[1:],
    "without a terminal event": run(text())[:-1],
    "nothing follows": [*run(), ERROR],
    "a run starts once": run([STARTED]),
    "protocolVersion": [{**STARTED, "protocolVersion": "0.9"}, FINISHED],
    "another run": run(end={**FINISHED, "runId": "other"}),
    "no text m1 is open": run(without(text("m1", "Hi"), "TEXT_MESSAGE_START")),
    "no thought m2 is open": run(without(thoughts(), "REASONING_MESSAGE_START")),
    "no reasoning m2 is open": run(without(thoughts(), "REASONING_START")),
    "no tool call c1 is open": run(without(call(), "TOOL_CALL_START")),
    "still open: text m1": run(without(text(), "TEXT_MESSAGE_END")),
    "still open: thought m2": run(without(thoughts(), "REASONING_MESSAGE_END")),
    "still open: reasoning m2": run(without(thoughts(), "REASONING_END"), end=ERROR),
    "still open: tool call c1": run(without(call(), "TOOL_CALL_END")),
    "still open: subagent s1": run(call(), without(subagent([]), "SUBAGENT_FINISHED")),
    "the id m1 was used": run(text("m1"), text("m1")),
    "the id m2 was used": run(text("m2"), thoughts("m2")),
    "the id c1 was used": run(call(), call()),
    "the id s1 was used": run(call(), subagent([]), subagent([])),
    "an id is not empty": run(text("")),
    "was never made": run(result()),
    "still being made": run(call()[:2], result()),
    "parentToolCallId was never made": run(subagent([])),
    "no subagent s1 is at work": run(call(), without(subagent([]), "SUBAGENT_STARTED")),
    "the tag names no subagent": run(text("m1", "a", subagentRunId="s1")),
    "the tag is not the opener's": run(
        call(), subagent([*text("m1", subagentRunId="s1")[:1], *text("m1")[1:]])
    ),
    "brackets are still open": run(
        call(),
        subagent(text("m1", subagentRunId="s1")[:1]),
    ),
    "an activity keeps its type": run(activity(), activity(activityType="code")),
    "never null": run([{**text()[0], "name": None}, text()[1]]),
    "AG-UI does not know: colour": run([{**text()[0], "colour": "red"}, text()[1]]),
    "does not know: price": run(end={**FINISHED, "usage": [{"model": "m", "price": 1}]}),
    "not an AG-UI event": run([{"type": "TEXT_MESSAGE_START"}]),
    "Input should be a valid string": run(changed(text()[0], messageId=7)),
    "camelCase": run([{"type": "TEXT_MESSAGE_START", "message_id": "m1"}, text()[1]]),
    "never chunks": run([{"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "a"}]),
}


@pytest.mark.parametrize("stream", GOOD.values(), ids=GOOD.keys())
def test_good_streams_pass(stream):
    assert_valid_stream(stream)
    for length in range(len(stream)):
        assert_valid_stream(stream[:length], complete=False)


@pytest.mark.parametrize(("message", "stream"), BAD.items(), ids=BAD.keys())
def test_violations_are_caught(message, stream):
    with pytest.raises(AssertionError, match=message):
        assert_valid_stream(stream)
