"""Instructions of the user's own, from where they are stored to what Google is sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from accounts.models import UserProfile
from agents.core.request import RunRequest
from agents.protocol.run_input import build_request, request_from
from agents.runs.estimates import estimate
from apikeys.models import UserApiKey
from common.database import in_database
from common.errors import AppError
from conversations.models import Thread
from conversations.threads import thread_instruct
from emulator.testing import Emulator
from gemini.instructions import MAX_CHARS
from tests.agents.asking import answered, asked_upstream, choose, question, refused, run_of
from tests.agents.conftest import in_this_process
from tests.people import client_for

pytestmark = in_this_process

KEY_LIKE = "AIza" + "x" * 35


async def systems(emulator: Emulator) -> list[str]:
    bodies = [request["body"] for request in await asked_upstream(emulator)]
    return [body["systemInstruction"]["parts"][0]["text"] for body in bodies]


async def instruct(user: User, thread_id: UUID, text: str) -> None:
    await in_database(
        lambda: thread_instruct(owner_id=user.pk, thread_id=thread_id, instructions=text)
    )


def text_of(events: list[dict[str, Any]]) -> str:
    return "".join(e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT")


async def test_those_of_the_conversation_go_before_those_of_the_profile(
    alice: User, work: UserApiKey, emulator: Emulator
):
    await choose(alice, instructions='Begin every answer with "Ahoy." and end it with "Over."')
    first = question()
    assert text_of(await answered(alice, first)).startswith("Ahoy.\n\n")
    await instruct(alice, first.thread_id, 'Begin every answer with "Moin."')
    text = text_of(await answered(alice, question(thread_id=first.thread_id)))
    assert (text.startswith("Moin.\n\n"), text.endswith("\n\nOver.")) == (True, True)


async def test_a_run_keeps_those_it_was_answered_by(
    alice: User, work: UserApiKey, emulator: Emulator
):
    await choose(alice, instructions="Be brief.")
    asked = question(instructions="Answer in rhymes.")
    await answered(alice, asked)
    await choose(alice, instructions="Be long.")
    await instruct(alice, asked.thread_id, "")
    run = await run_of(asked.run_id)
    assert run.instructions == {"profile": "Be brief.", "conversation": "Answer in rhymes."}
    await answered(alice, question(thread_id=asked.thread_id))
    assert "rhymes" in (await systems(emulator))[0]
    assert "Be long." in (await systems(emulator))[1]
    assert "rhymes" not in (await systems(emulator))[1]

    def detail() -> dict[str, Any]:
        answer: dict[str, Any] = client_for(alice).get(f"/api/runs/{run.pk}/").json()
        return answer

    assert (await in_database(detail))["instructions"] == run.instructions


async def test_a_question_can_bring_them_and_they_stay_with_its_conversation(
    alice: User, work: UserApiKey, emulator: Emulator
):
    asked = question(instructions="Answer in rhymes.")
    await answered(alice, asked)
    await answered(alice, question(thread_id=asked.thread_id))
    assert all("rhymes" in system for system in await systems(emulator))
    await answered(alice, question(thread_id=asked.thread_id, instructions=""))
    assert "rhymes" not in (await systems(emulator))[-1]


async def test_a_question_that_brings_a_key_in_them_is_refused(
    alice: User, work: UserApiKey, emulator: Emulator
):
    error = await refused(alice, question(instructions=KEY_LIKE, allow_key=True))
    assert (error.code, set(error.fields or ())) == ("looks_like_key", {"instructions"})


def test_what_is_too_long_is_refused_by_name():
    message = {"id": "m1", "role": "user", "content": "Hello"}
    ids = {"threadId": str(UUID(int=1)), "runId": str(UUID(int=2)), "messages": [message]}

    def given(text: str) -> RunRequest:
        return request_from({**ids, "forwardedProps": {"instructions": text}})

    assert given("x" * MAX_CHARS).instructions == "x" * MAX_CHARS
    with pytest.raises(AppError, match=r"forwardedProps\.instructions is too long"):
        given("x" * (MAX_CHARS + 1))


async def test_an_estimate_counts_them(alice: User, work: UserApiKey, emulator: Emulator):
    asked = question()
    await answered(alice, asked)

    async def tokens(**more: Any) -> int:
        wanted = build_request(
            text="Hello", thread_id=asked.thread_id, continues=True, agent="direct", **more
        )
        return (await estimate(alice.pk, wanted, exact=False)).preview.input_tokens

    without = await tokens()
    assert await tokens(instructions="x" * 4000) - without >= 1000
    await instruct(alice, asked.thread_id, "x" * 4000)
    assert await tokens() - without >= 1000
    assert await tokens(instructions="") == without
    await choose(alice, instructions="x" * 4000)
    assert await tokens(instructions="") - without >= 1000


def test_they_are_kept_shown_and_exported(alice: User):
    client = client_for(alice)
    client.patch("/api/me/", {"instructions": "  Be brief.\n\nAlways. "}, format="json")
    assert client.get("/api/me/").json()["instructions"] == "Be brief.\n\nAlways."
    path = f"/api/threads/{client.post('/api/threads/', {}, format='json').json()['id']}/"
    client.patch(path, {"title": "Bees"}, format="json")
    kept = client.patch(path, {"instructions": "```\nIn rhymes"}, format="json")
    assert (kept.status_code, kept.json()["title"]) == (200, "Bees")
    assert client.get(f"{path}messages/").json()["thread"] == kept.json() == client.get(path).json()
    assert client.get(f"{path}export/").json()["instructions"] == "```\nIn rhymes"
    markdown = client.get(f"{path}export/", {"as": "markdown"}).content.decode()
    assert "# Bees\n\n## Instructions\n\n```\nIn rhymes\n```\n" in markdown
    assert "instructions" not in client.get("/api/threads/").json()["results"][0]


def test_a_key_in_them_or_too_much_is_refused_and_changes_nothing(alice: User, bob: User):
    client = client_for(alice)
    thread = f"/api/threads/{client.post('/api/threads/', {}, format='json').json()['id']}/"
    for path in ("/api/me/", thread):
        for text in (f"Use {KEY_LIKE}", "x" * (MAX_CHARS + 1)):
            answer = client.patch(path, {"instructions": text}, format="json")
            assert answer.status_code == 400
            assert set(answer.json()["fields"]) == {"instructions"}
            assert KEY_LIKE not in answer.content.decode()
        assert client.get(path).json()["instructions"] == ""
    stranger = client_for(bob)
    assert stranger.patch(thread, {"instructions": "Mine"}, format="json").status_code == 404
    assert Thread.objects.get().instructions == ""
    assert "instructions" not in UserProfile.objects.get(user=alice).preferences
