"""A key in a model's words is removed, whole or cut anywhere, and nothing else is."""

import base64
import copy
import json
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.core.agent import Tool
from agents.core.call import ModelCall
from agents.core.context import RunContext
from agents.core.team import TEAM
from gemini.errors import GeminiError
from gemini.keys import Key
from gemini.outputs import TextDelta, ThoughtDelta
from gemini.redaction import REMOVED, Redactor, StreamRedactor
from gemini.request import ModelRequest
from gemini.sse import SSEDecoder
from tests.core.calling import call_of, failure, outputs
from tests.core.scripted import ScriptedModel, chunk, function_call, text
from tests.core.team import Shelf, ask, events_of, resting_on, said, support

KEY = "AIzaSyAAIzB1234567890abcdefghijklmnopqr"


def calling(*chunks) -> ModelCall:
    request = ModelRequest(model="m", system="", contents=(), api_key=KEY)
    return call_of(request, RunContext(client=ScriptedModel(list(chunks))))


async def yielded_before_failing(call: ModelCall) -> list[object]:
    return (await failure(call))[1]


def guarded(*pieces: str) -> str:
    guard = StreamRedactor(Redactor(KEY))
    return "".join([*map(guard.feed, pieces), guard.close()])


@pytest.mark.parametrize("cut", range(len(KEY) + 1))
def test_a_key_cut_in_two_is_removed(cut):
    assert guarded(f"it is {KEY[:cut]}", f"{KEY[cut:]}, A!") == f"it is {REMOVED}, A!"


def test_a_key_that_comes_letter_by_letter_is_removed():
    assert guarded(*f"AI{KEY}Az{KEY}") == f"AI{REMOVED}Az{REMOVED}"


@pytest.mark.parametrize("words", ["A", "AIzaSy", "AAAA", f"{KEY[:-1]}x", "nothing like it"])
def test_what_only_begins_like_a_key_comes_through(words):
    assert guarded(*words) == words
    assert guarded(words, " and on") == f"{words} and on"


async def test_an_answer_and_its_history_lose_a_key_that_was_cut():
    pieces = chunk(text(f"Use {KEY[:9]}")), chunk(text(f"{KEY[9:]} now A"), finish="STOP")
    call = calling(*pieces)
    said = await outputs(call)
    assert "".join(output.text for output in said) == f"Use {REMOVED} now A"
    assert call.content()["parts"] == [{"text": f"Use {REMOVED} now A"}]


async def test_held_words_come_before_what_follows_them():
    thought = {"text": "I think A", "thought": True}
    call = calling(chunk(thought), chunk(text("Answer A")), GeminiError("overloaded"))
    said = await yielded_before_failing(call)
    joined = {
        kind: "".join(o.text for o in said if type(o) is kind) for kind in (ThoughtDelta, TextDelta)
    }
    assert joined == {ThoughtDelta: "I think A", TextDelta: "Answer A"}
    assert [type(o) for o in said] == sorted((type(o) for o in said), key=lambda t: t is TextDelta)


# in other spellings

