"""What a question would cost to ask: estimated here, or counted by Gemini if that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.views.decorators.debug import sensitive_variables

from accounts.selectors import Choices, choices_of
from agents.core.keys import Keys
from agents.core.preview import Preview, preview
from agents.core.team import TEAM
from agents.core.turn import Attachment, Record, Turn
from agents.runs import manager
from agents.runs.files import OwnFiles, attachments_of
from agents.runs.media_options import check_media
from agents.runs.preparation import coordinator_model, limits, model_for
from apikeys.selectors import check_model, run_keys
from common.database import in_database
from common.errors import AppError, not_found
from conversations.access import attachments_for, thread_for
from conversations.branches import After, newest_run, parent_for
from conversations.files.attachments import snapshot_of_address, snapshots_of
from conversations.history import history_for
from conversations.models import Thread
from gemini.addresses import Address
from gemini.client import GeminiClient
from gemini.errors import GeminiError
from gemini.instructions import Instructions
from gemini.keys import Key
from gemini.media_options import PictureOptions, SpeechOptions
from gemini.outputs import Exchange

COUNT_S = 15.0
NOBODY = "00000000-0000-0000-0000-000000000000"  # the run this is not


@dataclass(frozen=True, slots=True)
class Question:
    """What may be asked. What is None is as it would be for a run."""

    text: str
    thread_id: UUID | None = None
    parent_run_id: UUID | None = None
    at_start: bool = False
    attachments: Sequence[UUID] = ()
    addresses: Sequence[Address] = ()
    agent: str = "auto"
    output: str | None = None
    model: str | None = None
    key_id: UUID | None = None
    tools: tuple[str, ...] | None = None
    instructions: str | None = None
    picture: PictureOptions = field(default_factory=PictureOptions)
    speech: SpeechOptions = field(default_factory=SpeechOptions)


@dataclass(frozen=True, slots=True)
class Estimate:
    """``warn``: it is more than the user wants to ask without being told."""

    preview: Preview
    warn: bool
    warn_above_tokens: int | None


@sensitive_variables()
async def estimate(user_id: int, question: Question, *, exact: bool) -> Estimate:
    """Estimate a question; ``exact`` sends it to Gemini to be counted.

    Raises:
        AppError: as a run would be refused: no key, an unknown thread, run, model or file.
    """
    here = await manager.current()
    turn, choices = await in_database(_turn, user_id, question)
    try:
        found = await _previewed(turn, OwnFiles(here.gemini, user_id), here.gemini, exact=exact)
    except GeminiError as error:
        error.naming([file.name for file in turn.attachments])
        ours = ("no_video", "bad_request", "file_refused", "too_large")
        status = 429 if error.code == "quota" else 400 if error.code in ours else 502
        raise AppError(
            error.code, error.message, status=status, retry_after_s=error.retry_after_s
        ) from None
    above = choices.warn_above_tokens
    return Estimate(found, above is not None and found.input_tokens > above, above)


async def _previewed(turn: Turn, files: OwnFiles, gemini: GeminiClient, *, exact: bool) -> Preview:
    record = Record(turn.limits, Keys(*turn.keys), files=files)
    counter = gemini if exact else None
    try:
        return await preview(turn, record, TEAM, counter)
    except GeminiError as error:
        if error.code != "file_gone":
            raise
        await files.forget(turn.keys[0])  # as in a run: they are brought anew, once
        return await preview(turn, record, TEAM, counter)


@sensitive_variables()
def _turn(user_id: int, question: Question) -> tuple[Turn, Choices]:
    choices = choices_of(user_id)
    keys = run_keys(user_id, question.key_id, choices)
    model = model_for(question.model, choices, keys[0].models)
    check_model(keys[0], model)
    check_media(keys[0].models, question.picture, question.speech)
    thread = thread_for(user_id, question.thread_id) if question.thread_id else None
    own = question.instructions
    if own is None:
        own = thread.instructions if thread else ""
    turn = Turn(
        thread_id=NOBODY,
        run_id=NOBODY,
        prompt=question.text,
        model=model,
        coordinator_model=coordinator_model(keys[0]),
        keys=(Key(str(keys[0].id), keys[0].name, keys[0].secret),),
        agent=question.agent,
        output=question.output or "",
        attachments=_attachments(user_id, question),
        history=_history(thread, question),
        tools=choices.tools if question.tools is None else question.tools,
        thinking=choices.thinking,
        instructions=Instructions(choices.instructions, own),
        voice=choices.voice,
        picture=question.picture,
        speech=question.speech,
        limits=replace(limits(), first_byte_s=COUNT_S),
        models=keys[0].models,
    )
    return turn, choices


def _attachments(user_id: int, question: Question) -> tuple[Attachment, ...]:
    files = snapshots_of(attachments_for(user_id, question.attachments))
    return attachments_of([*files, *map(snapshot_of_address, question.addresses)])


def _history(thread: Thread | None, question: Question) -> tuple[Exchange, ...]:
    parent = question.parent_run_id
    if thread is None:
        if parent:
            raise not_found("run")
        return ()
    if question.at_start:
        return ()
    after = After.run(parent) if parent else After.NEWEST
    newest, _ = newest_run(thread.pk)
    parent_id = parent_for(after, thread_id=thread.pk, newest=newest)
    return tuple(tuple(contents) for contents in history_for(parent_id))
