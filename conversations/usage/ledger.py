"""Writing the ledger of model calls, for budgets and usage.

It needs no lease: what a call used is a fact, whoever ends the run meanwhile. Only the process
that makes a call writes its row, each time all that is known by then; so writing one again is
always safe, also after its run was ended in another's place.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth import get_user_model
from django.db import models
from django.utils import timezone

from conversations.models import ModelCall, Run

UPDATED_FIELDS = (  # all that changes while a call goes on
    "input_tokens",
    "output_tokens",
    "thought_tokens",
    "cached_tokens",
    "tool_tokens",
    "image_tokens",
    "duration_ms",
    "first_token_ms",
    "outcome",
    "price_usd",
)


@dataclass(frozen=True, slots=True)
class ModelCallRow:
    """One call to Gemini, as far as it has got; ``outcome`` is empty until it has ended."""

    owner_id: int
    run_id: UUID
    key_id: UUID | None
    key_name: str
    agent: str
    model: str
    outcome: str
    duration_ms: int = 0
    first_token_ms: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    thought_tokens: int = 0
    cached_tokens: int = 0
    tool_tokens: int = 0
    image_tokens: int = 0
    price_usd: Decimal | None = None
    call_id: UUID = field(default_factory=uuid4)
    created_at: datetime = field(default_factory=timezone.now)


def calls_write(calls: Sequence[ModelCallRow]) -> None:
    """Write rows of the ledger, new or again; call it inside a transaction.

    What a call belongs to may be gone by now. The row stays without it, but not without its owner:
    deleting a conversation gives no budget back.

    Args:
        calls: each with all that is known of it by now.
    """
    if not calls:
        return
    # One row that refers to something gone would fail the foreign keys of all, so the references
    # are looked up first. What is deleted right after that still fails the commit, and the caller
    # writes again.
    owners = _existing(get_user_model(), {call.owner_id for call in calls})
    runs = _existing(Run, {call.run_id for call in calls})
    keys = _existing(
        ModelCall._meta.get_field("key").related_model, {call.key_id for call in calls}
    )
    rows = []
    for call in calls:
        row = ModelCall(**asdict(call))
        row.run_id = call.run_id if call.run_id in runs else None
        row.key_id = call.key_id if call.key_id in keys else None
        row.key_name = call.key_name[:100]
        if call.owner_id in owners:
            rows.append(row)
    # An upsert by the call's own id: the row comes again every two seconds, at the end, and when
    # the answer to a commit was lost. ``run``, ``key`` and ``created_at`` keep what was written
    # first.
    ModelCall.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["call_id"], update_fields=UPDATED_FIELDS
    )


def calls_interrupt(run_id: UUID) -> None:
    """Mark the calls of a dead process's run as interrupted; what they used by then stays."""
    # Only what has no outcome: a process that lives on may have written the end of a call before
    # its run was taken from it.
    ModelCall.objects.filter(run_id=run_id, outcome="").update(outcome="interrupted")


def _existing(model: type[models.Model], ids: Collection[Any]) -> set[Any]:
    return set(model._default_manager.filter(pk__in=ids - {None}).values_list("pk", flat=True))  # type: ignore[operator]