SPELLINGS = {
    "percent": "".join(f"%{ord(letter):02x}" for letter in KEY),
    "percent twice": "".join(f"%25{ord(letter):02X}" for letter in KEY),
    "JSON": "".join(f"\\u{ord(letter):04x}" for letter in KEY),
    "JSON in JSON": "".join(f"\\\\u{ord(letter):04X}" for letter in KEY),
    "JavaScript": "".join(f"\\x{ord(letter):02x}" for letter in KEY),
    "JavaScript, in braces": "".join(f"\\u{{{ord(letter):x}}}" for letter in KEY),
    "HTML": "".join(f"&#{ord(letter)};" for letter in KEY),
    "HTML, in hex": "".join(f"&#x{ord(letter):X};" for letter in KEY),
    "hex": KEY.encode().hex(),
    "one letter escaped": f"{KEY[:7]}%{ord(KEY[7]):02X}{KEY[8:]}",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_a_key_in_another_spelling_is_removed_wherever_it_is_cut(spelling):
    assert Redactor(KEY).text(f"<{spelling}>") == f"<{REMOVED}>"
    for cut in range(len(spelling) + 1):
        assert guarded(f"it is {spelling[:cut]}", f"{spelling[cut:]}, A!") == f"it is {REMOVED}, A!"
    assert guarded(*f"x{spelling}y{spelling}") == f"x{REMOVED}y{REMOVED}"


def test_a_key_that_markdown_would_show_is_removed_wherever_it_is_cut():
    secret = "AQ.Ab8RN6-abc_def-1234567890_xyz"
    escaped = re.sub(r"([._-])", r"\\\1", secret)
    guard = StreamRedactor(Redactor(secret))
    for cut in range(len(escaped) + 1):
        told = (
            guard.feed(f"it is {escaped[:cut]}") + guard.feed(f"{escaped[cut:]}, A") + guard.close()
        )
        assert told == f"it is {REMOVED}, A"


@pytest.mark.parametrize("after", range(3))
@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_key_in_base64_is_removed_wherever_it_stands(encode, before, after):
    secret = "AQ.\xff" + KEY  # what makes + and / of the alphabet
    encoded = encode(b"\xfe" * before + secret.encode() + b"\xfe" * after).decode()
    guard = StreamRedactor(Redactor(secret))
    for cut in range(len(encoded) + 1):
        told = guard.feed(encoded[:cut]) + guard.feed(encoded[cut:]) + guard.close()
        assert REMOVED in told
        assert len(told) <= len(REMOVED) + 4 * ((before + after) // 3 + 3)


@pytest.mark.parametrize(
    "words",
    ["100 % of", "\\frac{1}{2} \\u", "a & b &amp; c &#", "caf%C3%A9 \\u00e9", "C:\\users\\x", "%"],
)
def test_other_escapes_come_through_as_they_are(words):
    assert guarded(*words) == guarded(words) == words
    assert Redactor(KEY).text(words) == words


@settings(deadline=None)
@given(st.text("AIzaSyQ%4\\u0&#;1x \ud83d\ude00\0", max_size=40), st.lists(st.integers(0, 40)))
def test_what_holds_no_key_comes_through_whole_however_it_is_cut(words, cuts):
    edges = [0, *sorted(cuts), len(words)]
    pieces = [words[start:end] for start, end in pairwise(edges)]
    assert guarded(*pieces) == Redactor(KEY).text(words)


def test_a_short_secret_is_removed_as_it_is_and_none_removes_nothing():
    assert Redactor("abc").text("xabcx 616263") == f"x{REMOVED}x 616263"
    assert Redactor("", "").text("any words") == "any words"
    assert "".join(map(StreamRedactor(Redactor()).feed, "any words")) == "any words"


def test_every_text_and_name_in_a_value_is_cleaned_and_the_value_is_left_alone():
    value = {KEY: [1, None, True, (f"x{KEY}", "\0\ud83d")], "n": 1.5}
    before = copy.deepcopy(value)
    assert Redactor(KEY).value(value) == {
        REMOVED: [1, None, True, [f"x{REMOVED}", "\ufffd\ufffd"]],
        "n": 1.5,
    }
    assert value == before


# across whatever comes in between

PNG = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(b"png").decode()}}
PCM = {"inlineData": {"mimeType": "audio/L16;rate=24000", "data": "AAAA"}}
BETWEEN = {
    "nothing": [],
    "an empty thought": [{"text": "", "thought": True}],
    "words of the other kind": [{"text": "hm A", "thought": True}],
    "a signature": [{"text": "", "thoughtSignature": "c2ln"}],
    "a signature alone": [{"thoughtSignature": "c2ln"}],
    "a draft picture": [{**PNG, "thought": True}],
    "a picture": [PNG],
    "sound": [PCM],
    "code": [{"executableCode": {"language": "PYTHON", "code": "1"}}],
    "a result": [{"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}],
    "a function call": [{"functionCall": {"name": "ask_nobody", "args": {}}}],
    "nulls": [{"text": None}, {"inlineData": None}, {}],
    "something unknown": [{"somethingNew": {"x": 1}}],
    "all of it": [{"text": "", "thought": True}, PNG, PCM, {"text": "", "thoughtSignature": "s"}],
}


def spread(cut: int, between: list[dict], *, thought: bool, apart: bool) -> list[dict]:
    """An answer with a key that is cut in two, and parts in between; in one chunk or in several."""
    kind = {"thought": True} if thought else {}
    if thought:
        between = [{"text": "hm A"} if part.get("text") == "hm A" else part for part in between]
    parts = [{"text": f"It is {KEY[:cut]}", **kind}, *between, {"text": f"{KEY[cut:]}, A", **kind}]
    if apart:
        return [*map(chunk, parts), chunk(text("."), finish="STOP")]
    return [chunk(*parts, text("."), finish="STOP")]


@pytest.mark.parametrize("thought", [False, True])
@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN.keys())
async def test_a_key_is_removed_whatever_stands_between_its_parts(between, thought):
    for cut, apart in [(1, True), (4, False), (5, True), (9, False), (20, True), (38, False)]:
        answer = ask(
            ScriptedModel(spread(cut, between, thought=thought, apart=apart)),
            api_key=Key("1", "work", KEY),
            agent="direct",
        )
        events = await events_of(answer)
        kind = "REASONING_MESSAGE_CONTENT" if thought else "TEXT_MESSAGE_CONTENT"
        told = "".join(event["delta"] for event in events if event["type"] == kind)
        whole = f"It is {KEY[: min(cut, 4)] if cut <= 4 and between else ''}{REMOVED}, A"
        assert told.replace("hm A", "").removesuffix(".") in (whole, f"It is {REMOVED}, A")
        for exit_ in (events, answer.contents()):
            assert KEY[4:12] not in json.dumps(exit_)


async def test_an_ordinary_ending_keeps_its_place_before_what_follows():
    parts = [text("This is picture A"), PNG, text("and this is B")]
    call = calling(chunk(*parts, finish="STOP"))
    call._context.save = Shelf().save
    told = [getattr(output, "text", "<picture>") for output in await outputs(call)]
    assert "".join(told) == "This is picture A<picture>and this is B"


async def test_places_of_sources_fit_what_is_told_after_a_key_was_removed():
    words = f"Use {KEY} now. Paris is big."
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://a/", "title": "A"}}],
        "groundingSupports": [support(words, "Paris is big.", 0)],
    }
    reply = resting_on([chunk(text(words[:9])), chunk(text(words[9:]), finish="STOP")], grounding)
    [*_, sources] = await outputs(calling(*reply))
    [place] = sources.supports
    assert sources.text[place.start : place.end] == "Paris is big."


