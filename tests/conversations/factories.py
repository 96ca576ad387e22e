"""Plain functions that make what a conversation test starts from."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

from agents.core.request import RunRequest
from apikeys.models import UserApiKey
from conversations import log, run_end, run_start
from conversations.files.artifacts import artifact_create
from conversations.models import Run
from conversations.usage import ledger
from tests.people import make_key

LEASE_S = 15.0


def any_key(owner) -> UserApiKey:
    return make_key(owner=owner, name=f"key {uuid4().hex[:6]}", selected=False)


def open_run(
    owner,
    text="Hello?",
    key=None,
    *,
    key_id=None,
    lease_owner="process-1",
    lease_s=LEASE_S,
    profile_instructions="",
    **changes,
) -> run_start.OpenedRun:
    """A run of a request with these ``changes``, stored."""
    return run_start.run_open(
        owner_id=owner.pk,
        request=RunRequest(**{"text": text, "model": "gemini-3-flash", **changes}),
        key_id=key_id or (key or any_key(owner)).pk,
        lease_owner=lease_owner,
        lease_s=lease_s,
        profile_instructions=profile_instructions,
    )


def rows_of(events, first=1) -> list[log.Row]:
    return [(seq, event["type"], json.dumps(event)) for seq, event in enumerate(events, first)]


def append(run: run_start.OpenedRun, events, first=1, fence=None) -> set[UUID]:
    batch = log.EventBatch(run.run_id, fence or run.fence, rows_of(events, first))
    return log.events_append(batches=[batch])


def close_run(run: run_start.OpenedRun, events, first=1, **changes) -> bool:
    ending = {
        "run_id": run.run_id,
        "fence": run.fence,
        "events": rows_of(events, first),
        "status": "finished",
        "outcome": "success",
        "usage": [],
        "contents": [],
        "calls": [],
    }
    return run_end.run_close(**{**ending, **changes})


def ledger_row(owner, run, key=None, **fields) -> ledger.ModelCallRow:
    """A call of a run that has ended, made with the run's key if no other is named."""
    row: dict[str, Any] = {
        "agent": "coordinator",
        "model": "gemini-x",
        "outcome": "ok",
        "key_name": "work",
    }
    row["key_id"] = key.pk if key else Run.objects.get(pk=run.run_id).key_id
    return ledger.ModelCallRow(**{"owner_id": owner.pk, "run_id": run.run_id, **row, **fields})


def answered_run(owner, text="Hello?", answer="Hi.", **changes) -> run_start.OpenedRun:
    """A run that was opened, answered and closed."""
    run = open_run(owner, text, **changes)
    contents = [{"role": "model", "parts": [{"text": answer}]}]
    assert close_run(run, plain_answer(run, answer), contents=contents)
    return run


def started(run: run_start.OpenedRun) -> dict:
    ids = {"threadId": str(run.thread_id), "runId": str(run.run_id)}
    return {"type": "RUN_STARTED", **ids, "protocolVersion": "1.0"}


def finished(run: run_start.OpenedRun, outcome="success") -> dict:
    ids = {"threadId": str(run.thread_id), "runId": str(run.run_id)}
    return {"type": "RUN_FINISHED", **ids, "outcome": {"type": outcome}}


def plain_answer(run: run_start.OpenedRun, *deltas: str) -> list[dict]:
    message = {"messageId": str(uuid4())}
    return [
        started(run),
        {"type": "TEXT_MESSAGE_START", **message, "role": "assistant"},
        *({"type": "TEXT_MESSAGE_CONTENT", **message, "delta": delta} for delta in deltas),
        {"type": "TEXT_MESSAGE_END", **message},
        finished(run),
    ]


def make_artifact(
    owner, data=b"\x89PNG...", mime_type="image/png", name="bee.png", run=None, **fields
):
    run = run or answered_run(owner)
    return artifact_create(
        owner_id=owner.pk,
        thread_id=run.thread_id,
        run_id=run.run_id,
        data=data,
        mime_type=mime_type,
        name=name,
        **fields,
    )
