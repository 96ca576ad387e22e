"""From a question to the answer's work order: the one place where rows become a ``Turn``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.rights import SignIn, sign_in_check
from accounts.selectors import Choices, choices_of
from agents.core.engine import Answer, generate_streaming_response
from agents.core.turn import Limits, Save
from agents.protocol.run_input import RunInput
from agents.runs import manager
from agents.runs.budgets import LedgerBudget, check_budget
from agents.runs.files import OwnFiles, attachments_of, refused
from agents.runs.media_options import check_media, refuse_keys_in_speech
from agents.runs.task import RunIds
from apikeys.selectors import RunKey, check_model, run_keys
from common.database import in_database, with_files, with_files_patiently
from common.errors import AppError
from common.keylike import IN_A_MESSAGE, refuse_key
from common.text import sanitize_text
from common.throttle import SlidingWindow, throttled
from conversations.files.artifacts import artifact_create, artifact_delete, artifact_keep
from conversations.files.decoding.pool import decode_async
from conversations.files.formats.pictures import picture_size
from conversations.files.formats.reading import read_file
from conversations.files.mediatypes import PICTURES
from conversations.models import Run
from conversations.run_start import OpenedRun, run_open
from gemini import catalogue
from gemini.catalogue import ModelList
from gemini.keys import Key
from gemini.outputs import Media, Saved

UNNAMED = "file"
EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "audio/wav": "wav",
    "text/html": "html",
}


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """A question that was stored, and all that is needed to answer it."""

    opened: OpenedRun
    question: RunInput
    choices: Choices
    model: str
    keys: tuple[RunKey, ...]


@dataclass(frozen=True, slots=True)
class _Checked:
    """What a question may be answered with, and whether it is a new one."""

    choices: Choices
    keys: list[RunKey]
    model: str
    is_new: bool


@sensitive_variables()
def work_order(
    sign_in: SignIn, question: RunInput, process: str, enclosed: Sequence[UUID] = ()
) -> WorkOrder:
    """Check who may ask what, and store the question with the run that is to answer it.

    Args:
        enclosed: the files that came with it, stored by ``store_enclosed``; they are deleted
            when the question is not stored.

    Raises:
        AppError: a sign-in that ended, no key that works, an unknown thread, model or file, a
            busy thread or user.
    """
    user_id, opened = sign_in.user_id, None
    try:
        checked = _checked(sign_in, question)
        opened = _open(user_id, question, process, checked, enclosed)
    finally:
        if opened is None or not opened.created:
            for artifact_id in enclosed:
                artifact_delete(owner_id=user_id, artifact_id=artifact_id)
    return WorkOrder(opened, question, checked.choices, checked.model, tuple(checked.keys))


async def store_enclosed(sign_in: SignIn, question: RunInput) -> list[UUID]:
    """Store the files that came with a question like ones that were uploaded before.

    Raises:
        AppError: as ``work_order``, before a file is read; as ``artifact_upload``.
    """
    if not question.enclosed or not await in_database(_is_new, sign_in, question):
        return []
    user_id = sign_in.user_id
    stored: list[UUID] = []
    try:
        for data in question.enclosed:
            read = await decode_async(user_id, read_file, data, UNNAMED)
            artifact = await with_files(
                artifact_keep, owner_id=user_id, data=data, read=read, name=UNNAMED
            )
            stored.append(artifact.pk)
    except BaseException:
        for artifact_id in stored:
            await with_files(artifact_delete, owner_id=user_id, artifact_id=artifact_id)
        raise
    return stored


def _is_new(sign_in: SignIn, question: RunInput) -> bool:
    return _checked(sign_in, question).is_new


@sensitive_variables()
def _checked(sign_in: SignIn, question: RunInput) -> _Checked:
    sign_in_check(sign_in)
    user_id = sign_in.user_id
    if not question.allow_key:
        refuse_key(question.text, message=IN_A_MESSAGE)
        refuse_keys_in_speech(question.speech)
    refuse_key(question.instructions or "", field="instructions")
    for address in question.addresses:
        refuse_key(address.url, message=IN_A_MESSAGE)
    choices = choices_of(user_id)
    keys = run_keys(user_id, question.key_id, choices)
    model = model_for(question.model, choices, keys[0].models)
    is_new = _check_rates(user_id, question.run_id)
    if is_new:
        check_media(keys[0].models, question.picture, question.speech)
        check_model(keys[0], model)
        check_budget(keys[0], catalogue.api_id(model), user_id)
    return _Checked(choices, keys, model, is_new)


def _open(
    user_id: int, question: RunInput, process: str, checked: _Checked, enclosed: Sequence[UUID]
) -> OpenedRun:
    return run_open(
        owner_id=user_id,
        thread_id=question.thread_id,
        run_id=question.run_id,
        message_id=question.message_id,
        text=question.text,
        attachments=(*question.attachments, *enclosed),
        addresses=question.addresses,
        continues=question.continues,
        parent=question.after,
        instructions=question.instructions,
        profile_instructions=checked.choices.instructions,
        agent=question.agent,
        model=checked.model,
        key_id=checked.keys[0].id,
        lease_owner=process,
        lease_s=manager.LEASE_S,
    )


def model_for(wanted: str | None, choices: Choices, models: ModelList) -> str:
    """The model of a run, by its name.

    Args:
        models: of the key that is to be used.

    Raises:
        AppError: ``unknown_model``.
    """
    if not wanted:
        return choices.ai_model
    model = models.resolve(wanted)
    if model is None or model.kind != "chat":
        raise AppError("unknown_model", "There is no such model. Choose one from the list.")
    return model.name


def answer_to(
    here: manager.RunManager, ids: RunIds, order: WorkOrder, budget: LedgerBudget
) -> Answer:
    """The answer, not begun."""
    question, choices = order.question, order.choices
    keys = [Key(str(key.id), key.name, key.secret) for key in order.keys]
    return generate_streaming_response(
        api_key=keys[0],
        spare_keys=keys[1:],
        budget=budget,
        prompt=sanitize_text(question.text),  # as it was stored
        thread_id=str(ids.thread_id),
        run_id=str(ids.run_id),
        gemini=here.gemini,
        save=_save(ids),
        files=OwnFiles(here.gemini, ids.owner_id),
        model=order.model,
        models=order.keys[0].models,
        coordinator_model=coordinator_model(order.keys[0]),
        agent=question.agent,
        output=question.output or "",
        attachments=attachments_of(order.opened.attachments),
        history=[tuple(contents) for contents in order.opened.history],
        tools=choices.tools if question.tools is None else question.tools,
        thinking=question.thinking or choices.thinking,
        voice=question.voice or choices.voice,
        instructions=order.opened.instructions,
        picture=question.picture,
        speech=question.speech,
        limits=limits(),
    )


def coordinator_model(key: RunKey) -> str:
    """The lighter model of the setting, where the key may be used for it; empty: the user's."""
    name: str = settings.COORDINATOR_MODEL
    if not name or not key.allows(name):
        return ""
    info = key.models.info(name)
    unusable = key.models.lists(info) is False or key.models.lacks_billing(info)
    return "" if unusable else name