# in every field that is told or kept

ESCAPED = SPELLINGS["JSON"]


async def test_no_field_of_an_answer_tells_or_keeps_a_key():
    """The key is spelled in JSON escapes on the wire, so no search of its bytes finds it."""
    web = {"uri": f"https://a/?key={KEY}&x={SPELLINGS['percent']}", "title": f"Title {KEY}"}
    parts = [
        {"text": f"Thought {KEY}", "thought": True, "thoughtSignature": KEY},
        {"executableCode": {"language": f"L{KEY}", "code": f"print('{KEY}')"}},
        {"codeExecutionResult": {"outcome": f"OUTCOME_{KEY}", "output": KEY}},
        {
            "inlineData": {
                "mimeType": "text/plain",
                "data": base64.b64encode(f"f {KEY}".encode()).decode(),
            }
        },
        {"functionCall": {"name": f"ask_{KEY}", "args": {KEY: [KEY, {"x": f"a{KEY}"}]}, "id": KEY}},
        {"functionCall": {"name": "ask_text_agent", "args": {"task": KEY, "reason": KEY}}},
        {"text": f"signed {KEY}", "thoughtSignature": "s"},
        {"text": base64.b64encode(f"x{KEY}".encode()).decode()},
    ]
    candidate = {
        "content": {"role": "model", "parts": parts},
        "finishReason": "STOP",
        "groundingMetadata": {
            "webSearchQueries": [f"what is {KEY}"],
            "groundingChunks": [{"web": web}],
            "searchEntryPoint": {
                "renderedContent": f"<a href='?q={SPELLINGS['percent']}'>{KEY}</a>"
            },
        },
        "urlContextMetadata": {"urlMetadata": [{"retrievedUrl": f"https://b/{KEY}"}]},
        "citationMetadata": {"citationSources": [{"uri": f"https://c/{KEY}"}]},
    }
    wire = json.dumps({"candidates": [candidate]}).replace(KEY, ESCAPED)
    assert KEY not in wire
    frames = list(SSEDecoder().feed(f"data: {wire}\n".encode()))
    shelf = Shelf()
    answer = ask(
        ScriptedModel(frames, said("Done."), said("Done.")),
        shelf=shelf,
        api_key=Key("1", "work", KEY),
    )
    events = await events_of(answer)
    for exit_ in (json.dumps(events), json.dumps(answer.contents()), repr(shelf.kept)):
        assert exit_.count(KEY) == 0
        for spelling in SPELLINGS.values():
            assert spelling not in exit_
    assert [media.data for media in shelf.kept if KEY.encode() in media.data] == []
    assert base64.b64encode(f"x{KEY}".encode()).decode()[3:-3] not in json.dumps(events)
    assert answer.record.outcome == "success"


