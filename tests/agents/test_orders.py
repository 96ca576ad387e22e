"""Who may ask what: a question is refused before anything is stored or spent, or it is a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.rights import SignIn
from agents.runs import service
from apikeys.models import UserApiKey
from common.database import in_database
from common.keylike import IN_A_MESSAGE
from conversations.files.artifacts import artifact_delete
from conversations.models import Artifact, Message, Run
from emulator.testing import Emulator
from gemini import catalogue
from tests.agents.asking import (
    answered,
    asked_upstream,
    calls_of,
    choose,
    question,
    refused,
    run_of,
    sent_by,
)
from tests.agents.conftest import in_this_process
from tests.people import make_key

pytestmark = in_this_process

FLASH, PRO, LITE = "gemini-3-flash", "gemini-3-pro", "gemini-3-flash-lite"


async def test_who_has_no_key_asks_nothing(charlie: User, emulator: Emulator):
    assert (await refused(charlie, question())).code == "no_key"
    assert await emulator.requests_async() == []


async def test_what_is_somebody_elses_is_not_there(
    alice: User, bob: User, work: UserApiKey, emulator: Emulator
):
    await in_database(lambda: make_key(owner=bob, secret=emulator.new_key()))
    mine = question()
    await answered(alice, mine)
    said = await in_database(lambda: Message.objects.filter(run_id=mine.run_id).first())
    file = await sent_by(alice)
    thread = {"thread_id": mine.thread_id}
    theirs = {
        "thread_not_found": question(**thread),
        "key_not_found": question(key_id=work.pk),
        "file_not_found": question(attachments=(file.pk,)),
        "run_not_found": question(parent_run_id=mine.run_id),
        "message_not_found": question(parent_message_id=said.pk),
    }
    before = len(await emulator.requests_async())
    for code, asked in theirs.items():
        refusal = await refused(bob, asked)
        nobodys = await refused(bob, replace(asked, **_strangers(asked)))
        assert (refusal.code, refusal.status) == (code, 404)
        assert (nobodys.code, nobodys.message) == (code, refusal.message)
    again = await refused(bob, question(run_id=mine.run_id, thread_id=uuid4()))
    assert again.status == 404
    assert len(await emulator.requests_async()) == before


def _strangers(asked) -> dict[str, object]:
    """The same question about things that nobody has."""
    strange: dict[str, object] = {"run_id": uuid4(), "message_id": uuid4()}
    if asked.continues:
        strange["thread_id"] = uuid4()
    if asked.key_id:
        strange["key_id"] = uuid4()
    if asked.attachments:
        strange["attachments"] = (uuid4(),)
    for parent in ("parent_run_id", "parent_message_id"):
        if getattr(asked, parent):
            strange[parent] = uuid4()
    return strange


async def test_a_file_that_was_deleted_is_refused_and_the_others_stay_loose(
    alice: User, work: UserApiKey, emulator: Emulator
):
    kept, gone = await sent_by(alice), await sent_by(alice, name="gone.txt")
    await in_database(lambda: artifact_delete(owner_id=alice.pk, artifact_id=gone.pk))
    refusal = await refused(alice, question(attachments=(kept.pk, gone.pk)))
    assert (refusal.code, refusal.status) == ("file_not_found", 404)
    await in_database(kept.refresh_from_db)
    assert kept.thread_id is None
    assert await emulator.requests_async() == []


async def test_too_many_files_are_refused(alice: User, work: UserApiKey, emulator: Emulator):
    files = [await sent_by(alice, name=f"{number}.txt") for number in range(17)]
    refusal = await refused(alice, question(attachments=tuple(file.pk for file in files)))
    assert refusal.code == "too_many_files"
    assert await emulator.requests_async() == []


async def test_a_message_says_otherwise_than_the_profile(
    alice: User, work: UserApiKey, emulator: Emulator
):
    await choose(alice, ai_model=PRO, tools=["code"], thinking="high")
    await answered(alice, question())
    said = {"model": LITE, "tools": ("search", "url"), "thinking": "minimal"}
    await answered(alice, question(**said))
    await answered(alice, question(tools=()))
    profile, message, none = await asked_upstream(emulator)
    assert catalogue.api_id(PRO) in profile["path"]
    assert profile["body"]["tools"] == [{"codeExecution": {}}]
    assert _level(profile) == "high"
    assert catalogue.api_id(LITE) in message["path"]
    assert message["body"]["tools"] == [{"googleSearch": {}}, {"urlContext": {}}]
    assert _level(message) == "minimal"
    assert "tools" not in none["body"]
    assert _level(none) == "high"


def _level(request) -> str:
    return request["body"]["generationConfig"]["thinkingConfig"]["thinkingLevel"]


async def test_the_voice_is_the_messages_or_the_profiles(
    alice: User, work: UserApiKey, emulator: Emulator
):
    await choose(alice, voice="Puck")
    for voice in (None, "Zephyr"):
        await answered(alice, question(agent="media", output="speech", voice=voice))
    voices = [
        request["body"]["generationConfig"]["speechConfig"]["voiceConfig"]["prebuiltVoiceConfig"]
        for request in await asked_upstream(emulator)
    ]
    assert [voice["voiceName"] for voice in voices] == ["Puck", "Zephyr"]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (FLASH, FLASH),
        (catalogue.api_id(PRO), PRO),
        ("gemini-3.7-flash", FLASH),
        ("gemini-4-argon", "gemini-4-argon"),
        ("gemini-2.0-flash", LITE),
        ("gemini-3-pro-preview", PRO),
    ],
)
async def test_names_ids_and_retired_models_are_mapped(
    alice: User, work: UserApiKey, emulator: Emulator, wanted: str, name: str
):
    asked = question(model=wanted)
    await answered(alice, asked)
    assert (await run_of(asked.run_id)).model == name
    [call] = await calls_of(asked.run_id)
    assert call.model == catalogue.api_id(name)


async def test_a_profile_with_a_model_that_is_gone_is_answered_by_another(
    alice: User, work: UserApiKey, emulator: Emulator
):
    for stored, name in (("gemini-2.0-flash", LITE), ("gpt-5", FLASH)):
        await choose(alice, ai_model=stored)
        asked = question()
        await answered(alice, asked)
        assert (await run_of(asked.run_id)).model == name


@pytest.mark.parametrize(
    "wanted",
    ["gemini-99", "gemini-3-image", "gemini-2.5-flash-image", "../models", "models/x?key="],
)
async def test_what_is_no_model_for_conversation_is_refused(
    alice: User, work: UserApiKey, emulator: Emulator, wanted: str
):
    refusal = await refused(alice, question(model=wanted))
    assert (refusal.code, refusal.status) == ("unknown_model", 400)
    assert wanted not in refusal.message
    assert await emulator.requests_async() == []


async def test_a_model_that_google_does_not_list_for_the_key_is_not_asked(
    alice: User, emulator: Emulator
):
    def add_keys() -> UserApiKey:
        listed = {"listed_models": [catalogue.api_id(FLASH)], "listed_at": timezone.now()}
        make_key(owner=alice, secret=emulator.new_key(), **listed)
        old = listed | {"listed_at": timezone.now() - timedelta(days=2)}
        return make_key(owner=alice, name="old", secret=emulator.new_key(), selected=False, **old)

    old = await in_database(add_keys)
    refusal = await refused(alice, question(model=PRO))
    assert (refusal.code, refusal.status) == ("model_not_available", 403)
    assert "Gemini 3 Pro" in refusal.message
    await choose(alice, ai_model=PRO)
    assert (await refused(alice, question())).code == "model_not_available"
    assert await emulator.requests_async() == []
    assert (await answered(alice, question(model=FLASH)))[-1]["type"] == "RUN_FINISHED"
    assert (await answered(alice, question(key_id=old.pk)))[-1]["type"] == "RUN_FINISHED"


async def test_a_busy_thread_refuses_and_takes_no_file(
    alice: User, work: UserApiKey, emulator: Emulator
):
    asked, file = question("Go /emulate frames=200 pace=20"), await sent_by(alice)
    await service.start(SignIn(alice.pk), asked)
    more = question(thread_id=asked.thread_id, attachments=(file.pk,))
    assert (await refused(alice, more)).code == "thread_busy"
    await in_database(file.refresh_from_db)
    assert file.thread_id is None


async def test_a_file_that_comes_along_is_kept_like_one_that_was_uploaded(
    alice: User, work: UserApiKey, emulator: Emulator
):
    asked = question(enclosed=(b"Apples, pears.\n",))
    await answered(alice, asked)
    said = await in_database(lambda: Message.objects.get(run_id=asked.run_id, role="user"))
    [snapshot] = said.attachments
    assert (snapshot["mime_type"], snapshot["size_bytes"]) == ("text/plain", 15)
    [request] = await emulator.requests_async(count=1)
    assert request["body"]["contents"][0]["parts"][0]["inlineData"]["mimeType"] == "text/plain"


async def test_of_a_refused_question_no_file_that_came_along_is_left(alice: User, work: UserApiKey):
    for asked in (
        question(enclosed=(b"Apples.\n", b"MZ\x90\x00 a program")),
        question(enclosed=(b"Apples.\n",), parent_run_id=uuid4()),
    ):
        await refused(alice, asked)
    assert not await in_database(lambda: Artifact.objects.filter(owner=alice).exists())


LOOKS_LIKE_A_KEY = "AIzaSy" + "x" * 33


async def test_a_message_with_a_key_is_refused_unless_its_writer_wants_to_send_it(
    alice: User, work: UserApiKey, emulator: Emulator
):
    asked = question(f"What is {LOOKS_LIKE_A_KEY}?")
    error = await refused(alice, asked)
    assert (error.code, error.message) == ("looks_like_key", IN_A_MESSAGE)
    assert await emulator.requests_async() == []
    await answered(alice, replace(asked, allow_key=True))
    run = await in_database(lambda: Run.objects.select_related("thread").get(pk=asked.run_id))
    assert run.thread.title == "What is [key]?"
