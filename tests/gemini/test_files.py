"""Files stand by reference in what is kept, and are put in for the key that pays for the call."""

from __future__ import annotations

from itertools import count

import pytest

from agents.core.context import Limits, RunContext
from gemini.errors import GeminiError
from gemini.failover import Keys
from gemini.keys import Key
from gemini.outputs import Media, TextDelta
from gemini.request import ModelRequest
from tests.core.calling import call_of, outputs
from tests.core.exchanges import FLASH, PHOTO, model, user
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import (
    Shelf,
    as_inline,
    ask,
    attached,
    events_of,
    kept_as,
    of_type,
    said,
    words,
)

SPARE = Key("key2", "private", "AIzaAnotherKeyThatIsSecret00000000000000")
PDF = Media(b"pdf", "application/pdf", "contract.pdf", id="pdf")
SONG = Media(b"song", "audio/mpeg", "song.mp3", id="song")
FILM = Media(b"film", "video/mp4", "film.mp4", id="film")
NOTES = Media(b"notes", "text/plain", "notes.txt", id="notes")


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch):
    monkeypatch.setattr("agents.core.call.BACKOFF_S", 0.0)


class Cloud(Shelf):
    """Files that are at Google, each under an address of the key that brought it there."""

    def __init__(self, *uploads: Media, fault: GeminiError | None = None) -> None:
        super().__init__(*uploads)
        self._at: dict[tuple[str, str], str] = {}
        self._numbers = count()
        self._fault = fault

    async def data(self, artifact, key, *, inline):
        if self._fault:
            raise self._fault
        await super().data(artifact, key, inline=inline)
        at = (artifact["id"], key.id)
        if at not in self._at:
            self._at[at] = f"https://google.example/{key.id}/{next(self._numbers)}"
        return {"fileData": {"fileUri": self._at[at], "mimeType": artifact["mimeType"]}}

    async def forget(self, key):
        await super().forget(key)
        self._at = {at: uri for at, uri in self._at.items() if at[1] != key.id}


async def asked(scripted, *files, shelf=None, prompt="What is this?", **turn):
    """An answer about these files, and its events."""
    shelf = shelf or Shelf(*files)
    attachments = [attached(file) for file in files]
    answer = ask(scripted, prompt, shelf=shelf, attachments=attachments, **turn)
    return answer, await events_of(answer)


def at_google(key, number, mime_type="application/pdf"):
    uri = f"https://google.example/{key}/{number}"
    return {"fileData": {"fileUri": uri, "mimeType": mime_type}}


async def test_files_stand_before_the_words_about_them_in_their_order():
    scripted = ScriptedModel(said("A garden and a contract."))
    await asked(scripted, PHOTO, PDF)
    photo, pdf = as_inline("image/jpeg", b"photo"), as_inline("application/pdf", b"pdf")
    assert scripted.requests[0].contents == (user("What is this?", files=(photo, pdf)),)


async def test_a_question_may_be_a_file_alone():
    scripted = ScriptedModel(said("A contract."))
    await asked(scripted, PDF, prompt="")
    pdf = as_inline("application/pdf", b"pdf")
    assert scripted.requests[0].contents == (user(files=(pdf,)),)


async def test_after_another_key_took_over_the_files_are_those_of_that_key():
    scripted, cloud = ScriptedModel([GeminiError("quota")], said("A contract.")), Cloud(PDF)
    await asked(scripted, PDF, shelf=cloud, spare_keys=(SPARE,))
    first, second = scripted.requests
    assert first.contents == (user("What is this?", files=(at_google("key1", 0),)),)
    assert second.contents == (user("What is this?", files=(at_google("key2", 1),)),)
    assert (first.api_key, second.api_key) == (second.other_keys[0], SPARE.secret)
    assert cloud.brought == [("pdf", "key1"), ("pdf", "key2")]
    assert cloud.forgotten == []


async def test_a_file_that_google_lost_is_brought_anew_once():
    scripted, cloud = ScriptedModel([GeminiError("file_gone")], said("A contract.")), Cloud(PDF)
    answer, events = await asked(scripted, PDF, shelf=cloud)
    assert words(events) == "A contract."
    assert [request.contents[0]["parts"][0] for request in scripted.requests] == [
        at_google("key1", 0),
        at_google("key1", 1),
    ]
    assert cloud.forgotten == ["key1"]
    assert [call.outcome for call in answer.record.calls] == ["file_gone", "ok"]


async def test_a_file_that_google_loses_again_ends_the_answer():
    scripted = ScriptedModel(*[[GeminiError("file_gone")]] * 3)
    cloud = Cloud(PDF)
    answer, _ = await asked(scripted, PDF, shelf=cloud, spare_keys=(SPARE,))
    assert answer.record.error.code == "file_gone"
    assert len(scripted.requests) == 2
    assert cloud.forgotten == ["key1"]


async def test_a_file_lost_after_the_first_word_is_not_brought_again():
    scripted, cloud = ScriptedModel([chunk(text("A ")), GeminiError("file_gone")]), Cloud(PDF)
    answer, events = await asked(scripted, PDF, shelf=cloud)
    assert (words(events), answer.record.error.code) == ("A ", "file_gone")
    assert len(scripted.requests) == 1
    assert cloud.forgotten == []


async def test_a_file_that_cannot_be_brought_ends_the_answer_before_a_call_is_made():
    scripted, cloud = ScriptedModel(), Cloud(PDF, fault=GeminiError("key_blocked"))
    answer, _ = await asked(scripted, PDF, shelf=cloud)
    assert answer.record.error.code == "key_blocked"
    assert scripted.requests == answer.record.calls == []


