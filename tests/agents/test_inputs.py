"""What a client may send: strict, bounded, and refused in words that repeat nothing."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from agents.protocol import frames, run_input
from common.errors import AppError

# Fixed: they stand in the names of tests, which every worker has to agree on.
THREAD, RUN, KEY = (str(UUID(int=number, version=4)) for number in (1, 2, 3))


def said(content: Any = "Hello", role: str = "user", id_: str = "m1") -> dict[str, Any]:
    return {"id": id_, "role": role, "content": content}


def asked(**changes: Any) -> dict[str, Any]:
    return {"threadId": THREAD, "runId": RUN, "messages": [said()], **changes}


def refusal(function: Any, value: Any) -> AppError:
    with pytest.raises(AppError) as refused:
        function(value)
    assert refused.value.status == 400
    return refused.value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ({"op": "auth", "token": "x"}, frames.AuthFrame),
        ({"op": "run", "ref": "1", "input": {}}, frames.RunFrame),
        ({"op": "run", "ref": 1, "input": {}}, frames.RunFrame),
        ({"op": "follow", "runId": RUN, "after": 3}, frames.FollowFrame),
        ({"op": "follow", "runId": RUN}, frames.FollowFrame),
        ({"op": "watch", "threadId": THREAD}, frames.WatchFrame),
        ({"op": "cancel", "runId": RUN}, frames.CancelFrame),
        ({"op": "ack", "runId": RUN, "seq": 64}, frames.AckFrame),
        ({"op": "ping"}, frames.PingFrame),
    ],
)
def test_each_op_is_a_frame(text: dict[str, Any], kind: type):
    assert isinstance(frames.parse_frame(json.dumps(text)), kind)


BAD_FRAMES = [
    *("", " ", "not json", "[", "[" * 65_536, "{", "null", "1", '"run"', "[]", "{}", "\ud800"),
    *('{"op": NaN}', '{"op":"ping","x":Infinity}', '{"op":"ack","seq":-Infinity}', "1" * 5000),
    *('{"op":"dance"}', '{"op":1}', '{"op":null}', '{"op":["ping"]}', '{"op":"PING"}'),
    '{"op":"ping","extra":1}',
    '{"op":"auth"}',
    '{"op":"auth","token":1}',
    json.dumps({"op": "auth", "token": "x" * 10_241}),
    '{"op":"run"}',
    '{"op":"run","input":"Hello"}',
    '{"op":"run","input":{},"ref":{}}',
    '{"op":"follow"}',
    *(f'{{"op":"follow","runId":{id_}}}' for id_ in ("1", '""', '"me"', "null", "[]")),
    json.dumps({"op": "follow", "runId": "x" * 10_240}),
    *(
        f'{{"op":"follow","runId":"{RUN}","after":{after}}}'
        for after in ("-1", "1.5", "1.0", '"1"', "true", "null", "1e400", str(2**31))
    ),
    *(f'{{"op":"ack","runId":"{RUN}","seq":{seq}}}' for seq in ("-1", "1.0", '"1"', "true")),
    '{"op":"watch","runId":"x"}',
]


@pytest.mark.parametrize("text", BAD_FRAMES, ids=lambda text: text[:40])
def test_anything_else_is_refused(text: str):
    error = refusal(frames.parse_frame, text)
    assert error.code == "invalid_frame"
    assert len(error.message) < 200


def test_a_refusal_names_the_field_and_not_what_was_in_it():
    frame = {"op": "follow", "runId": "AIzaSySecretSecretSecret"}
    error = refusal(frames.parse_frame, json.dumps(frame))
    assert error.message == "This frame is not valid: follow.runId must be a UUID."


def test_of_an_input_the_ids_and_the_last_words_count():
    message_id = str(uuid4())
    sent = asked(
        messages=[said("x", "system"), said("y", "tool"), said("Hello", id_=message_id)],
        forwardedProps={"agent": "text", "model": "gemini-3-pro", "keyId": KEY},
        state={},
        tools=[],
        context=[],
    )
    question = run_input.request_from(sent)
    assert (question.thread_id, question.run_id) == (UUID(THREAD), UUID(RUN))
    assert (question.text, str(question.message_id)) == ("Hello", message_id)
    assert (question.agent, question.model) == ("text", "gemini-3-pro")
    assert question.key_id == UUID(KEY)


@pytest.mark.parametrize(
    ("changes", "continues"),
    [
        ({}, False),
        ({"messages": [said("s", "system"), said()]}, False),
        ({"messages": [said(), said("Hi", "assistant"), said()]}, True),
        ({"messages": [said(), said()]}, True),
        ({"forwardedProps": {"parentMessageId": "m0"}}, True),
        ({"forwardedProps": {"parentMessageId": "root"}}, True),
        ({"parentRunId": RUN}, True),
        ({"forwardedProps": {}}, False),
    ],
)
def test_a_run_with_a_past_continues_its_thread(changes: dict[str, Any], continues: bool):
    assert run_input.request_from(asked(**changes)).continues is continues


def test_the_same_message_sent_again_has_the_same_id():
    first, again = (run_input.request_from(asked()).message_id for _ in range(2))
    other_thread = run_input.request_from(asked(threadId=str(uuid4()))).message_id
    assert first == again != other_thread


def test_text_parts_are_joined():
    parts = [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]
    assert run_input.request_from(asked(messages=[said(parts)])).text == "One\ntwo"


def test_nothing_optional_has_to_be_there():
    bare = asked(state=None, tools=None, context=None, forwardedProps=None, protocolVersion="1.0")
    assert run_input.request_from(bare).agent == "auto"


def file_part(
    value: str, kind: str = "image", type: str = "url", **more: str
) -> list[dict[str, Any]]:
    return [{"type": kind, "source": {"type": type, "value": value, **more}}]


def test_a_file_may_come_along():
    part = file_part("AAEC", type="data", mimeType="image/png")
    question = run_input.request_from(asked(messages=[said([*part, *part])]))
    assert question.enclosed == (b"\x00\x01\x02",) * 2
    assert "x01" not in repr(question)


def test_files_are_named_by_their_address_once_each():
    address = f"/api/files/{KEY}/"
    parts = [*file_part(address), *file_part(address, "document"), {"type": "text", "text": "?"}]
    question = run_input.request_from(asked(messages=[said(parts)]))
    assert (question.attachments, question.text) == ((UUID(KEY),), "?")


def test_files_need_no_words():
    question = run_input.request_from(asked(messages=[said(file_part(f"/api/files/{KEY}/"))]))
    assert (question.attachments, question.text) == ((UUID(KEY),), "")


def test_a_message_carries_so_many_files():
    parts = [part for _ in range(17) for part in file_part(f"/api/files/{uuid4()}/")]
    assert refusal(run_input.request_from, asked(messages=[said(parts)])).code == "too_many_files"


def test_choices_that_are_not_made_are_the_profiles():
    bare = run_input.request_from(asked())
    assert (bare.tools, bare.thinking, bare.voice, bare.output) == (None, "", "", "")
    props = {"tools": [], "thinking": "low", "voice": "Puck", "output": "speech", "agent": "media"}
    chosen = run_input.request_from(asked(forwardedProps=props))
    assert (chosen.tools, chosen.thinking, chosen.voice) == ((), "low", "Puck")
    assert (chosen.agent, chosen.output) == ("media", "speech")


@pytest.mark.parametrize(
    ("changes", "parent"),
    [
        ({}, (None, None, False)),
        ({"parentRunId": RUN}, (UUID(RUN), None, False)),
        ({"forwardedProps": {"parentMessageId": KEY}}, (None, UUID(KEY), False)),
        (
            {"forwardedProps": {"parentMessageId": "root"}, "parentRunId": RUN},
            (None, None, True),
        ),
    ],
)
def test_a_request_goes_on_where_it_says(changes: dict[str, Any], parent: tuple[Any, ...]):
    request = run_input.request_from(asked(**changes))
    assert (request.parent_run_id, request.parent_message_id, request.at_start) == parent


URL_PART = [{"type": "image", "source": {"type": "url", "value": "http://169.254.169.254/"}}]
BAD_INPUTS = [
    *("Hello", None, 1, [], {}),
    asked(threadId="../../etc/passwd"),
    asked(threadId="x" * 10_240),
    asked(threadId=None),
    asked(runId=""),
    asked(runId=7),
    asked(messages=[]),
    asked(messages=[said()] * 2_001),
    asked(messages="Hello"),
    asked(messages=[said("Hi", "assistant")]),
    asked(messages=[said("Hi", "developer")]),
    asked(messages=[said(id_="")]),
    asked(messages=[said(id_="x" * 10_240)]),
    asked(messages=[said(None)]),
    asked(messages=[said({"text": "Hello"})]),
    asked(messages=[said(URL_PART)]),
    asked(tools=[{"name": "shell"}]),
    asked(context=[{"description": "a", "value": "b"}]),
    asked(resume=[{}]),
    asked(extra=1),
    asked(forwardedProps={"agent": "root"}),
    asked(forwardedProps={"model": "x" * 51}),
    asked(forwardedProps={"keyId": "mine"}),
    asked(forwardedProps={"base_url": "http://evil.test"}),
    asked(forwardedProps={"apiKey": "AIza"}),
    asked(messages=[said(file_part("/api/files/../keys/"))]),
    asked(messages=[said(file_part(f"https://evil.test/api/files/{KEY}/"))]),
    asked(messages=[said(file_part("no base64!", type="data", mimeType="image/png"))]),
    asked(messages=[said(file_part("AAAA", type="data"))]),
    asked(messages=[said(file_part("files/abc", type="file"))]),
    asked(messages=[said(file_part(f"/api/files/{KEY}/", kind="file"))]),
    asked(messages=[said([{"type": "text", "text": "x", "url": "x"}])]),
    asked(parentRunId="newest"),
    asked(forwardedProps={"tools": ["shell"]}),
    asked(forwardedProps={"tools": ["search"] * 5}),
    asked(forwardedProps={"thinking": "deep"}),
    asked(forwardedProps={"voice": "Darth"}),
    asked(forwardedProps={"output": "hologram"}),
    asked(forwardedProps=[]),
]


@pytest.mark.parametrize("value", BAD_INPUTS, ids=lambda value: json.dumps(value)[-60:])
def test_an_input_with_anything_odd_is_refused(value: Any):
    assert refusal(run_input.request_from, value).code == "invalid_input"


@pytest.mark.parametrize("text", ["", " \n\t", [{"type": "text", "text": " "}], []])
def test_an_empty_message_is_refused(text: Any):
    assert refusal(run_input.request_from, asked(messages=[said(text)])).code == "empty_message"


@pytest.mark.parametrize("text", ["x" * 100_001, [{"type": "text", "text": "x" * 60_000}] * 2])
def test_a_message_that_is_too_long_is_refused(text: Any):
    assert refusal(run_input.request_from, asked(messages=[said(text)])).code == "message_too_long"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[", b"NaN", b'{"a": NaN}'])
def test_a_body_that_is_not_json_is_refused(body: bytes):
    assert refusal(run_input.request_from_json, body).code == "invalid_frame"


def test_a_key_is_allowed_only_by_a_true_one():
    assert not run_input.request_from(asked()).allow_key
    assert run_input.request_from(asked(forwardedProps={"allowKey": True})).allow_key
    for odd in ("true", 1, None):
        assert (
            refusal(run_input.request_from, asked(forwardedProps={"allowKey": odd})).code
            == "invalid_input"
        )
