"""What agents make becomes the owner's file under the id that was told, or is refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from apikeys.models import UserApiKey
from common.database import in_database
from conversations.models import Artifact
from emulator.testing import Emulator
from tests.agents.asking import answered, of_kind, question, run_of
from tests.agents.conftest import in_this_process

pytestmark = in_this_process


async def files() -> list[Artifact]:
    return await in_database(lambda: list(Artifact.objects.order_by("created_at")))


async def test_a_picture_is_kept_under_the_id_that_was_told(
    alice: User, work: UserApiKey, emulator: Emulator
):
    asked = question("A fox", agent="media", output="image")
    [told] = of_kind(await answered(alice, asked), "artifact")
    [file] = await files()
    assert told == {
        "artifactId": str(file.pk),
        "url": f"/api/files/{file.pk}/",
        "mimeType": "image/png",
        "name": "image.png",
    }
    assert (file.kind, file.owner_id) == ("produced", alice.pk)
    assert (file.thread_id, file.run_id) == (asked.thread_id, asked.run_id)
    assert (file.width, file.height) == (256, 256)
    run = await run_of(asked.run_id)
    parts = [part for content in run.contents for part in content["parts"]]
    [kept] = [part for part in parts if "artifact" in part]
    assert UUID(kept["artifact"]["id"]) == file.pk
    assert kept["thoughtSignature"]
    assert "inlineData" not in str(run.contents)


async def test_speech_is_kept_as_a_sound(alice: User, work: UserApiKey, emulator: Emulator):
    events = await answered(alice, question("Hello bees", agent="media", output="speech"))
    [told] = of_kind(events, "artifact")
    [file] = await files()
    assert (told["mimeType"], told["name"]) == (file.mime_type, file.name)
    assert (file.mime_type, file.name) == ("audio/wav", "speech.wav")
    assert await in_database(lambda: Path(file.file.path).read_bytes()[:4]) == b"RIFF"


async def test_a_picture_without_room_fails_its_agent_and_not_the_run(
    alice: User, work: UserApiKey, emulator: Emulator, settings: Any
):
    settings.USER_STORAGE_BYTES = 10
    asked = question("Write a poem and draw a fox /emulate call=text,media", agent="auto")
    events = await answered(alice, asked)
    [failed] = [event for event in events if event["type"] == "SUBAGENT_ERROR"]
    assert failed["code"] == "storage_full"
    assert "no room left" in failed["message"]
    assert events[-1]["outcome"] == {"type": "success"}
    assert "could not finish: The media agent failed: storage_full" in "".join(
        event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT"
    )
    assert of_kind(events, "artifact") == await files() == []


async def test_a_picture_that_was_asked_for_alone_ends_the_run_in_words(
    alice: User, work: UserApiKey, emulator: Emulator, settings: Any
):
    settings.USER_STORAGE_BYTES = 10
    asked = question("A fox", agent="media", output="image")
    events = await answered(alice, asked)
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "storage_full")
    assert "Delete files" in events[-1]["message"]
    assert (await run_of(asked.run_id)).status == "failed"
    assert await files() == []


async def test_search_suggestions_are_kept_as_they_came_and_told_with_the_sources(
    alice: User, work: UserApiKey, emulator: Emulator
):
    events = await answered(alice, question("What is the latest news about bees?"))
    [sources] = of_kind(events, "sources")
    [file] = await files()
    assert sources["suggestions"] == {"artifactId": str(file.pk), "url": f"/api/files/{file.pk}/"}
    assert (file.mime_type, file.kind) == ("text/html", "produced")
    assert of_kind(events, "artifact") == []
