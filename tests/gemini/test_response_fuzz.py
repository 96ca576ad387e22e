"""Any field of Gemini's may be missing, null or of another type: what was said stays said."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini.client import GeminiClient
from gemini.errors import GeminiError
from gemini.keys import check_key, list_models
from gemini.model_info import ListedModel
from gemini.outputs import TextDelta, ThoughtDelta
from gemini.pool import Endpoint
from gemini.response import ResponseParser
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import ask, events_of, resting_on, said, support, thought
from tests.gemini.asking import request
from tests.gemini.rawserver import answering, reply
from tests.gemini.recordings import recorded

PNG = {"inlineData": {"mimeType": "IMAGE/PNG", "data": "iVBORw0K"}}
PCM = {"inlineData": {"mimeType": "Audio/L16;Rate=16000", "data": "AAAA"}}
GROUNDED = {
    "webSearchQueries": ["q"],
    "groundingChunks": [
        {"web": {"uri": "https://a/", "title": "A", "domain": "a"}},
        {"retrievedContext": {"uri": "https://b/", "title": "B", "text": "t"}},
        {"maps": {"uri": "https://c/", "title": "C", "placeId": "places/1"}},
        {"image": {"sourceUri": "https://d/", "imageUri": "https://d/1", "title": "D"}},
    ],
    "groundingSupports": [support("One two.", "two", 0, 1, 2, 3)],
    "searchEntryPoint": {"renderedContent": "<b>q</b>"},
}
USAGE = {
    "promptTokenCount": 10,
    "candidatesTokenCount": 4,
    "thoughtsTokenCount": 2,
    "toolUsePromptTokenCount": 1,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}],
    "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 3}],
}
PIECE = {"jsonPath": "$.a[0].b", "stringValue": "x", "willContinue": True}
MADE = [
    [chunk(thought("Hm."), text("First. "), promptFeedback={"safetyRatings": []})],
    resting_on(
        [
            chunk(text("One "), {"text": "", "thoughtSignature": "c2ln"}, PNG, PCM),
            chunk(
                {"executableCode": {"language": "PYTHON", "code": "1", "id": "a"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1", "id": "a"}},
                {"functionCall": {"name": "f", "id": "1", "args": {"x": 1}}},
                {"functionCall": {"name": "g", "partialArgs": [PIECE], "willContinue": True}},
                {"functionCall": {"partialArgs": [PIECE]}},
            ),
            chunk(text("two."), finish="STOP", usageMetadata=USAGE, modelVersion="m"),
        ],
        GROUNDED,
        {"https://p/": "SUCCESS"},
    ),
]
MADE[1][-1]["candidates"][0]["citationMetadata"] = {
    "citationSources": [{"startIndex": 0, "endIndex": 3, "uri": "https://e/", "license": "l"}]
}
RECORDED = [
    [json.loads(frame) for frame in recording["sse"]]
    for recording in recorded("streamGenerateContent")
    if recording.get("sse") and sum(map(len, recording["sse"])) < 60_000
]
ANSWERS = [MADE[0] + MADE[1], *RECORDED]
GONE = object()
ODD = st.sampled_from(
    [
        *(GONE, GONE, None, None, 0, -1, 10**30, 1.5, True, "", "x", "\ud83d", [], {}),
        *([None], ["x"], [[]], {"x": None}, [{"uri": 3}], [{"text": ["x"]}]),
    ]
)
TOLD_BESIDES = {"groundingMetadata", "urlContextMetadata", "citationMetadata", "usageMetadata"}
TOLD_BESIDES |= {"safetyRatings", "modelVersion", "responseId", "index", "avgLogprobs", "role"}

Path = tuple[Any, ...]


def paths(value: Any, path: Path = ()) -> list[Path]:
    inner: Any = enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, dict):
        inner = value.items()
    return [path, *(below for name, item in inner for below in paths(item, (*path, name)))]


def changed(frames: list[Any], path: Path, odd: Any) -> list[Any]:
    """The frames with the value at ``path`` dropped or replaced."""
    frames = copy.deepcopy(frames)
    target: Any = frames
    for name in path[:-1]:
        target = target[name]
    if odd is GONE:
        del target[path[-1]]
    else:
        target[path[-1]] = odd
    return frames


@st.composite
def odd_answers(draw: st.DrawFn, besides: bool = False) -> tuple[list[Any], list[Any], int]:
    """An answer, the same with some fields changed, and the first frame that is changed."""
    frames = draw(st.sampled_from(ANSWERS))
    odd, first = frames, len(frames)
    for _ in range(draw(st.integers(1, 3))):
        places = [path for path in paths(odd) if len(path) > 1]
        if besides:
            places = [path for path in places if TOLD_BESIDES & set(path)]
        if not places:
            break
        path = draw(st.sampled_from(places))
        odd, first = changed(odd, path, draw(ODD)), min(first, path[0])
    return frames, odd, first


def read(frames: list[Any]) -> tuple[ResponseParser, list[Any], str]:
    """The reader, all it told, and the code of the error it ended with."""
    reader, told = ResponseParser("AIzaThisKeyIsSecret000000000000000000000"), list[Any]()
    try:
        for frame in frames:
            told.extend(reader.feed([frame]))
        told.extend(reader.finish())
        reader.check_finish()
    except GeminiError as error:
        told.extend(reader.flush())
        return reader, told, error.code
    return reader, told, ""


def text_of(told: list[Any], kind: type[Any] = TextDelta) -> str:
    return "".join(output.text for output in told if isinstance(output, kind))


@settings(max_examples=150, deadline=None)
@given(odd_answers())
def test_an_answer_with_odd_fields_ends_well_or_with_our_error_and_loses_no_word(answer):
    frames, odd, first = answer
    reader, told, _ = read(odd)
    before, before_told, _ = read(frames[:first])
    assert reader.text.startswith(before.text)
    assert text_of(told) == reader.text
    assert text_of(told, ThoughtDelta).startswith(text_of(before_told, ThoughtDelta))
    kept = [reader.content(), reader.functions, [vars_of(output) for output in told]]
    json.dumps(kept, allow_nan=False, ensure_ascii=False, default=repr).encode()


def vars_of(output: Any) -> dict[str, Any]:
    return {name: getattr(output, name) for name in output.__slots__}


@settings(max_examples=150, deadline=None)
@given(odd_answers(besides=True))
def test_what_is_told_besides_an_answer_never_fails_it(answer):
    frames, odd, _ = answer
    reader, told, code = read(odd)
    whole, whole_told, whole_code = read(frames)
    assert (code, reader.text, reader.finish_reason) == (
        whole_code,
        whole.text,
        whole.finish_reason,
    )
    assert text_of(told, ThoughtDelta) == text_of(whole_told, ThoughtDelta)
    assert reader.functions == whole.functions


@settings(max_examples=60, deadline=None)
@given(odd_answers())
def test_a_run_with_an_odd_answer_is_a_whole_stream(answer):
    _, odd, _ = answer

    async def run() -> None:
        stream = ask(ScriptedModel(odd, *[said("Well.")] * 3), agent="direct")
        events = await events_of(stream)
        json.dumps([events, stream.contents()], allow_nan=False, ensure_ascii=False).encode()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agents.core.call.BACKOFF_S", 0.0)
        asyncio.run(run())


NULLS = [
    *("content", "finishReason", "groundingMetadata", "urlContextMetadata", "citationMetadata"),
    *("safetyRatings", "tokenCount", "index", "logprobsResult", "somethingNew"),
]


@pytest.mark.parametrize("name", NULLS)
def test_a_field_that_is_null_is_one_that_is_missing(name):
    first = chunk(text("Hello "))
    second = {"candidates": [{"content": {"parts": [text("there.")]}, "finishReason": "STOP"}]}
    odd = [first, second, copy.deepcopy(second)]
    odd[1]["candidates"][0][name] = None
    assert read(odd)[2] == ""
    assert read(odd)[0].text.startswith("Hello there." if name != "content" else "Hello ")
    odd[0] |= {"usageMetadata": None, "promptFeedback": None, "candidates": None, "error": None}
    assert read(odd)[2] == ""


@pytest.mark.parametrize(
    "part",
    [
        {"text": None},
        {"text": "", "thought": None, "thoughtSignature": None},
        {"inlineData": None},
        {"functionCall": None},
        {"executableCode": None, "codeExecutionResult": None},
        {"thought": True},
        {},
        None,
    ],
)
def test_a_part_that_holds_nothing_is_not_kept(part):
    reader, told, code = read([chunk(text("a"), part, text("b"), finish="STOP")])
    assert (text_of(told), code) == ("ab", "")
    assert reader.content()["parts"] == [{"text": "ab"}]


def test_nulls_beside_a_text_do_not_go_back():
    part = {"text": "a", "thought": None, "thoughtSignature": "s", "videoMetadata": None}
    reader, _, _ = read([chunk(part, finish="STOP")])
    assert reader.content()["parts"] == [{"text": "a", "thoughtSignature": "s"}]


def test_a_mime_type_in_capitals_is_a_type():
    _, told, _ = read([chunk(PNG, PCM, finish="STOP")])
    picture, speech = told
    assert (picture.mime_type, picture.name) == ("image/png", "image")
    assert (speech.mime_type, speech.data[24:28]) == ("audio/wav", (16_000).to_bytes(4, "little"))


# answers that the SDK reads

MODEL = {
    "name": "models/gemini-x",
    "supportedGenerationMethods": ["generateContent"],
    "inputTokenLimit": 1,
    "thinking": True,
}
LISTED = {"models": [MODEL], "nextPageToken": ""}
FILE = {
    "file": {
        "name": "files/a",
        "uri": "https://f/a",
        "state": "ACTIVE",
        "mimeType": "text/plain",
        "expirationTime": "2030-01-01T00:00:00Z",
    }
}


def json_reply(body: Any, *headers: str) -> bytes:
    return reply(json.dumps(body).encode(), "content-type: application/json", *headers)


def odd_bodies(body: Any) -> list[Any]:
    """The body with each of its fields dropped, null and of other types."""
    odd = (GONE, None, 3, "x", [None])
    return [changed([body], path, one)[0] for path in paths([body])[2:] for one in odd] + [[], None]


async def test_lists_of_models_with_odd_fields_are_read_or_refused_in_our_words():
    for body in odd_bodies(LISTED):
        async with answering(json_reply(body)) as server:
            endpoint = Endpoint(server.url, "v1beta")
            try:
                models = await asyncio.to_thread(list_models, endpoint, "AIzaKey")
            except GeminiError:
                check = await asyncio.to_thread(check_key, endpoint, "AIzaKey")
                assert check.status == "unreachable"
            else:
                assert {model.id for model in models} <= {"gemini-x", "x"}
                assert all(isinstance(model.as_json(), dict) for model in models)


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        *(("inputTokenLimit", "lots"), ("inputTokenLimit", 1.5), ("thinking", {"levels": ["low"]})),
        *(("topK", "many"), ("supportedGenerationMethods", "generateContent"), ("name", 5)),
    ],
)
async def test_a_model_with_a_field_of_another_type_spoils_no_list(field, odd):
    async with answering(json_reply({"models": [MODEL | {field: odd}, MODEL, "x"]})) as server:
        listed = await asyncio.to_thread(list_models, Endpoint(server.url, "v1beta"), "AIzaKey")
    assert ListedModel("gemini-x", input_tokens=1, thinks=True) in listed


async def test_a_model_with_null_fields_spoils_no_list():
    nothing = dict.fromkeys(MODEL)
    async with answering(json_reply({"models": [nothing, MODEL], "nextPageToken": None})) as server:
        endpoint = Endpoint(server.url, "v1beta")
        listed = await asyncio.to_thread(list_models, endpoint, "AIzaKey")
        assert listed == (ListedModel("gemini-x", input_tokens=1, thinks=True),)


async def test_files_with_odd_fields_are_brought_or_refused_in_our_words():
    brought = 0
    for body in [FILE, *odd_bodies(FILE)]:
        urls: list[str] = []

        async def start(writer: asyncio.StreamWriter, urls: list[str] = urls) -> None:
            writer.write(json_reply({}, f"x-goog-upload-url: {urls[0]}upload"))

        end = json_reply(body, "x-goog-upload-status: final")
        async with answering(start, end) as server:
            urls.append(server.url)
            gemini = GeminiClient(Endpoint(server.url, "v1beta"))
            try:
                file = await gemini.upload("AIzaKey", b"x", mime_type="text/plain")
                assert (type(file.uri), type(file.name)) == (str, str)
                assert file.uri
                assert file.expires_at.tzinfo is not None
                brought += 1
            except GeminiError:
                pass
            finally:
                await gemini.close()
    assert brought > 1


async def test_counts_with_odd_fields_are_numbers_or_refused_in_our_words():
    for body in odd_bodies({"totalTokens": 5, "promptTokensDetails": [{"modality": "TEXT"}]}):
        async with answering(json_reply(body)) as server:
            gemini = GeminiClient(Endpoint(server.url, "v1beta"))
            try:
                assert type(await gemini.count_tokens(request("AIzaKey"))) is int
            except GeminiError:
                pass
            finally:
                await gemini.close()
