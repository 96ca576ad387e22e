"""An owner's files on their way to Google: in the request, or brought there once per key."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.models import UserProfile
from agents.runs.files import OwnFiles
from apikeys.models import UserApiKey
from common.database import in_database
from conversations.files.artifacts import artifact_delete
from conversations.models import Artifact, GeminiFile
from emulator.testing import Emulator
from gemini.client import GeminiClient
from gemini.errors import GeminiError
from gemini.keys import Key
from gemini.pool import Endpoint
from tests.agents.asking import answered, asked_upstream, calls_of, question, sent_by
from tests.agents.conftest import in_this_process
from tests.conversations.samples import PDF
from tests.people import assert_secret_free, make_key

pytestmark = in_this_process

GONE = {
    "error": {
        "code": 403,
        "message": "You do not have permission to access the File abc or it may not exist.",
        "status": "PERMISSION_DENIED",
    }
}


@pytest.fixture
async def gemini(emulator: Emulator) -> AsyncIterator[GeminiClient]:
    gemini = GeminiClient(Endpoint(emulator.base_url, "v1beta"))
    yield gemini
    await gemini.close()


@pytest.fixture
def through_files_api(settings: Any) -> None:
    """No file is small enough to travel in a request."""
    settings.GEMINI_INLINE_MAX_BYTES = 0


def kept(artifact: Artifact) -> dict[str, Any]:
    """A file as it stands in a kept part."""
    known = {"id": str(artifact.pk), "mimeType": artifact.mime_type, "name": artifact.name}
    return {**known, "size": artifact.size_bytes}


def opened(key: UserApiKey) -> Key:
    return Key(str(key.pk), key.name, key.get_decrypted_key())


async def copies() -> list[GeminiFile]:
    return await in_database(lambda: list(GeminiFile.objects.order_by("id")))


async def test_a_small_file_travels_in_the_request(
    alice: User, work: UserApiKey, gemini: GeminiClient, emulator: Emulator
):
    file = await sent_by(alice, b"Bees have five eyes.")
    part = await OwnFiles(gemini, alice.pk).data(kept(file), opened(work), inline=True)
    data = base64.b64encode(b"Bees have five eyes.").decode()
    assert part == {"inlineData": {"mimeType": "text/plain", "data": data}}
    assert await emulator.requests_async() == []
    assert await copies() == []


async def test_a_large_file_is_brought_once_and_remembered_for_its_key(
    alice: User, work: UserApiKey, gemini: GeminiClient, emulator: Emulator
):
    file, key = await sent_by(alice, PDF, "contract.pdf"), opened(work)
    parts = [await OwnFiles(gemini, alice.pk).data(kept(file), key, inline=False) for _ in range(3)]
    [there] = emulator.files(key=key.secret)
    assert parts == 3 * [{"fileData": {"mimeType": "application/pdf", "fileUri": there["uri"]}}]
    assert int(there["sizeBytes"]) == len(PDF)
    assert there.get("displayName", "") == ""  # the name is nobody's business there
    [copy] = await copies()
    assert (copy.artifact_id, copy.key_id) == (file.pk, work.pk)
    assert (copy.uri, copy.name) == (there["uri"], there["name"])
    assert timedelta(hours=47) < copy.expires_at - timezone.now() < timedelta(hours=49)
    assert_secret_free(f"{copy.uri} {copy.name}", key.secret)


async def test_agents_that_want_a_file_at_once_share_one_upload(
    alice: User, work: UserApiKey, gemini: GeminiClient, emulator: Emulator
):
    file, files = await sent_by(alice, PDF, "contract.pdf"), OwnFiles(gemini, alice.pk)
    wanted = [files.data(kept(file), opened(work), inline=False) for _ in range(5)]
    parts = await asyncio.gather(*wanted)
    assert parts == 5 * [parts[0]]
    assert len(emulator.files()) == 1


async def test_another_key_brings_its_own_copy(
    alice: User, work: UserApiKey, gemini: GeminiClient, emulator: Emulator
):
    home = await in_database(
        lambda: make_key(owner=alice, name="home", secret=emulator.new_key(), selected=False)
    )
    file, files = await sent_by(alice, PDF, "contract.pdf"), OwnFiles(gemini, alice.pk)
    for key in (work, home, work):
        await files.data(kept(file), opened(key), inline=False)
    assert [copy.key_id for copy in await copies()] == [work.pk, home.pk]
    assert len(emulator.files()) == 2
    await files.forget(opened(work))
    assert [copy.key_id for copy in await copies()] == [home.pk]


async def test_a_copy_about_to_lapse_is_brought_anew(
    alice: User, work: UserApiKey, gemini: GeminiClient, emulator: Emulator
):
    file, files = await sent_by(alice, PDF, "contract.pdf"), OwnFiles(gemini, alice.pk)
    before = await files.data(kept(file), opened(work), inline=False)
    soon = timezone.now() + timedelta(minutes=59)
    await in_database(lambda: GeminiFile.objects.update(expires_at=soon))
    after = await files.data(kept(file), opened(work), inline=False)
    assert after != before
    [copy] = await copies()
    assert after == {"fileData": {"mimeType": "application/pdf", "fileUri": copy.uri}}


async def test_somebody_elses_file_is_none(
    alice: User, bob: User, work: UserApiKey, gemini: GeminiClient, emulator: Emulator
):
    file, theirs = await sent_by(alice, PDF, "contract.pdf"), OwnFiles(gemini, bob.pk)
    for inline in (True, False):
        assert await theirs.data(kept(file), opened(work), inline=inline) is None
    assert await emulator.requests_async() == []


@pytest.mark.parametrize("inline", [True, False])
async def test_a_file_that_was_deleted_is_none_though_it_was_there(
    alice: User, work: UserApiKey, gemini: GeminiClient, emulator: Emulator, inline: bool
):
    file, files = await sent_by(alice), OwnFiles(gemini, alice.pk)
    assert await files.data(kept(file), opened(work), inline=inline)
    await in_database(lambda: artifact_delete(owner_id=alice.pk, artifact_id=file.pk))
    assert await files.data(kept(file), opened(work), inline=inline) is None


@pytest.mark.parametrize(
    ("marker", "code"),
    [("quota", "quota"), ("blocked", "key_blocked"), ("invalid", "invalid_key")],
)
async def test_a_key_that_is_refused_while_bringing_says_so(
    alice: User, gemini: GeminiClient, emulator: Emulator, marker: str, code: str
):
    file, secret = await sent_by(alice, PDF, "contract.pdf"), emulator.new_key(marker)
    key = await in_database(lambda: make_key(owner=alice, secret=secret))
    with pytest.raises(GeminiError) as caught:
        await OwnFiles(gemini, alice.pk).data(kept(file), opened(key), inline=False)
    assert caught.value.code == code
    assert_secret_free(f"{caught.value!r} {caught.value.message}", secret)
    assert await copies() == []


async def test_the_smallest_files_travel_in_the_request_and_the_rest_does_not(
    alice: User, work: UserApiKey, emulator: Emulator, settings: Any
):
    settings.GEMINI_INLINE_MAX_BYTES = 30
    small, more = await sent_by(alice, b"x" * 10, "a.txt"), await sent_by(alice, b"y" * 20, "b.txt")
    large = await sent_by(alice, b"z" * 21, "c.txt")
    await answered(alice, question(attachments=(large.pk, small.pk, more.pk)))
    [request] = await asked_upstream(emulator)
    parts = request["body"]["contents"][-1]["parts"]
    assert [next(iter(part)) for part in parts] == ["fileData", "inlineData", "inlineData", "text"]
    assert len(emulator.files()) == 1


@pytest.mark.usefixtures("through_files_api")
async def test_one_upload_serves_a_whole_conversation(
    alice: User, work: UserApiKey, emulator: Emulator
):
    file = await sent_by(alice, PDF, "contract.pdf")
    first = question("What is this?", attachments=(file.pk,))
    await answered(alice, first)
    for _ in range(2):
        await answered(alice, question("And?", thread_id=first.thread_id))
    [there] = emulator.files()
    requests = await asked_upstream(emulator)
    assert [str(request["body"]).count(there["uri"]) for request in requests] == [1, 1, 1]


@pytest.mark.usefixtures("through_files_api")
async def test_a_copy_that_lapsed_is_brought_anew_with_one_retry_that_nobody_sees(
    alice: User, work: UserApiKey, emulator: Emulator
):
    file = await sent_by(alice, PDF, "contract.pdf")
    first = question("What is this?", attachments=(file.pk,))
    await answered(alice, first)
    emulator.expire_files()
    again = question("And now?", thread_id=first.thread_id)
    events = await answered(alice, again)
    assert events[-1]["type"] == "RUN_FINISHED"
    assert not [event for event in events if event["type"] == "ACTIVITY_SNAPSHOT"]
    statuses = [request["status"] for request in await asked_upstream(emulator)]
    assert statuses == [200, 403, 200]
    assert [call.outcome for call in await calls_of(again.run_id)] == ["file_gone", "ok"]
    assert [there["expired"] for there in emulator.files()] == [True, False]
    [copy] = await copies()
    assert copy.uri == emulator.files()[-1]["uri"]


@pytest.mark.usefixtures("through_files_api")
async def test_a_file_that_google_loses_twice_ends_the_run_in_words(
    alice: User, work: UserApiKey, emulator: Emulator
):
    emulator.script({"status": 403, "body": GONE}, {"status": 403, "body": GONE})
    file = await sent_by(alice, PDF, "contract.pdf")
    events = await answered(alice, question(attachments=(file.pk,)))
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "file_gone")
    assert "not at Google any more" in events[-1]["message"]
    assert len(await asked_upstream(emulator)) == 2


async def test_a_file_deleted_since_is_mentioned_by_name(
    alice: User, work: UserApiKey, emulator: Emulator
):
    file = await sent_by(alice, b"Bees have five eyes.", "bees.txt")
    first = question("What is this?", attachments=(file.pk,))
    await answered(alice, first)
    await in_database(lambda: artifact_delete(owner_id=alice.pk, artifact_id=file.pk))
    events = await answered(alice, question("And?", thread_id=first.thread_id))
    assert events[-1]["type"] == "RUN_FINISHED"
    before, after = await asked_upstream(emulator)
    assert "inlineData" in before["body"]["contents"][0]["parts"][0]
    assert after["body"]["contents"][0]["parts"][0] == {"text": "[File: bees.txt, text/plain]"}


@pytest.mark.usefixtures("through_files_api")
async def test_an_upload_that_the_key_cannot_pay_is_the_runs_error_in_words(
    alice: User, emulator: Emulator
):
    secret = emulator.new_key("quota")
    await in_database(lambda: make_key(owner=alice, secret=secret))
    file = await sent_by(alice, PDF, "contract.pdf")
    asked = question(attachments=(file.pk,))
    events = await answered(alice, asked)
    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "quota")
    assert "quota at Google is used up" in events[-1]["message"]
    assert_secret_free(str(events), secret)
    assert await asked_upstream(emulator) == await copies() == []


@pytest.mark.usefixtures("through_files_api")
async def test_the_next_key_brings_the_file_where_the_first_is_blocked(
    alice: User, emulator: Emulator
):
    def add_keys() -> tuple[UUID, str]:
        make_key(owner=alice, secret=emulator.new_key("blocked"))
        spare = make_key(owner=alice, name="spare", secret=emulator.new_key(), selected=False)
        preferences = {"fallback_keys": [str(spare.pk)]}
        UserProfile.objects.filter(pk=alice.pk).update(preferences=preferences)
        return spare.pk, spare.get_decrypted_key()

    spare_id, secret = await in_database(add_keys)
    file = await sent_by(alice, PDF, "contract.pdf")
    events = await answered(alice, question(attachments=(file.pk,)))
    assert events[-1]["type"] == "RUN_FINISHED"
    assert len(emulator.files(key=secret)) == len(emulator.files()) == 1
    assert [copy.key_id for copy in await copies()] == [spare_id]
