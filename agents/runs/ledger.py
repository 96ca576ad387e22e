"""The line of the ledger for one call to Gemini."""

from __future__ import annotations

from uuid import UUID

from agents.core.context import CallRecord
from conversations.usage.ledger import ModelCallRow
from gemini import prices


def ledger_row(call: CallRecord, *, owner_id: int, run_id: UUID) -> ModelCallRow:
    key = call.key
    return ModelCallRow(
        call_id=call.id,
        owner_id=owner_id,
        run_id=run_id,
        key_id=UUID(key.id) if key else None,
        key_name=key.name if key else "",
        agent=call.agent,
        model=call.model,
        outcome=call.outcome,
        duration_ms=call.duration_ms,
        first_token_ms=call.first_ms,
        input_tokens=call.usage.input,
        output_tokens=call.usage.output,
        thought_tokens=call.usage.thought,
        cached_tokens=call.usage.cached,
        tool_tokens=call.usage.tool,
        image_tokens=call.usage.image,
        price_usd=prices.price_of(call),
        created_at=call.started_at,
    )
