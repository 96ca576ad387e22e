"""One model call: retries, ends, words and tokens."""

from __future__ import annotations

import time

import pytest

from agents.core import call as model_call
from gemini.errors import GeminiError
from gemini.outputs import TextDelta, ThoughtDelta
from tests.core.calling import calling, failure, outputs
from tests.core.scripted import chunk, text
from tests.core.team import as_inline, said, thought


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch):
    monkeypatch.setattr(model_call, "BACKOFF_S", 0.0)


# retries


@pytest.mark.parametrize("code", ["overloaded", "upstream_error", "unreachable"])
async def test_a_passing_fault_before_the_first_word_is_tried_once_more(code):
    call, model, context = calling([GeminiError(code)], said("Hi"))
    assert await outputs(call) == [TextDelta("Hi")]
    assert [line.outcome for line in context.record.calls] == [code, "ok"]
    assert model.closed == 2


async def test_nothing_is_tried_a_third_time():
    call, model, _ = calling([GeminiError("overloaded")], [GeminiError("overloaded")], said("Hi"))
    error, _ = await failure(call)
    assert error.code == "overloaded"
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    "code",
    ["invalid_key", "key_blocked", "blocked", "too_long", "bad_request", "model_gone", "billing"],
)
async def test_what_stays_wrong_is_not_tried_again(code):
    call, model, _ = calling([GeminiError(code)], said("Hi"))
    error, _ = await failure(call)
    assert error.code == code
    assert len(model.requests) == 1


@pytest.mark.parametrize("code", ["quota", "timeout"])
async def test_quota_and_timeouts_are_tried_again_only_when_google_says_when(code):
    call, model, _ = calling([GeminiError(code)], said("Hi"))
    await failure(call)
    assert len(model.requests) == 1
    call, model, _ = calling([GeminiError(code, retry_after_s=0)], said("Hi"))
    assert await outputs(call) == [TextDelta("Hi")]


async def test_the_wait_google_asks_for_is_kept():
    call, _, _ = calling([GeminiError("quota", retry_after_s=0.05)], said("Hi"))
    before = time.monotonic()
    await outputs(call)
    waited = time.monotonic() - before
    assert waited >= 0.05


async def test_a_wait_longer_than_the_limit_is_not_waited():
    call, model, _ = calling([GeminiError("quota", retry_after_s=11)], said("Hi"), retry_wait_s=10)
    error, _ = await failure(call)
    assert error.retry_after_s == 11
    assert len(model.requests) == 1


@pytest.mark.parametrize("part", [text("Half"), thought("Hm.")])
async def test_nothing_is_tried_again_after_anything_was_delivered(part):
    call, model, _ = calling([chunk(part), GeminiError("overloaded")], said("Hi"))
    error, yielded = await failure(call)
    assert error.code == "overloaded"
    assert len(yielded) == len(model.requests) == 1


async def test_a_second_try_begins_from_nothing():
    half = chunk({"functionCall": {"name": "ask_text_agent", "args": {}}})
    call, _, _ = calling([half, GeminiError("overloaded")], said("Hi"))
    await outputs(call)
    assert call.functions == []
    assert call.content() == {"role": "model", "parts": [{"text": "Hi"}], "model": "gemini"}


