"""Folding a log: by example, and for any valid stream."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.compaction import TextMessage, closing_events, compact, messages
from tests.agui_rules import assert_valid_stream

STARTED = {"type": "RUN_STARTED", "threadId": "t", "runId": "r", "protocolVersion": "1.0"}
FINISHED = {"type": "RUN_FINISHED", "threadId": "t", "runId": "r"}
ERROR = {"type": "RUN_ERROR", "message": "Stopped.", "code": "interrupted"}
WHY = {"code": "interrupted", "message": "Stopped."}


def start(message_id, **tag):
    return {"type": "TEXT_MESSAGE_START", "messageId": message_id, "role": "assistant", **tag}


def delta(message_id, text, **tag):
    return {"type": "TEXT_MESSAGE_CONTENT", "messageId": message_id, "delta": text, **tag}


def end(message_id, **tag):
    return {"type": "TEXT_MESSAGE_END", "messageId": message_id, **tag}


class _Walk:
    """A stream made of random lawful steps."""

    def __init__(self, draw):
        self.draw = draw
        self.events = [STARTED]
        self.open = []  # (kind, id, tag)
        self.subagents = []
        self.calls = []
        self.number = 0

    def step(self):
        move = self.draw(st.sampled_from(["open", "delta", "delta", "delta", "close", "agent"]))
        if move == "open":
            self._open()
        elif move == "agent":
            self._agent()
        elif self.open:
            bracket = self.draw(st.sampled_from(self.open))
            self._delta(*bracket) if move == "delta" else self._close(bracket)

    def finish(self):
        while self.open:
            self._close(self.open[-1])
        while self.subagents:
            self._agent_ends(self.subagents[-1])
        return [*self.events, FINISHED]

    def _id(self):
        self.number += 1
        return f"id{self.number}"

    def _open(self):
        kind = self.draw(st.sampled_from(["text", "thought", "call"]))
        tagged = self.subagents and self.draw(st.booleans())
        tag = {"subagentRunId": self.draw(st.sampled_from(self.subagents))} if tagged else {}
        id_ = self._id()
        if kind == "text":
            self.events.append(start(id_, **tag))
        elif kind == "thought":
            self.events.append({"type": "REASONING_START", "messageId": id_, **tag})
            thought = {"type": "REASONING_MESSAGE_START", "messageId": id_, "role": "reasoning"}
            self.events.append({**thought, **tag})
        else:
            call = {"type": "TOOL_CALL_START", "toolCallId": id_, "toolCallName": "ask_text_agent"}
            self.events.append({**call, **tag})
        self.open.append((kind, id_, tag))

    def _delta(self, kind, id_, tag):
        text = self.draw(st.text(max_size=3))
        field = "toolCallId" if kind == "call" else "messageId"
        event_type = {
            "text": "TEXT_MESSAGE_CONTENT",
            "thought": "REASONING_MESSAGE_CONTENT",
            "call": "TOOL_CALL_ARGS",
        }[kind]
        self.events.append({"type": event_type, field: id_, "delta": text, **tag})

    def _close(self, bracket):
        kind, id_, tag = bracket
        self.open.remove(bracket)
        if kind == "text":
            self.events.append(end(id_, **tag))
        elif kind == "thought":
            self.events.append({"type": "REASONING_MESSAGE_END", "messageId": id_, **tag})
            self.events.append({"type": "REASONING_END", "messageId": id_, **tag})
        else:
            self.events.append({"type": "TOOL_CALL_END", "toolCallId": id_, **tag})
            self.calls.append(id_)

    def _agent(self):
        idle = [
            one
            for one in self.subagents
            if all(tag.get("subagentRunId") != one for *_, tag in self.open)
        ]
        if idle and self.draw(st.booleans()):
            self._agent_ends(self.draw(st.sampled_from(idle)))
        elif self.calls:
            id_, call = self._id(), self.draw(st.sampled_from(self.calls))
            subagent = {"type": "SUBAGENT_STARTED", "subagentRunId": id_, "name": "text"}
            self.events.append({**subagent, "parentToolCallId": call})
            self.subagents.append(id_)

    def _agent_ends(self, id_):
        self.subagents.remove(id_)
        self.events.append({"type": "SUBAGENT_FINISHED", "subagentRunId": id_})


@st.composite
def streams(draw):
    walk = _Walk(draw)
    for _ in range(draw(st.integers(0, 25))):
        walk.step()
    return walk.finish()


def spoken(events):
    """All deltas by what they belong to."""
    texts = defaultdict(str)
    for event in events:
        if "delta" in event:
            id_ = event.get("messageId") or event["toolCallId"]
            texts[event["type"], id_, event.get("subagentRunId")] += event["delta"]
    return texts


@settings(deadline=None, max_examples=60)
@given(streams())
def test_compaction_keeps_the_words_the_rules_and_itself(events):
    before = [dict(event) for event in events]

    folded = compact(events)

    assert events == before
    assert_valid_stream(events)
    assert_valid_stream(folded)
    assert compact(folded) == folded
    assert spoken(folded) == spoken(events)
    assert messages(folded) == messages(events)
    assert len([event for event in folded if "delta" in event]) == len(spoken(events))
    assert [e for e in folded if "delta" not in e] == [e for e in events if "delta" not in e]


@settings(deadline=None, max_examples=60)
@given(streams(), st.data())
def test_a_folded_prefix_can_be_continued(events, data):
    cut = data.draw(st.integers(0, len(events)))

    assert compact([*compact(events[:cut]), *events[cut:]]) == compact(events)


@settings(deadline=None, max_examples=60)
@given(streams(), st.data())
def test_every_prefix_can_be_closed(events, data):
    prefix = events[: data.draw(st.integers(1, len(events) - 1))]

    closed = [*prefix, *closing_events(prefix, **WHY), ERROR]

    assert_valid_stream(closed)
    assert messages(closed) == messages(prefix)


def test_deltas_of_parallel_messages_are_joined_where_each_began():
    ask = {"type": "SUBAGENT_STARTED", "subagentRunId": "s", "name": "media"}
    tag = {"subagentRunId": "s"}

    both = [delta("a", "1"), delta("b", "x", **tag), delta("a", "2"), delta("b", "y", **tag)]

    folded = compact([ask, start("a"), start("b", **tag), *both, end("b", **tag), end("a")])

    assert folded == [
        ask,
        start("a"),
        start("b", **tag),
        delta("a", "12"),
        delta("b", "xy", **tag),
        end("b", **tag),
        end("a"),
    ]


def test_a_delta_with_something_else_to_say_is_not_joined():
    odd = {**delta("a", "2"), "metadata": {"source": "cache"}}
    stream = [start("a"), delta("a", "1"), odd, delta("a", "3"), delta("a", "4"), end("a")]

    assert compact(stream) == [start("a"), delta("a", "1"), odd, delta("a", "34"), end("a")]


def test_messages_name_their_agent_and_leave_out_the_wordless():
    tag = {"subagentRunId": "s"}
    stream = [
        {"type": "SUBAGENT_STARTED", "subagentRunId": "s", "name": "text"},
        *[start("a", **tag), delta("a", "An ", **tag), delta("a", "ode", **tag), end("a", **tag)],
        *[start("b"), delta("b", " \n"), end("b")],
        *[start("c"), delta("c", "Done."), end("c")],
    ]

    assert messages(stream) == [
        TextMessage("text", "s", "An ode", "a"),
        TextMessage("coordinator", "", "Done.", "c"),
    ]


def test_a_subagent_at_work_ends_with_the_reason():
    stream = [{"type": "SUBAGENT_STARTED", "subagentRunId": "s", "name": "text"}]

    assert closing_events(stream, **WHY) == [
        {"type": "SUBAGENT_ERROR", "subagentRunId": "s", **WHY}
    ]
