"""What lies elsewhere, from the message that names it to the turns after it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from agents.protocol.run_input import build_request, request_from
from agents.runs.estimates import estimate
from apikeys.models import UserApiKey
from common.database import in_database
from common.errors import AppError
from conversations.models import Artifact, Message
from emulator.testing import Emulator
from gemini.addresses import address_from
from tests.agents.asking import answered, asked_upstream, question, refused
from tests.agents.conftest import in_this_process
from tests.people import client_for, new_secret

pytestmark = in_this_process

VIDEO = "https://www.youtube.com/watch?v=lCdaVNyHtjU"
PDF = "https://example.com/bees.pdf"
WATCHED = {
    "fileData": {"fileUri": VIDEO, "mimeType": "video/mp4"},
    "videoMetadata": {"startOffset": "90s"},
}


def part(value: str, kind: str = "document", metadata: Any = None, **more: Any) -> dict[str, Any]:
    source = {"type": "url", "value": value, **more}
    return {"type": kind, "source": source} | ({"metadata": metadata} if metadata else {})


def sent(*parts: dict[str, Any]) -> dict[str, Any]:
    content = [*parts, {"type": "text", "text": "What is it?"}]
    message = {"id": str(uuid4()), "role": "user", "content": content}
    return {"threadId": str(uuid4()), "runId": str(uuid4()), "messages": [message]}


async def files_of_each(emulator: Emulator) -> list[list[dict[str, Any]]]:
    """The parts with files of each request, over all its contents."""
    bodies = [request["body"] for request in await asked_upstream(emulator)]
    return [
        [part for content in body["contents"] for part in content["parts"] if "fileData" in part]
        for body in bodies
    ]


def test_a_message_names_addresses_and_files_of_this_server_side_by_side():
    file_id = uuid4()
    found = request_from(
        sent(
            part(f"/api/files/{file_id}/"),
            part("https://youtu.be/lCdaVNyHtjU?t=90", "video"),
            part("https://youtu.be/lCdaVNyHtjU", "video", {"startOffset": 90}),
            part(PDF),
            part("https://example.com/get?7", "image", mimeType="image/png"),
        )
    )
    assert found.attachments == (file_id,)
    assert [(a.url, a.start_s, a.mime_type) for a in found.addresses] == [
        (VIDEO, 90, "video/mp4"),
        (PDF, None, "application/pdf"),
        ("https://example.com/get?7", None, "image/png"),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        part("https://127.0.0.1/a.pdf"),
        part("https://user@example.com/a.pdf"),
        part("https://example.com/a.exe"),
        part("http://example.com/a.pdf"),
        part(VIDEO, "video", {"startOffset": "90"}),
        part(VIDEO, "video", {"startOffset": True}),
        part(VIDEO, "video", {"endOffset": 1.5}),
        part(VIDEO, "video", {"startOffset": 9, "endOffset": 3}),
    ],
)
def test_what_google_would_not_fetch_is_refused_before_anything_begins(bad: dict[str, Any]):
    with pytest.raises(AppError) as caught:
        request_from(sent(bad))
    assert caught.value.code == "invalid_input"


async def test_a_video_is_watched_by_google_now_and_in_the_turns_after(
    alice: User, work: UserApiKey, emulator: Emulator
):
    watched = address_from("https://youtu.be/lCdaVNyHtjU?t=90")
    first = question("What is it?", addresses=(watched,))
    events = await answered(alice, first)
    text = "".join(e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT")
    assert f"`video/mp4` at {VIDEO}, from second 90" in text
    usage = events[-1]["usage"][0]
    assert usage["inputTokens"] > 60 * 32
    await answered(alice, question("And then?", thread_id=first.thread_id))
    assert await files_of_each(emulator) == [[WATCHED], [WATCHED]]
    assert await in_database(Artifact.objects.count) == 0

    def kept() -> list[dict[str, Any]]:
        client, path = client_for(alice), f"/api/threads/{first.thread_id}/"
        [said] = client.get(f"{path}messages/").json()["messages"][0]["attachments"]
        exported = client.get(f"{path}export/").json()["messages"][0]["attachments"]
        markdown = client.get(f"{path}export/", {"as": "markdown"}).content.decode()
        assert "youtube" in markdown
        assert "from 90 s" in markdown
        return [said, exported[0]]

    for file in await in_database(kept):
        assert (file["address"], file["start_s"]) == (VIDEO, 90)
        assert file["name"] == "YouTube video lCdaVNyHtjU"


async def test_what_google_cannot_use_does_not_go_back(
    alice: User, work: UserApiKey, emulator: Emulator
):
    paper = address_from("https://example.com/unreachable/bees.pdf")
    first = question("What is it?", addresses=(paper,))
    events = await answered(alice, first)
    assert events[-1]["code"] == "file_refused"
    assert events[-1]["message"].startswith("Google cannot fetch “bees.pdf”.")
    again = await answered(alice, question("And then?", thread_id=first.thread_id))
    assert again[-1]["type"] == "RUN_FINISHED"
    assert [len(parts) for parts in await files_of_each(emulator)] == [1, 0]
    message = await in_database(Message.objects.filter(run_id=first.run_id).first)
    assert message.attachments[0]["refused"] == events[-1]["message"]


async def test_a_key_in_an_address_is_refused(alice: User, work: UserApiKey, emulator: Emulator):
    leaking = address_from(f"https://example.com/a.pdf?key={new_secret()}")
    assert (await refused(alice, question(addresses=(leaking,)))).code == "looks_like_key"


async def test_an_estimate_counts_them_and_tells_google_nothing(
    alice: User, work: UserApiKey, emulator: Emulator
):
    watched = address_from(VIDEO, "", 0, 60)
    found = await estimate(alice.pk, build_request(text="What?", addresses=[watched]), exact=False)
    assert found.preview.input_tokens > 60 * 250
    assert await emulator.requests_async() == []


def test_an_estimate_is_asked_for_by_address(alice: User):
    client = client_for(alice)
    for address, status in ((VIDEO, "no_key"), ("https://127.0.0.1/a.pdf", "invalid")):
        body = {"text": "What?", "addresses": [{"address": address, "start_s": 5}]}
        assert client.post("/api/estimate/", body, format="json").json()["code"] == status
