"""What goes back to Gemini is what it said: in order, signed where it was signed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gemini import parts
from gemini.parts import PartCollector
from gemini.types import Part

SIGNED = {"text": "signed", "thoughtSignature": "c2lnbmF0dXJl"}
SEAL = {"text": "", "thoughtSignature": "c2VhbA=="}
CALL = {
    "functionCall": {"id": "id1", "name": "ask", "args": {"task": "x", "n": [1, {"a": None}]}},
    "thoughtSignature": "Y2FsbA==",
}
CODE = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "Y29kZQ=="}


def kept(*parts: dict[str, Any]) -> list[Part]:
    keeper = PartCollector()
    for part in parts:
        if part.keys() == {"text"}:
            keeper.text(part["text"])
        else:
            keeper.other(part)
    return keeper.content()["parts"]


def call(**fields: object) -> dict[str, object]:
    return {"functionCall": fields}


@pytest.mark.parametrize("part", [SIGNED, SEAL, CALL, CODE, {"toolCall": {"id": "1"}}])
def test_a_part_goes_back_exactly_as_it_came(part):
    before = copy.deepcopy(part)
    assert kept({"text": "a"}, part, {"text": "b"}) == [{"text": "a"}, before, {"text": "b"}]
    assert part == before


def test_neighbouring_texts_are_joined_only_where_neither_is_signed():
    assert kept({"text": "a"}, {"text": "b"}, SIGNED, {"text": "c"}, SEAL) == [
        {"text": "ab"},
        SIGNED,
        {"text": "c"},
        SEAL,
    ]


def test_empty_texts_and_summaries_of_thoughts_do_not_go_back():
    summary = {"text": "Hm.", "thought": True}
    assert kept({"text": ""}, summary, {"text": "a"}, summary, {"text": "b"}) == [{"text": "ab"}]


def test_a_signed_thought_goes_back():
    thought = {"text": "Hm.", "thought": True, "thoughtSignature": "dA=="}
    assert kept(thought, {"text": "a"}) == [thought, {"text": "a"}]


def test_a_file_that_was_made_stays_where_it_stood():
    picture = {"artifact": {"id": "1", "mimeType": "image/png"}, "thoughtSignature": "c2ln"}
    assert kept({"text": "a"}, picture, {"text": "b"}) == [{"text": "a"}, picture, {"text": "b"}]


def test_parallel_calls_keep_their_order_and_only_the_first_is_signed():
    second = call(name="ask", args={}, id="id2")
    keeper = PartCollector()
    for part in (CALL, second):
        keeper.other(part)
    assert keeper.content() == {"role": "model", "parts": [CALL, second]}
    assert [one["id"] for one in keeper.calls] == ["id1", "id2"]


def test_the_same_call_twice_is_two_calls():
    assert kept(CALL, CALL) == [CALL, CALL]


def test_a_call_without_arguments_has_none():
    keeper = PartCollector()
    keeper.other(call(name="ask"))
    assert keeper.calls == [{"name": "ask", "args": {}}]


def test_arguments_in_pieces_are_put_together():
    keeper = PartCollector()
    for piece in (
        {"name": "ask", "id": "id1", "willContinue": True},
        {"partialArgs": [{"jsonPath": "$.task", "stringValue": "Wri"}], "willContinue": True},
        {"partialArgs": [{"jsonPath": "$.task", "stringValue": "te"}], "willContinue": True},
        {"partialArgs": [{"jsonPath": "$.n", "numberValue": 3}], "willContinue": True},
        {"partialArgs": [{"jsonPath": "$.b", "boolValue": True}], "willContinue": True},
        {"partialArgs": [{"jsonPath": "$.deep.er", "stringValue": "?"}], "willContinue": True},
        {"partialArgs": [{"jsonPath": "$.days[0].name", "stringValue": "Mon"}, None]}
        | {"willContinue": True},
        {"partialArgs": [{"jsonPath": "$.days[0].name", "stringValue": "day"}]}
        | {"willContinue": True},
        {"partialArgs": [{"jsonPath": "$['days'][1][\"a b\"]", "numberValue": None}]}
        | {"willContinue": True},
        {"partialArgs": [{"jsonPath": "$['days'][1][\"a b\"]", "nullValue": None}]}
        | {"willContinue": True},
        {},
        {"name": "other", "args": {"x": 1}},
    ):
        keeper.other(call(**piece))
    first: dict[str, Any] = {
        "name": "ask",
        "id": "id1",
        "args": {"task": "Write", "n": 3, "b": True},
    }
    first["args"] |= {"deep": {"er": "?"}, "days": [{"name": "Monday"}, {"a b": None}]}
    assert keeper.calls == [first, {"name": "other", "args": {"x": 1}}]
    assert keeper.content()["parts"][0] == {"functionCall": first}


def test_first_pieces_may_come_with_the_name():
    keeper = PartCollector()
    begun = {"jsonPath": "$.task", "stringValue": "Wri", "willContinue": True}
    keeper.other(call(name="ask", partialArgs=[begun], willContinue=True))
    keeper.other(call(partialArgs=[{"jsonPath": "$.task", "stringValue": "te"}]))
    assert keeper.calls == [{"name": "ask", "args": {"task": "Write"}}]
    assert keeper.content()["parts"] == [
        {"functionCall": {"name": "ask", "args": {"task": "Write"}}}
    ]


def test_pieces_that_belong_to_no_call_are_dropped():
    assert kept(call(partialArgs=[{"jsonPath": "$.a", "stringValue": "b"}]), call()) == []


@pytest.mark.parametrize(
    "path",
    [None, 3, "", "$", "$.", "a.b", "$..a", "$.a[", "$.a[x]", "$.a[-1]", "$[0]", "$.a[999999]"],
)
def test_a_piece_without_a_usable_place_is_dropped(path):
    args = {"kept": 1}
    parts.add_partial_arg(args, {"jsonPath": path, "stringValue": "x"})
    assert args.pop("kept") == 1
    assert args in ({}, {"a": []})


@pytest.mark.parametrize("path", ["$.text.inside", "$.text[0]", "$.list.name", "$.object[0]"])
def test_a_piece_that_does_not_fit_what_is_there_changes_nothing(path):
    args = {"text": "words", "list": [1], "object": {"a": 1}}
    before = copy.deepcopy(args)
    parts.add_partial_arg(args, {"jsonPath": path, "stringValue": "x"})
    assert args == before
