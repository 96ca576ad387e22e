"""What is read from conversations, for a person, a page or the next answer."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db.models import Max

from conversations.compaction import AguiEvent
from conversations.models import Event, Message


def history_for(thread_id: UUID) -> list[list[dict[str, Any]]]:
    """What Gemini is told was said before: one list of contents per earlier run, in order.

    A run that failed or was stopped before the model said anything still counts: the person did
    say it and may refer to it ("try that again"), and Gemini accepts two user contents in a row.
    """
    said = Message.objects.filter(thread_id=thread_id, role=Message.Role.USER).order_by("position")
    return [
        [{"role": "user", "parts": [{"text": text}]}, *contents]
        for text, contents in said.values_list("text", "run__contents")
    ]


def last_position(thread_id: UUID) -> int:
    found = Message.objects.filter(thread_id=thread_id).aggregate(last=Max("position"))
    return found["last"] or 0


def log_of(run_id: UUID) -> list[AguiEvent]:
    """The stored events of a run, in order."""
    rows = Event.objects.filter(run_id=run_id).order_by("seq").values_list("data", flat=True)
    return [json.loads(data) for data in rows]