async def test_a_file_that_one_key_cannot_bring_is_brought_with_the_next_one():
    class Half(Cloud):
        async def data(self, artifact, key, *, inline):
            if key.id == "key1":
                raise GeminiError("quota")
            return await super().data(artifact, key, inline=inline)

    scripted = ScriptedModel(said("A contract."))
    await asked(scripted, PDF, shelf=Half(PDF), spare_keys=(SPARE,))
    assert scripted.requests[0].contents[0]["parts"][0] == at_google("key2", 0)


@pytest.mark.parametrize(
    ("agent", "output", "unread"),
    [
        ("auto", "", ()),
        ("direct", "", ()),
        ("text", "", ()),
        ("media", "text", ()),
        ("media", "image", (PDF, SONG, FILM)),
    ],
)
async def test_what_a_model_does_not_read_is_mentioned_and_not_fetched(agent, output, unread):
    files, shelf = (PHOTO, NOTES, PDF, SONG, FILM), Shelf(PHOTO, NOTES, PDF, SONG, FILM)
    scripted = ScriptedModel(said("Well."))
    await asked(scripted, *files, shelf=shelf, agent=agent, output=output)
    mentions = {file.id: {"text": f"[File: {file.name}, {file.mime_type}]"} for file in unread}
    parts = [mentions.get(file.id) or as_inline(file.mime_type, file.data) for file in files]
    assert scripted.requests[0].contents == (user("What is this?", files=tuple(parts)),)
    assert {id_ for id_, _ in shelf.brought} == {f.id for f in files if f not in unread}


async def test_the_smallest_files_travel_in_the_request_and_the_rest_by_address():
    class Asked(Shelf):
        async def data(self, artifact, key, *, inline):
            wanted.append((artifact["id"], inline))
            return await super().data(artifact, key, inline=inline)

    wanted: list[tuple[str, bool]] = []
    files = tuple(Media(b"x" * size, "image/png", f"{size}", id=f"{size}") for size in (7, 5, 2))
    limits = Limits(inline_bytes=7)
    await asked(ScriptedModel(said("Three.")), *files, shelf=Asked(*files), limits=limits)
    assert wanted == [("2", True), ("5", True), ("7", False)]


async def test_a_file_that_was_deleted_is_mentioned():
    scripted = ScriptedModel(said("Which one?"))
    await asked(scripted, PDF, shelf=Shelf())
    assert scripted.requests[0].contents == (
        user("[File: contract.pdf, application/pdf]", "What is this?"),
    )


async def test_a_file_of_the_history_is_fetched_once_for_a_call_and_keeps_its_signature():
    signed = {**kept_as(PHOTO), "thoughtSignature": "c2ln"}
    before = (user("See", files=(kept_as(PHOTO),)), model("Nice.", signed, by=FLASH))
    scripted, shelf = ScriptedModel(said("Well.")), Shelf(PHOTO)
    await events_of(ask(scripted, "Again", history=[before], shelf=shelf))
    whole = as_inline("image/jpeg", b"photo")
    assert scripted.requests[0].contents == (
        user("See", files=(whole,)),
        model("Nice.", {**whole, "thoughtSignature": "c2ln"}, by=FLASH),
        user("Again"),
    )
    assert shelf.brought == [("photo", "key1")]


async def test_what_is_kept_of_a_run_holds_no_bytes():
    answer, _ = await asked(
        ScriptedModel(said("A garden.")), PHOTO, prompt="What is this?", agent="media"
    )
    asked_by, _ = [content for content in answer.contents() if "agent" in content]
    assert asked_by == user("What is this?", files=(kept_as(PHOTO),), agent="media")


async def test_a_picture_that_was_just_made_can_be_worked_on_in_the_same_run():
    scripted = ScriptedModel(
        [chunk(as_inline("image/png", b"fox"), finish="STOP")], said("A fox, as drawn.")
    )
    shelf = Shelf()
    first = ask(scripted, "A fox", agent="media", shelf=shelf)
    await events_of(first)
    again = ask(
        *(scripted, "Describe it"),
        agent="media",
        output="text",
        history=[(user("A fox"), *first.contents())],
        shelf=shelf,
    )
    await events_of(again)
    note = "This came with the answer above."
    assert scripted.requests[1].contents[-2] == user(note, files=(as_inline("image/png", b"fox"),))


async def test_a_run_without_files_says_so_of_what_was_kept():

    scripted = ScriptedModel(said("Hi"))
    context = RunContext(client=scripted, keys=Keys(SPARE))
    request = ModelRequest(FLASH, "", (user("See", files=(kept_as(PHOTO),)),), "")
    assert await outputs(call_of(request, context)) == [TextDelta("Hi")]
    assert scripted.requests[0].contents == (user("[File: garden.jpg, image/jpeg]", "See"),)


async def test_what_finds_no_room_is_told_of_the_agent_and_the_others_go_on():
    scripted = ScriptedModel([chunk(as_inline("image/png", b"fox"), finish="STOP")])
    answer, events = await asked(scripted, prompt="A fox", agent="media", shelf=Shelf(room=0))
    [error] = of_type(events, "SUBAGENT_ERROR")
    assert error["code"] == answer.record.error.code == "storage_full"
    assert of_type(events, "ACTIVITY_SNAPSHOT") == []