def limits() -> Limits:
    """What one run may use, by the settings."""
    return Limits(
        model_calls=settings.RUN_MODEL_CALLS,
        total_s=settings.RUN_TOTAL_S,
        agent_s=settings.RUN_AGENT_S,
        first_byte_s=settings.RUN_FIRST_BYTE_S,
        idle_s=settings.RUN_IDLE_S,
        history_tokens=settings.HISTORY_MAX_TOKENS,
        inline_bytes=settings.GEMINI_INLINE_MAX_BYTES,
    )


def _save(ids: RunIds) -> Save:
    async def save(media: Media) -> Saved:
        try:
            artifact = await with_files_patiently(
                artifact_create,
                size=await _picture_size(ids.owner_id, media),
                artifact_id=UUID(media.id),
                owner_id=ids.owner_id,
                thread_id=ids.thread_id,
                run_id=ids.run_id,
                data=media.data,
                mime_type=media.mime_type,
                name=f"{media.name}.{EXTENSIONS.get(media.mime_type, 'bin')}",
            )
        except AppError as error:
            raise refused(error) from None
        url = f"/api/files/{artifact.id}/"
        return Saved(str(artifact.id), url, artifact.mime_type, artifact.name)

    return save


async def _picture_size(owner_id: int, media: Media) -> tuple[int, int] | None:
    """Width and height of a picture; None for what is none, or cannot be read."""
    if media.mime_type not in PICTURES:
        return None
    try:
        return await decode_async(owner_id, picture_size, media.data, media.mime_type)
    except AppError:
        return None


def _check_rates(user_id: int, run_id: UUID) -> bool:
    """Whether this run is new; counted in the database, for all processes together.

    Raises:
        AppError: ``too_many_runs`` at once, or ``too_many_messages`` in a minute.
    """
    now = timezone.now()
    per_minute = SlidingWindow(settings.MESSAGES_PER_MINUTE)
    recent = Q(status=Run.Status.RUNNING) | Q(created_at__gt=now - per_minute.window)
    runs = Run.objects.filter(Q(pk=run_id) | recent, owner_id=user_id).order_by()
    rows = list(runs.values_list("pk", "status", "created_at"))
    others = [(status, created_at) for pk, status, created_at in rows if pk != run_id]
    if sum(status == Run.Status.RUNNING for status, _ in others) >= settings.RUNS_PER_USER:
        message = "Too many answers are being written at once. Wait for one, or stop one."
        raise throttled("too_many_runs", message)
    if wait_s := per_minute.retry_after_s([at for _, at in others], now):
        message = "That was a lot of messages in one minute. Wait a moment, then go on."
        raise throttled("too_many_messages", message, wait_s)
    return len(others) == len(rows)
