"""A key in a model's words is removed, whole or cut anywhere, and nothing else is."""

import pytest

from agents.core.call import ModelCall
from agents.core.errors import AgentError
from agents.core.frames import FrameReader
from agents.core.keyguard import REMOVED, KeyGuard
from agents.core.model import ModelRequest
from agents.core.outputs import TextDelta, ThoughtDelta
from agents.core.testing import ScriptedModel, chunk, text
from agents.core.turn import Limits, Record

KEY = "AIzaSyAAIzB1234567890abcdefghijklmnopqr"


def calling(*chunks) -> ModelCall:
    request = ModelRequest(model="m", system="", contents=(), api_key=KEY)
    return ModelCall("text", ScriptedModel(list(chunks)), request, Record(Limits()))


async def yielded_before_failing(call: ModelCall) -> list[object]:
    outputs = []
    try:
        async for output in call.outputs():
            outputs.append(output)
    except AgentError:
        return outputs
    raise AssertionError("the call did not fail")


def guarded(*pieces: str) -> str:
    guard = KeyGuard(KEY)
    return "".join([*map(guard.feed, pieces), guard.end()])


@pytest.mark.parametrize("cut", range(len(KEY) + 1))
def test_a_key_cut_in_two_is_removed(cut):
    assert guarded(f"it is {KEY[:cut]}", f"{KEY[cut:]}, A!") == f"it is {REMOVED}, A!"


def test_a_key_that_comes_letter_by_letter_is_removed():
    assert guarded(*f"AI{KEY}Az{KEY}") == f"AI{REMOVED}Az{REMOVED}"


@pytest.mark.parametrize("words", ["A", "AIzaSy", "AAAA", f"{KEY[:-1]}x", "nothing like it"])
def test_what_only_begins_like_a_key_comes_through(words):
    assert guarded(*words) == words
    assert guarded(words, " and on") == f"{words} and on"


def test_a_frame_loses_the_key_in_any_field():
    line = b'data: {"a": {"args": {"x": "' + KEY.encode() + b'"}}}\r\n\r\n'
    assert list(FrameReader(removed=KEY).feed(line)) == [{"a": {"args": {"x": REMOVED}}}]


async def test_an_answer_and_its_history_lose_a_key_that_was_cut():
    pieces = chunk(text(f"Use {KEY[:9]}")), chunk(text(f"{KEY[9:]} now A"), finish="STOP")
    call = calling(*pieces)
    said = [output async for output in call.outputs()]
    assert "".join(output.text for output in said) == f"Use {REMOVED} now A"
    assert call.content()["parts"] == [{"text": f"Use {REMOVED} now A"}]


async def test_held_words_come_before_what_follows_them():
    thought = {"text": "I think A", "thought": True}
    call = calling(chunk(thought), chunk(text("Answer A")), AgentError("overloaded"))
    said = await yielded_before_failing(call)
    joined = {
        kind: "".join(o.text for o in said if type(o) is kind) for kind in (ThoughtDelta, TextDelta)
    }
    assert joined == {ThoughtDelta: "I think A", TextDelta: "Answer A"}
    assert [type(o) for o in said] == sorted((type(o) for o in said), key=lambda t: t is TextDelta)
