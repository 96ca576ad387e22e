"""From a request to a run that can be begun: checked, stored, and with all that it works with.

This is the one place where rows become a ``RunContext``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.rights import SignIn, sign_in_check
from accounts.selectors import Choices, choices_of
from agents.core.context import Limits, RunContext, Save
from agents.core.engine import Answer, generate_streaming_response
from agents.core.request import RunRequest
from agents.runs import manager
from agents.runs.budgets import LedgerBudget, check_budget
from agents.runs.files import OwnFiles, refused
from agents.runs.media_options import check_media, refuse_keys_in_speech
from agents.runs.task import RunIds
from apikeys.selectors import RunKey, check_model, run_keys
from common.database import in_database, with_files, with_files_patiently
from common.errors import AppError
from common.keylike import IN_A_MESSAGE, refuse_key
from common.text import sanitize_text
from common.throttle import SlidingWindow, throttled
from conversations.files.artifacts import artifact_create, artifact_delete, artifact_keep
from conversations.files.attachments import file_ref
from conversations.files.decoding.pool import decode_async
from conversations.files.formats.pictures import picture_size
from conversations.files.formats.reading import read_file
from conversations.files.mediatypes import PICTURES
from conversations.models import Run
from conversations.run_start import OpenedRun, run_open
from gemini import catalogue
from gemini.catalogue import ModelList
from gemini.client import GeminiClient
from gemini.failover import Keys
from gemini.instructions import Instructions
from gemini.keys import Key
from gemini.outputs import Media, Saved
from gemini.types import Content, FileRef

UNNAMED = "file"
EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "audio/wav": "wav",
    "text/html": "html",
}


@dataclass(frozen=True, slots=True)
class Permit:
    """What a user may have a request answered with.

    Args:
        request: with the profile's choices where it left something open.
        keys: that may pay, in the order in which they may be used.
        is_new: no run of this id has been opened yet.
    """

    request: RunRequest
    choices: Choices
    keys: tuple[RunKey, ...]
    is_new: bool


@sensitive_variables()
def open_run(
    sign_in: SignIn, request: RunRequest, process: str, enclosed: Sequence[UUID] = ()
) -> tuple[Permit, OpenedRun]:
    """Check who may ask for what, and store the message with the run that is to answer it.

    Args:
        enclosed: the files that came within the request, stored by ``store_enclosed``; they are
            deleted when the message is not stored.

    Raises:
        AppError: a sign-in that ended, no key that works, an unknown thread, model or file, a
            busy thread or user.
    """
    user_id, opened = sign_in.user_id, None
    try:
        permit = _permit_run(sign_in, request)
        request = permit.request
        opened = run_open(
            owner_id=user_id,
            request=request,
            key_id=permit.keys[0].id,
            lease_owner=process,
            lease_s=manager.LEASE_S,
            enclosed=enclosed,
            profile_instructions=permit.choices.instructions,
        )
    finally:
        # Also when this request came before: that one's files are its run's already, and nothing
        # would ever name these.
        if opened is None or not opened.created:
            for artifact_id in enclosed:
                artifact_delete(owner_id=user_id, artifact_id=artifact_id)
    return permit, opened


async def store_enclosed(sign_in: SignIn, request: RunRequest) -> list[UUID]:
    """Store the files that came within a request like ones that were uploaded before.

    Raises:
        AppError: as ``open_run``, before a file is read; as ``artifact_upload``.
    """
    # Asked here and once more in ``open_run``. Here, because reading files costs seconds of the
    # worker processes, which nobody without a right should have; there, because it may have ended
    # meanwhile.
    if not request.enclosed or not (await in_database(_permit_run, sign_in, request)).is_new:
        return []
    user_id = sign_in.user_id
    stored: list[UUID] = []
    try:
        for data in request.enclosed:
            read = await decode_async(user_id, read_file, data, UNNAMED)
            artifact = await with_files(
                artifact_keep, owner_id=user_id, data=data, read=read, name=UNNAMED
            )
            stored.append(artifact.pk)
    # A cancellation as well: files that no message names would count against the quota for good.
    except BaseException:
        for artifact_id in stored:
            await with_files(artifact_delete, owner_id=user_id, artifact_id=artifact_id)
        raise
    return stored


@sensitive_variables()
def _permit_run(sign_in: SignIn, request: RunRequest) -> Permit:
    """``permit``, and all that a run needs besides: a sign-in, no key in a text, room, money."""
    sign_in_check(sign_in)
    if not request.allow_key:
        refuse_key(request.text, message=IN_A_MESSAGE)
        refuse_keys_in_speech(request.speech)
    refuse_key(request.instructions or "", field="instructions")
    for address in request.addresses:
        refuse_key(address.url, message=IN_A_MESSAGE)
    granted = permit(sign_in.user_id, request)
    is_new = _check_rates(sign_in.user_id, request.run_id)
    if is_new:  # a request that came before has its run, whatever its key has become
        check_options(granted)
        model = catalogue.api_id(granted.request.model)
        check_budget(granted.keys[0], model, sign_in.user_id)
    return replace(granted, is_new=is_new)


@sensitive_variables()
def permit(user_id: int, request: RunRequest) -> Permit:
    """The keys and the model for a request, and the profile's choices for what it left open.

    Raises:
        AppError: no key that works, an unknown model.
    """
    choices = choices_of(user_id)
    keys = tuple(run_keys(user_id, request.key_id, choices))
    model = _model_for(request.model, choices, keys[0].models)
    request = replace(request, text=sanitize_text(request.text), model=model).with_defaults(
        model=model, tools=choices.tools, thinking=choices.thinking, voice=choices.voice
    )
    return Permit(request, choices, keys, is_new=True)


def check_options(granted: Permit) -> None:
    """Check that the key may be used for the model, and that the model takes the options.

    Raises:
        AppError: ``model_not_lent`` and its like, ``unsupported_option``.
    """
    request, key = granted.request, granted.keys[0]
    check_media(key.models, request.picture, request.speech)
    check_model(key, request.model)


def _model_for(wanted: str, choices: Choices, models: ModelList) -> str:
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
    gemini: GeminiClient, ids: RunIds, granted: Permit, opened: OpenedRun, budget: LedgerBudget
) -> Answer:
    """The answer to a run that was opened, not begun."""
    first, *spare = [Key(str(key.id), key.name, key.secret) for key in granted.keys]
    context = run_context(
        gemini,
        granted,
        keys=Keys(*spare, budget=budget),
        instructions=opened.instructions,
        attachments=tuple(map(file_ref, opened.attachments)),
        history=opened.history,
        owner_id=ids.owner_id,
    )
    context.save = _save(ids)
    request = replace(granted.request, thread_id=ids.thread_id, run_id=ids.run_id)
    return generate_streaming_response(api_key=first, request=request, context=context)


def run_context(
    gemini: GeminiClient,
    granted: Permit,
    *,
    keys: Keys,
    instructions: Instructions,
    attachments: tuple[FileRef, ...],
    history: Iterable[Sequence[Content]],
    owner_id: int,
) -> RunContext:
    """What this server brings to a run, by its settings and the user's rows."""
    key = granted.keys[0]
    return RunContext(
        client=gemini,
        keys=keys,
        models=key.models,
        coordinator_model=_coordinator_model(key),
        instructions=instructions,
        attachments=attachments,
        history=tuple(map(tuple, history)),
        files=OwnFiles(gemini, owner_id),
        limits=Limits(
            model_calls=settings.RUN_MODEL_CALLS,
            total_s=settings.RUN_TOTAL_S,
            agent_s=settings.RUN_AGENT_S,
            first_byte_s=settings.RUN_FIRST_BYTE_S,
            idle_s=settings.RUN_IDLE_S,
            history_tokens=settings.HISTORY_MAX_TOKENS,
            inline_bytes=settings.GEMINI_INLINE_MAX_BYTES,
        ),
    )


def _coordinator_model(key: RunKey) -> str:
    """The lighter model of the setting, where the key may be used for it; empty: the user's."""
    name: str = settings.COORDINATOR_MODEL
    if not name or not key.allows(name):
        return ""
    info = key.models.info(name)
    # ``is False``: a key that was never listed is believed to have our catalogue.
    unusable = key.models.lists(info) is False or key.models.lacks_billing(info)
    return "" if unusable else name


def _save(ids: RunIds) -> Save:
    async def save(media: Media) -> Saved:
        try:
            artifact = await with_files_patiently(
                artifact_create,
                size=await _picture_size(ids.owner_id, media),
                # The core chose the id: the content that goes back to Gemini names the file by it.
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
    # In the database and not in memory, or each process would grant the limit anew. One query for
    # both limits and for the run itself: the way to the first word has few to spare.
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
