"""Requests that Google refused for their form, made once more in another one."""

from __future__ import annotations

import pytest

from agents.core.context import Limits
from gemini.errors import GeminiError
from gemini.keys import Key
from gemini.outputs import Media
from tests.core.exchanges import FLASH, model, user
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import (
    Shelf,
    ask,
    asks,
    attached,
    call,
    events_of,
    of_type,
    said,
    types,
    words,
)

PDF = Media(b"%PDF-1.7", "application/pdf", "scan.pdf")
PHOTO = Media(b"PNG", "image/png", "garden.png")
SIGNED = {"text": "It is salt.", "thoughtSignature": "c2ln"}
BEFORE = (user("Why?"), model(SIGNED, by=FLASH))
PLAIN = (user("Why?"), model("It is salt."))


def refused(code, **more):
    return [GeminiError(code, **more)]


def notices(events):
    activities = of_type(events, "ACTIVITY_SNAPSHOT")
    return [one["content"] for one in activities if one["activityType"] == "notice"]


async def test_signatures_that_google_refuses_become_words_once():
    scripted = ScriptedModel(refused("history_refused"), said("Well."))
    answer = ask(scripted, "And now?", history=[BEFORE])
    events = await events_of(answer)
    first, second = (request.contents for request in scripted.requests)
    assert (first, second) == ((*BEFORE, user("And now?")), (*PLAIN, user("And now?")))
    assert (answer.record.outcome, words(events)) == ("success", "Well.")
    assert [one["code"] for one in notices(events)] == ["history_refused"]


async def test_words_that_are_refused_as_well_are_not_tried_again():
    scripted = ScriptedModel(refused("history_refused"), refused("history_refused"), said("No"))
    answer = ask(scripted, "And now?", history=[BEFORE])
    await events_of(answer)
    assert (answer.record.error.code, len(scripted.requests)) == ("history_refused", 2)


async def test_a_missing_signature_found_at_the_end_is_repaired_too():
    scripted = ScriptedModel([chunk(finish="MISSING_THOUGHT_SIGNATURE")], said("Well."))
    answer = ask(scripted, "And now?", history=[BEFORE])
    await events_of(answer)
    assert (answer.record.outcome, scripted.requests[1].contents[:2]) == ("success", PLAIN)


async def test_what_was_said_in_this_turn_becomes_words_as_well():
    scripted = ScriptedModel(
        asks(call("text", task="A poem", reason="Long"), call("media", task="x", output="text")),
        said("Waves"),
        said("A sea"),
        refused("history_refused"),
        said("Both are there."),
    )
    answer = ask(scripted, "Both")
    events = await events_of(answer)
    assert words(events) == "Both are there."
    last = scripted.requests[-1].contents
    assert [part for content in last for part in content["parts"] if "text" not in part] == []
    assert last[-1]["role"] == "user"
    assert "Waves" in str(last)


async def test_signatures_of_another_key_are_not_sent():
    scripted = ScriptedModel(said("Well."))
    await events_of(ask(scripted, "And now?", history=[BEFORE], api_key=Key("key2", "b", "B" * 39)))
    assert scripted.requests[0].contents == (*PLAIN, user("And now?"))


async def test_a_key_that_steps_in_is_sent_no_signatures_of_the_first():
    scripted = ScriptedModel(refused("quota"), said("Well."))
    spare = Key("key2", "spare", "B" * 39)
    await events_of(ask(scripted, "And now?", history=[BEFORE], spare_keys=[spare]))
    first, second = (request.contents for request in scripted.requests)
    assert (first[:2], second[:2]) == (BEFORE, PLAIN)


async def test_what_is_kept_says_which_key_signed_it():
    scripted = ScriptedModel([chunk(SIGNED, finish="STOP")], said("Plain."))
    first, second = ask(scripted), ask(scripted)
    await events_of(first)
    await events_of(second)
    assert [one.get("key") for one in (*first.contents(), *second.contents())] == ["key1", None]


async def test_tools_that_google_refuses_are_left_out_and_that_is_told():
    scripted = ScriptedModel(refused("tools_refused"), said("Well."))
    events = await events_of(ask(scripted, "Hi", agent="text", tools=("search", "code")))
    assert [request.tools for request in scripted.requests] == [("search", "code"), ()]
    assert [one["code"] for one in notices(events)] == ["tools_refused"]
    assert words(events, "text") == "Well."


async def test_a_model_that_takes_no_functions_answers_alone():
    scripted = ScriptedModel(refused("tools_refused"), said("Well."))
    events = await events_of(ask(scripted, "Hi"))
    assert [bool(request.functions) for request in scripted.requests] == [True, False]
    assert words(events) == "Well."


