"""What one model call yields besides words: media, code, sources."""

from __future__ import annotations

import base64
import io
import wave

import pytest

from gemini.outputs import Activity, Saved, Sources, Support, TextDelta
from tests.core.calling import calling, failure, outputs
from tests.core.scripted import chunk, text
from tests.core.team import Shelf, as_inline, kept_as, said


async def test_a_picture_is_saved_and_kept_by_its_id_where_it_stood_with_its_signature():
    picture = b"\xfb\xff\xfe PNG"
    part = {**as_inline("image/png", picture), "thoughtSignature": "c2ln"}
    call, _, context = calling([chunk(text("See: "), part), *said("Nice?")])
    yielded = await outputs(call)
    [media] = context.files.kept
    assert (media.data, media.mime_type, media.name) == (picture, "image/png", "image")
    assert yielded == [
        TextDelta("See: "),
        Saved(media.id, f"/api/files/{media.id}/", "image/png", "image"),
        TextDelta("Nice?"),
    ]
    assert call.content()["parts"] == [
        {"text": "See: "},
        {**kept_as(media), "thoughtSignature": "c2ln"},
        {"text": "Nice?"},
    ]


async def test_a_draft_in_the_models_thoughts_is_passed_over():
    draft = {**as_inline("image/png", b"PNG"), "thought": True}
    call, _, context = calling([chunk(draft), *said("Done.")])
    assert await outputs(call) == [TextDelta("Done.")]
    assert context.files.kept == []
    assert call.content()["parts"] == [{"text": "Done."}]


async def test_what_finds_no_room_ends_the_call_and_is_not_tried_again():
    reply = [chunk(text("See: "), as_inline("image/png", b"PNG")), *said("Nice?")]
    call, model, context = calling(reply)
    context.save = Shelf(room=0).save
    error, yielded = await failure(call)
    assert error.code == context.record.calls[0].outcome == "storage_full"
    assert yielded == [TextDelta("See: ")]
    assert len(model.requests) == model.closed == 1


@pytest.mark.parametrize("alphabet", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 4])
async def test_base64_is_read_in_either_alphabet_padded_or_not(alphabet, size):
    data = b"\xfb\xef\xff\xfe"[:size]
    for written in (alphabet(data).decode(), alphabet(data).decode().rstrip("=")):
        part = {"inlineData": {"mimeType": "image/png", "data": written}}
        call, _, context = calling([chunk(text("See:"), part, finish="STOP")])
        assert len(await outputs(call)) == 1 + bool(data)
        assert [media.data for media in context.files.kept] == ([data] if data else [])


async def test_media_that_are_no_base64_are_an_upstream_error():
    part = {"inlineData": {"mimeType": "image/png", "data": "x"}}
    call, _, _ = calling([chunk(text("See:"), part)])
    error, yielded = await failure(call)
    assert error.code == "upstream_error"
    assert yielded == [TextDelta("See:")]