# ends


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("SAFETY", "blocked"),
        ("RECITATION", "recitation"),
        ("LANGUAGE", "language"),
        ("BLOCKLIST", "blocked"),
        ("PROHIBITED_CONTENT", "blocked"),
        ("SPII", "blocked"),
        ("IMAGE_SAFETY", "blocked"),
        ("IMAGE_PROHIBITED_CONTENT", "blocked"),
        ("IMAGE_RECITATION", "recitation"),
        ("NO_IMAGE", "no_image"),
        ("IMAGE_OTHER", "no_image"),
        ("OTHER", "stopped"),
        ("MALFORMED_FUNCTION_CALL", "upstream_error"),
        ("UNEXPECTED_TOOL_CALL", "upstream_error"),
        ("MISSING_THOUGHT_SIGNATURE", "history_refused"),
        ("MODEL_ARMOR", "blocked"),
        ("ESCALATION", "blocked"),
        ("PUP_LIMITED_DISABLED", "key_blocked"),
        ("TOO_MANY_TOOL_CALLS", "stopped"),
        ("MALFORMED_RESPONSE", "upstream_error"),
        ("FINISH_REASON_UNSPECIFIED", "stopped"),
        ("SOMETHING_NEW", "stopped"),
    ],
)
async def test_every_end_but_stop_is_an_error_after_the_words(reason, code):
    call, _, context = calling(said("Some", "thing", finish=reason))
    error, yielded = await failure(call)
    assert error.code == code
    assert yielded == [TextDelta("Some"), TextDelta("thing")]
    assert context.record.calls[0].outcome == code


async def test_max_tokens_is_an_end_that_is_told():
    call, _, context = calling(said("And then", finish="MAX_TOKENS"))
    assert await outputs(call) == [TextDelta("And then")]
    assert context.record.truncated == "max_tokens"
    assert context.record.calls[0].outcome == "ok"


@pytest.mark.parametrize(
    "reply",
    [[chunk(text("Half"))], [chunk(text("Half"), finish="")], [], [{}], [{"candidates": []}]],
)
async def test_a_stream_that_just_ends_is_truncated(reply):
    call, model, _ = calling(reply)
    error, _ = await failure(call)
    assert error.code == "truncated"
    assert len(model.requests) == 1


async def test_a_finish_reason_before_the_last_words_still_counts():
    call, _, _ = calling([chunk(text("One"), finish="STOP"), chunk(text(" two"))])
    assert await outputs(call) == [TextDelta("One"), TextDelta(" two")]


