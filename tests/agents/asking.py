"""Questions to the run engine in this process, and what comes of them."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User

from accounts.models import UserProfile
from accounts.rights import SignIn
from agents.core.request import RunRequest
from agents.protocol.run_input import build_request
from agents.runs import service
from common.database import in_database
from common.errors import AppError
from conversations.models import Artifact, Message, ModelCall, Run, Thread
from emulator.testing import Emulator
from tests.agui_rules import assert_valid_stream
from tests.conversations.samples import uploaded

Event = dict[str, Any]


def question(text: str = "Hello", **changes: Any) -> RunRequest:
    """A question that one call answers, on a thread of its own."""
    asked: dict[str, Any] = {
        "thread_id": uuid4(),
        "run_id": uuid4(),
        "message_id": uuid4(),
        "text": text,
        "continues": "thread_id" in changes,
        "agent": "direct",
    }
    return build_request(**asked | changes)


async def answered(user: User, asked: RunRequest) -> list[Event]:
    """The events of the answer, which keep every rule."""
    started = await service.start(SignIn(user.pk), asked)
    events: list[Event] = []
    async with asyncio.timeout(20):
        async for rows in await service.follow(user.pk, started.run_id):
            events += [json.loads(data) for _, data in rows]
    assert_valid_stream(events)
    return events


async def refused(user: User, asked: RunRequest) -> AppError:
    """The refusal of a question, of which nothing may be left."""
    before = await in_database(_rows, asked)
    with pytest.raises(AppError) as caught:
        await service.start(SignIn(user.pk), asked)
    assert await in_database(_rows, asked) == before
    return caught.value


async def choose(user: User, **preferences: Any) -> None:
    """Set up the profile; ``ai_model`` too, past the check of what is on offer."""
    model = preferences.pop("ai_model", "")

    def update() -> None:
        profile = UserProfile.objects.get(pk=user.pk)
        profile.preferences |= preferences
        profile.ai_model = model or profile.ai_model
        profile.save()

    await in_database(update)


async def sent_by(user: User, data: bytes = b"hello", name: str = "notes.txt") -> Artifact:
    """A file that the user uploaded."""
    return await in_database(uploaded, user, data, name)


async def run_of(run_id: UUID) -> Run:
    return await in_database(Run.objects.get, pk=run_id)


async def calls_of(run_id: UUID) -> list[ModelCall]:
    return await in_database(lambda: list(ModelCall.objects.filter(run_id=run_id).order_by("id")))


async def asked_upstream(emulator: Emulator) -> list[dict[str, Any]]:
    """The answers that were asked of Google, in order, with their bodies."""
    requests = await emulator.requests_async()
    return [request for request in requests if "generateContent" in request["path"]
            or "GenerateContent" in request["path"]]  # fmt: skip


def of_kind(events: list[Event], activity: str) -> list[dict[str, Any]]:
    """The contents of the activities of this kind."""
    return [event["content"] for event in events if event.get("activityType") == activity]


def _rows(asked: RunRequest) -> list[int]:
    """How much there is; of calls those of this run, as another one may be under way."""
    rows = [table.objects.count() for table in (Thread, Run, Message)]
    rows.append(ModelCall.objects.filter(run_id=asked.run_id).count())
    return [*rows, Artifact.objects.exclude(thread=None).count()]