@pytest.mark.parametrize(
    ("mime_type", "rate_hz"),
    [
        ("audio/L16;codec=pcm;rate=24000", 24000),
        ("audio/l16; rate=16000", 16000),
        ("audio/L16", 24000),
    ],
)
async def test_speech_in_pieces_is_one_wav_file(mime_type, rate_hz):
    pieces = [bytes([1, 0] * 100), bytes([2, 0] * 50)]
    call, _, context = calling(
        [*(chunk(as_inline(mime_type, piece)) for piece in pieces), chunk(finish="STOP")]
    )
    yielded = await outputs(call)
    [media] = context.files.kept
    assert yielded == [Saved(media.id, f"/api/files/{media.id}/", "audio/wav", "speech")]
    assert call.content()["parts"] == []
    with wave.open(io.BytesIO(media.data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (rate_hz, 1, 2)
        assert file.readframes(1000) == b"".join(pieces)


async def test_other_sound_is_kept_as_it_is():
    call, _, context = calling([chunk(as_inline("audio/mpeg", b"ID3"), finish="STOP")])
    yielded = await outputs(call)
    [media] = context.files.kept
    assert media.data == b"ID3"
    assert yielded == [Saved(media.id, f"/api/files/{media.id}/", "audio/mpeg", "audio")]
    assert call.content()["parts"] == [kept_as(media)]


async def test_code_and_its_result_are_one_activity():
    parts = [
        {"executableCode": {"language": "PYTHON", "code": "1/0"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "ZeroDivisionError"}},
    ]
    call, _, _ = calling([chunk(*parts), *said("No.")])
    begun, ran, _ = await outputs(call)
    assert begun == Activity("code", {"language": "python", "code": "1/0"}, begun.ref)
    outcome = {"outcome": "failed", "output": "ZeroDivisionError"}
    assert ran == Activity("code", begun.content | outcome, begun.ref)
    assert call.content()["parts"] == [*parts, {"text": "No."}]


async def test_a_result_without_code_is_shown_and_code_without_text_is_borne():
    result = {"outcome": "OUTCOME_OK", "output": "42"}
    parts = [{"codeExecutionResult": result}, {"executableCode": {"id": "1"}}]
    call, _, _ = calling([chunk(*parts, finish="STOP")])
    shown, begun = await outputs(call)
    assert shown.content == {"language": "", "code": "", "outcome": "ok", "output": "42"}
    assert begun.content == {"language": "", "code": ""}
    assert shown.ref != begun.ref


async def test_results_find_their_code_by_id_or_by_order():
    def code(text, **named):
        return {"executableCode": {"language": "PYTHON", "code": text, **named}}

    def result(text, **named):
        return {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": text, **named}}

    named = [code("1", id="a"), code("2", id="b"), result("two", id="b"), result("one", id="a")]
    in_order = [code("3"), code("4"), result("three"), result("four"), result("alone")]
    call, _, _ = calling([chunk(*named, *in_order, finish="STOP")])
    ran = [
        (o.content["code"], o.content["output"])
        for o in await outputs(call)
        if "output" in o.content
    ]
    assert ran == [("2", "two"), ("1", "one"), ("3", "three"), ("4", "four"), ("", "alone")]


async def test_sources_come_last_and_only_web_addresses_are_links():
    reply = said("Paris", ".")
    reply[-1]["candidates"][0]["groundingMetadata"] = {
        "webSearchQueries": ["france capital"],
        "groundingChunks": [
            {"web": {"uri": "https://a.example/", "title": "A"}},
            {"web": {"uri": "javascript:alert(1)", "title": "B"}},
            {"retrievedContext": {"title": "Mine"}},
            {"maps": {"uri": "https://maps.example/"}},
            {},
        ],
        "groundingSupports": [
            {"segment": {"startIndex": 1, "endIndex": 5}, "groundingChunkIndices": [0, 2, 3, 9]},
            {"segment": {"endIndex": 5}, "groundingChunkIndices": [9]},
            {"segment": {"endIndex": 99}, "groundingChunkIndices": [0]},
            {},
        ],
    }
    call, _, _ = calling(reply)
    assert (await outputs(call))[-1] == Sources(
        queries=("france capital",),
        sources=(
            {"title": "A", "uri": "https://a.example/"},
            {"title": "B", "uri": ""},
            {"title": "https://maps.example/", "uri": "https://maps.example/", "kind": "maps"},
        ),
        supports=(Support(1, 5, (0, 2)),),
        text="Paris.",
    )


async def test_search_suggestions_are_saved_and_told_with_the_sources():
    reply = said("Hi")
    shown = {"renderedContent": "<div>More</div>"}
    reply[-1]["candidates"][0]["groundingMetadata"] = {
        "webSearchQueries": ["hello"],
        "searchEntryPoint": shown,
    }
    call, _, context = calling(reply)
    yielded = await outputs(call)
    [media] = context.files.kept
    assert (media.data, media.mime_type) == (b"<div>More</div>", "text/html")
    saved = Saved(media.id, f"/api/files/{media.id}/", "text/html", "search suggestions")
    assert yielded == [TextDelta("Hi"), Sources(("hello",), text="Hi", suggestions=saved)]
    assert call.content()["parts"] == [{"text": "Hi"}]


async def test_suggestions_that_find_no_room_cost_the_answer_nothing():
    reply = said("Hi")
    shown = {"renderedContent": "<div>More</div>"}
    grounding = {"webSearchQueries": ["hello"], "searchEntryPoint": shown}
    reply[-1]["candidates"][0]["groundingMetadata"] = grounding
    call, _, context = calling(reply)
    context.save = Shelf(room=0).save
    assert await outputs(call) == [TextDelta("Hi"), Sources(("hello",), text="Hi")]
    assert context.record.calls[0].outcome == "ok"


async def test_sources_that_are_misshapen_cost_the_answer_nothing():
    reply = said("Hi")
    reply[-1]["candidates"][0]["groundingMetadata"] = {"groundingChunks": [3]}
    call, _, _ = calling(reply)
    assert await outputs(call) == [TextDelta("Hi")]


async def test_pages_that_were_read_are_sources():
    reply = said("Read.")
    pages = [
        {"retrievedUrl": "https://a.example/"},
        {"retrievedUrl": "https://b.example/", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_ERROR"},
    ]
    reply[-1]["candidates"][0] |= {
        "groundingMetadata": {},
        "urlContextMetadata": {"urlMetadata": pages},
    }
    call, _, _ = calling(reply)
    assert (await outputs(call))[-1] == Sources(
        sources=({"title": "https://a.example/", "uri": "https://a.example/"},),
        pages=(
            {"uri": "https://a.example/", "ok": True},
            {"uri": "https://b.example/", "ok": False},
        ),
        text="Read.",
    )


async def test_grounding_that_found_nothing_is_not_told():
    reply = said("Hi")
    reply[-1]["candidates"][0] |= {"groundingMetadata": {}, "urlContextMetadata": {}}
    call, _, _ = calling(reply)
    assert await outputs(call) == [TextDelta("Hi")]