@pytest.mark.parametrize("reason", ["SAFETY", "OTHER", "PROHIBITED_CONTENT"])
async def test_a_blocked_prompt_is_blocked(reason):
    call, model, context = calling(
        [{"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 8}}]
    )
    error, yielded = await failure(call)
    assert (error.code, yielded) == ("blocked", [])
    assert len(model.requests) == 1
    assert context.record.calls[0].usage.input == 8


async def test_feedback_without_a_block_is_no_error():
    call, _, _ = calling([{"promptFeedback": {}}, *said("Hi")])
    assert await outputs(call) == [TextDelta("Hi")]


async def test_words_before_an_error_in_the_same_batch_are_not_lost():
    batch = [chunk(text("One")), chunk(text(" two")), {"promptFeedback": {"blockReason": "SAFETY"}}]
    call, model, _ = calling([batch])
    error, yielded = await failure(call)
    assert error.code == "blocked"
    assert yielded == [TextDelta("One two")]
    assert len(model.requests) == 1


NOTHING = [
    [chunk(finish="STOP")],
    [chunk(text(""), finish="STOP")],
    [chunk(text(" \n"), finish="STOP")],
    [chunk(text("\N{ZERO WIDTH SPACE}\ufeff"), finish="STOP")],
    [chunk({"text": "", "thoughtSignature": "c2ln"}, finish="STOP")],
    [chunk({"text": "Hm.", "thought": True}), chunk(finish="STOP")],
    [chunk(as_inline("image/png", b""), finish="STOP")],
]


@pytest.mark.parametrize("reply", NOTHING)
async def test_an_answer_that_is_none_is_asked_for_once_more(reply):
    call, _, context = calling(reply, said("Hi"))
    assert (await outputs(call))[-1] == TextDelta("Hi")
    assert [line.outcome for line in context.record.calls] == ["no_answer", "ok"]
    assert call.content()["parts"] == [{"text": "Hi"}]


@pytest.mark.parametrize("reply", NOTHING)
async def test_an_answer_that_stays_none_is_told(reply):
    call, model, _ = calling(reply, reply, said("Hi"))
    error, _ = await failure(call)
    assert (error.code, len(model.requests)) == ("no_answer", 2)
    assert "no answer" in error.message


async def test_an_answer_cut_before_its_first_word_is_told_and_not_paid_twice():
    call, model, _ = calling([chunk(finish="MAX_TOKENS")], said("Hi"))
    error, _ = await failure(call)
    assert (error.code, len(model.requests)) == ("no_answer", 1)
    assert "less thinking" in error.message


@pytest.mark.parametrize("expects", ["image", "audio"])
async def test_words_are_no_picture_and_no_sound(expects):
    reply = said("Here is your fox!")
    call, model, _ = calling(reply, reply, request={"expects": expects})
    error, yielded = await failure(call)
    assert error.code == {"image": "no_image", "audio": "no_answer"}[expects]
    assert yielded == [TextDelta("Here is your fox!")]
    assert len(model.requests) == 1  # what was said cannot be taken back


async def test_a_picture_that_was_not_made_is_asked_for_once_more():
    drawn = [chunk(as_inline("image/png", b"PNG"), finish="STOP")]
    call, _, context = calling([chunk(finish="NO_IMAGE")], drawn, request={"expects": "image"})
    assert [type(output).__name__ for output in await outputs(call)] == ["Saved"]
    assert [line.outcome for line in context.record.calls] == ["no_image", "ok"]


@pytest.mark.parametrize(
    "candidate", [{}, {"content": None}, {"content": {}}, {"content": {"parts": None}}]
)
async def test_candidates_without_content_are_read(candidate):
    call, _, _ = calling([{"candidates": [candidate]}, *said("Hi")])
    assert await outputs(call) == [TextDelta("Hi")]


async def test_only_the_first_candidate_speaks():
    two = {"candidates": [*chunk(text("1"))["candidates"], *chunk(text("2"))["candidates"]]}
    call, _, _ = calling([two, *said("!")])
    assert await outputs(call) == [TextDelta("1"), TextDelta("!")]


# words


async def test_words_that_come_together_leave_together_and_thoughts_stay_between():
    batch = [chunk(text("a")), chunk(text("b"), thought("hm"), text("c")), chunk(text("d"))]
    call, _, _ = calling([batch, *said("e")])
    assert await outputs(call) == [
        *(TextDelta("ab"), ThoughtDelta("hm"), TextDelta("cd"), TextDelta("e")),
    ]
    assert call.text == "abcde"


async def test_empty_words_are_not_told():
    call, _, _ = calling([chunk(text("")), chunk(thought("")), *said("Hi", "")])
    assert await outputs(call) == [TextDelta("Hi")]


# tokens


async def test_counts_are_running_totals_and_may_be_left_out():
    counts = [
        {"promptTokenCount": 10, "totalTokenCount": 10},
        {"promptTokenCount": 10, "thoughtsTokenCount": 5, "cachedContentTokenCount": 4},
        {"candidatesTokenCount": 3, "promptTokenCount": 10, "thoughtsTokenCount": 6},
        {"trafficType": "PROVISIONED_THROUGHPUT"},
        {"candidatesTokenCount": 9, "promptTokenCount": 10, "toolUsePromptTokenCount": 2},
    ]
    chunks = [chunk(text("x"), usageMetadata=one) for one in counts]
    call, _, context = calling([*chunks, chunk(finish="STOP")])
    await outputs(call)
    usage = context.record.calls[0].usage
    assert (usage.input, usage.output, usage.thought, usage.cached) == (12, 15, 6, 4)


async def test_tokens_of_a_failed_call_are_counted():
    counts = {"promptTokenCount": 7, "candidatesTokenCount": 2}
    call, _, context = calling([chunk(text("x"), usageMetadata=counts), GeminiError("timeout")])
    await failure(call)
    assert (context.record.calls[0].usage.input, context.record.calls[0].usage.output) == (7, 2)