async def test_what_a_tool_of_ours_answers_is_cleaned_before_it_is_told_or_kept(monkeypatch):
    async def leak(**arguments: str) -> str:
        return f"the key is {KEY}"

    tool = Tool("leak", "Tells too much.", {"type": "object", "properties": {}}, leak)
    [text_agent] = [agent for agent in TEAM if agent.name == "text"]
    monkeypatch.setattr(type(text_agent), "tools", (tool,))
    model = ScriptedModel([chunk(function_call("leak"), finish="STOP")], said("Well."))
    answer = ask(model, api_key=Key("1", "work", KEY), agent="text")
    events = await events_of(answer)
    assert any(event.get("activityType") == "tool" for event in events)
    assert KEY not in json.dumps(events) + json.dumps(answer.contents())


# half a character


@pytest.mark.parametrize("thought", [False, True])
async def test_an_emoji_whose_halves_come_in_two_frames_is_whole(thought):
    kind = {"thought": True} if thought else {}
    wire = [
        rb'{"text": "a \ud83d"',
        rb'{"text": "\ude00 b \ud83d"',
        rb'{"text": "\ud83d\ude00 c \ud83d"',
    ]
    mark = b', "thought": true}' if thought else b"}"
    frames = [
        frame
        for part in wire
        for frame in SSEDecoder().feed(
            b'data: {"candidates": [{"content": {"parts": [' + part + mark + b"]}}]}\n"
        )
    ]
    end = chunk({"text": "", **kind}, {"functionCall": {"name": "f"}}, finish="STOP")
    emitted = await outputs(calling(*frames, end))
    whole = "a \U0001f600 b \ufffd\U0001f600 c \ufffd"
    assert "".join(output.text for output in emitted) == whole
    for output in emitted:
        output.text.encode()


async def test_halves_and_nul_in_other_fields_are_replaced_before_they_are_told():
    code = {"executableCode": {"language": "x", "code": "'\ud83d' \0"}}
    call = {"functionCall": {"name": "ask_nobody", "args": {"\0": "\udc00"}}}
    answer = ask(ScriptedModel([chunk(code, call, finish="STOP")], said("Done.")))
    json.dumps([await events_of(answer), answer.contents()], ensure_ascii=False).encode()
