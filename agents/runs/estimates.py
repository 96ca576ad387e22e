"""What a request would cost: estimated here, or counted by Gemini if that is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.views.decorators.debug import sensitive_variables

from agents.core.context import RunContext
from agents.core.preview import Preview, preview
from agents.core.request import RunRequest
from agents.core.team import TEAM
from agents.runs import manager
from agents.runs.preparation import Permit, check_options, permit, run_context
from common.database import in_database
from common.errors import not_found
from conversations.access import attachments_for, thread_for
from conversations.branches import newest_run, parent_for
from conversations.files.attachments import file_ref, stored_address, stored_artifact
from conversations.history import history_for
from conversations.models import Thread
from gemini.client import GeminiClient
from gemini.errors import GeminiError
from gemini.failover import Keys
from gemini.instructions import Instructions
from gemini.keys import Key
from gemini.types import Content

COUNT_S = 15.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """``warn``: it is more than the user wants to send without a warning."""

    preview: Preview
    warn: bool
    warn_above_tokens: int | None


@sensitive_variables()
async def estimate(user_id: int, request: RunRequest, *, exact: bool) -> Estimate:
    """Estimate what a request would send first; ``exact`` has Gemini count it.

    Raises:
        AppError: as a run would be refused: no key, an unknown thread, run, model or file.
    """
    gemini = (await manager.current()).gemini
    granted, context = await in_database(_prepare, gemini, user_id, request)
    counter = gemini if exact else None
    try:
        try:
            previewed = await preview(granted.request, context, TEAM, counter)
        except GeminiError as error:
            if error.code != "file_gone" or context.keys.in_use is None:
                raise
            await context.files.forget(context.keys.in_use)  # as in a run: brought anew, once
            previewed = await preview(granted.request, context, TEAM, counter)
    except GeminiError as error:
        error.name_files([file["name"] for file in context.attachments])
        raise
    above = granted.choices.warn_above_tokens
    return Estimate(previewed, above is not None and previewed.input_tokens > above, above)


@sensitive_variables()
def _prepare(gemini: GeminiClient, user_id: int, request: RunRequest) -> tuple[Permit, RunContext]:
    """The same as for a run, but nothing is stored."""
    granted = permit(user_id, request)
    check_options(granted)
    key = granted.keys[0]
    thread = thread_for(user_id, request.thread_id) if request.continues else None
    own = request.instructions
    if own is None:
        own = thread.instructions if thread else ""
    attachments = [stored_artifact(row) for row in attachments_for(user_id, request.attachments)]
    attachments += map(stored_address, request.addresses)
    context = run_context(
        gemini,
        granted,
        keys=Keys(Key(str(key.id), key.name, key.secret)),
        instructions=Instructions(granted.choices.instructions, own),
        attachments=tuple(map(file_ref, attachments)),
        history=_history(thread, request),
        owner_id=user_id,
    )
    # Somebody waits for the count before sending: late, it is worth less than none.
    context.limits = replace(context.limits, first_byte_s=COUNT_S)
    return granted, context


def _history(thread: Thread | None, request: RunRequest) -> list[list[Content]]:
    if thread is None:
        if request.parent_run_id:
            raise not_found("run")
        return []
    newest, _ = newest_run(thread.pk)
    parent_id = parent_for(request, thread_id=thread.pk, newest=newest)
    return history_for(parent_id)
