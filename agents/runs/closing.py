"""Closing a run: the end of its log, its messages, its calls and the state of its keys, at once."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseFault

from agents.core.context import CallRecord
from agents.core.engine import Answer
from apikeys.health import key_report
from common.database import in_database
from common.database_errors import DatabaseUnavailable, classify
from conversations.log import Row
from conversations.models import Run
from conversations.run_end import run_close
from conversations.usage.ledger import ModelCallRow
from gemini import prices

logger = logging.getLogger(__name__)

CLOSE_WAIT_S = 120.0  # how long an answer that has ended waits for a database that is away
CLOSE_RETRY_S = 0.5


async def close_run(
    answer: Answer, rows: list[Row], *, run_id: UUID, owner_id: int, fence: int
) -> bool:
    """Close a run, waiting for a database that is away.

    Args:
        rows: the events that are not stored yet, up to the terminal one.

    Returns:
        False: it is not ours any more, or could not be stored. Whoever finds its lease run out
        ends it with the events that are stored.
    """
    record = answer.record
    error = record.error
    # Closing is one transaction (``run_close``). It writes the events that are not stored yet,
    # folds the log into messages, sets the status and frees the thread; and it comes before any
    # reader gets the terminal event. Whoever has that may send the next message at once, or load
    # the page, and must meet neither a thread that is busy nor a log without its end. If the
    # process dies before it, the run is ended as interrupted; if after it, the log has the end.
    #
    # It carries the run's fence. If that is not current somebody else has ended the run, and their
    # end counts: nothing is written then but the ledger, for what was used was used. So it can be
    # tried again without harm, also when only the answer of the database was lost.
    deadline = time.monotonic() + CLOSE_WAIT_S
    while True:
        try:
            return await in_database(
                _close,
                _key_reports(record.calls),
                run_id=run_id,
                fence=fence,
                events=rows,
                status=Run.Status.FAILED if error else Run.Status.FINISHED,
                outcome=record.outcome,
                error_code=error.code if error else "",
                error_message=error.message if error else "",
                usage=record.usage(),
                contents=answer.contents(),
                calls=[call_row(call, owner_id=owner_id, run_id=run_id) for call in record.calls],
                refused=record.refused,
            )
        # Not tried again: what the database refuses once, it refuses always. The lease runs out,
        # and the run ends as interrupted, with the events that were stored before.
        except DatabaseFault:
            logger.exception("Run %s cannot be closed", run_id)
            return False
        except DatabaseUnavailable:
            if time.monotonic() > deadline:
                logger.error("Run %s is given up: no database to store it", run_id)
                return False
            await asyncio.sleep(CLOSE_RETRY_S)


def call_row(call: CallRecord, *, owner_id: int, run_id: UUID) -> ModelCallRow:
    """The ledger's row of one call to Gemini."""
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


def _close(key_reports: list[dict[str, Any]], **closing: Any) -> bool:
    """Close the run, and store what it learned about its keys."""
    if not run_close(**closing):
        return False
    # Here, and not once readers have the end: a message that is sent then is answered with the key
    # that works, or refused, by this very state. It is not worth the answer, so it may fail.
    for report in key_reports:
        try:
            key_report(**report)
        except DatabaseFault as fault:
            if not classify(fault):
                logger.exception("A key's status was not stored")
    return True


def _key_reports(calls: list[CallRecord]) -> list[dict[str, Any]]:
    """The state of each key by its calls; one that worked outweighs one that did not."""
    telling: dict[str, CallRecord] = {}
    for call in calls:
        # Agents share a key, and a retry may have helped: a key that has answered once in this run
        # is no bad key, and marking it would keep it from the next one. What was stopped says
        # nothing.
        earlier = telling.get(call.key_id)
        if earlier is None or earlier.outcome == "cancelled" or call.outcome == "ok":
            telling[call.key_id] = call
    return [
        {
            "key_id": UUID(key_id),
            "code": None if call.outcome in ("ok", "cancelled") else call.outcome,
            "retry_after_s": call.retry_after_s,
            "model": call.model,
            "message": call.message,
        }
        for key_id, call in telling.items()
    ]