async def test_without_tools_there_is_nothing_to_leave_out():
    scripted = ScriptedModel(refused("tools_refused"), said("Well."))
    answer = ask(scripted, "Hi", agent="direct", tools=())
    await events_of(answer)
    assert (answer.record.error.code, len(scripted.requests)) == ("tools_refused", 1)


async def test_nothing_is_repaired_once_something_was_said():
    scripted = ScriptedModel([chunk(text("Half")), GeminiError("history_refused")], said("No"))
    answer = ask(scripted, "And now?", history=[BEFORE])
    events = await events_of(answer)
    assert (answer.record.error.code, words(events)) == ("history_refused", "Half")


# files


async def failed(error, *files, history=(), prompt="Look"):
    scripted = ScriptedModel(*[[error] for _ in range(3)])
    sent = [attached(file) for file in files]
    answer = ask(scripted, prompt, shelf=Shelf(*files), attachments=sent, history=history)
    await events_of(answer)
    return answer


@pytest.mark.parametrize(
    ("about", "named"),
    [
        ((), "“scan.pdf”, “garden.png”"),
        (("document",), "“scan.pdf”"),
        (("image",), "“garden.png”"),
        (("image/png",), "“garden.png”"),
        (("video",), "“scan.pdf”, “garden.png”"),
    ],
)
async def test_the_file_is_named(about, named):
    error = GeminiError("file_refused", "Google cannot read {files}: damaged.", file_hints=about)
    answer = await failed(error, PDF, PHOTO)
    assert answer.record.error.message == f"Google cannot read {named}: damaged."
    assert set(answer.record.refused.values()) == {answer.record.error.message}
    assert len(answer.record.refused) == named.count("“")


async def test_a_file_that_is_only_not_ready_is_not_held_against_it():
    answer = await failed(GeminiError("file_not_ready", "Not yet: {files}."), PDF)
    assert (answer.record.error.message, answer.record.refused) == ("Not yet: “scan.pdf”.", {})


async def test_a_refusal_without_words_mentions_that_a_file_may_be_the_reason():
    answer = await failed(GeminiError("bad_request"), PDF)
    assert "“scan.pdf” may be why" in answer.record.error.message
    assert "may be why" not in (await failed(GeminiError("bad_request"))).record.error.message


async def test_what_is_too_large_for_a_request_goes_by_way_of_the_files_api():
    scripted = ScriptedModel(refused("too_large"), said("Well."))
    sizes = []

    class Watched(Shelf):
        async def data(self, artifact, key, *, inline):
            sizes.append(inline)
            return await super().data(artifact, key, inline=inline)

    sent = [attached(PDF)]
    answer = ask(scripted, "Look", shelf=Watched(PDF), attachments=sent)
    await events_of(answer)
    assert (answer.record.outcome, sizes) == ("success", [True, False])


# answers that are longer than one request


def part(words_, token):
    candidate = {"content": {"parts": [text(words_)]}, "finishReason": "CONTINUATION"}
    candidate["continuationToken"] = token
    return [{"candidates": [candidate], "usageMetadata": {"promptTokenCount": 5}}]


async def test_a_long_answer_goes_on_in_the_same_message():
    scripted = ScriptedModel(part("One ", "dDE="), part("two ", "dDI="), said("three."))
    answer = ask(scripted)
    events = await events_of(answer)
    assert types(events).count("TEXT_MESSAGE_START") == 1
    assert (answer.record.outcome, words(events)) == ("success", "One two three.")
    assert [request.continuation for request in scripted.requests] == ["", "dDE=", "dDI="]
    assert len({request.contents for request in map(_frozen, scripted.requests)}) == 1
    assert [call.usage.input for call in answer.record.calls] == [5, 5, 10]
    assert answer.contents()[0]["parts"] == [{"text": "One two three."}]
    assert "result" not in events[-1]


def _frozen(request):
    class Frozen:
        contents = str(request.contents)

    return Frozen


async def test_a_long_answer_ends_within_the_runs_limits_and_says_that_it_is_not_whole():
    scripted = ScriptedModel(*[part("on ", "dA==") for _ in range(9)])
    answer = ask(scripted, limits=Limits(model_calls=3))
    events = await events_of(answer)
    assert (len(scripted.requests), words(events)) == (3, "on on on ")
    assert events[-1]["result"] == {"truncated": True, "reason": "max_tokens"}


async def test_without_a_token_there_is_nothing_to_go_on_with():
    scripted = ScriptedModel([chunk(text("One"), finish="CONTINUATION")])
    answer = ask(scripted)
    events = await events_of(answer)
    assert (answer.record.outcome, events[-1]["result"]["reason"]) == ("success", "max_tokens")


async def test_what_a_fault_leaves_of_a_long_answer_is_kept():
    scripted = ScriptedModel(part("One ", "dDE="), [GeminiError("overloaded")])
    answer = ask(scripted)
    events = await events_of(answer)
    assert (answer.record.error.code, words(events)) == ("overloaded", "One ")
