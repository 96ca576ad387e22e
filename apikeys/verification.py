"""Asks Google about keys: before one is stored, and whenever somebody wants to know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from apikeys.audit import Actor, Via, What, note
from apikeys.health import UNREADABLE, check_columns, error_columns, list_columns, success_columns
from apikeys.models import GoogleCheck, UserApiKey
from apikeys.pasted import clean_key
from apikeys.seal import fingerprints
from apikeys.selectors import keys_of
from common.errors import AppError
from common.throttle import throttle_event
from gemini.errors import MESSAGES, GeminiError
from gemini.keys import KeyCheck, check_key, list_models
from gemini.model_info import ListedModel, ModelInfo
from gemini.pool import Endpoint

Check = Callable[[str], KeyCheck]

CHECKS_PER_MINUTE = 10
TOO_MANY_CHECKS = (
    "too_many_checks",
    "That was a lot of checks in one minute. Wait a moment, then try again.",
)
THREADS = 8
BATCH = 32  # keys that are opened at a time
MODEL_KINDS = ("chat", "image", "speech")
WRITTEN_BY_CHECKS = (
    "status",
    "status_detail",
    "quota_until",
    "verified_at",
    "last_success_at",
    "last_error_at",
    "last_error_code",
    "listed_models",
    "listed_at",
    "billing_refusals",
)


@dataclass(frozen=True, slots=True)
class CheckedKey:
    """A key that may be stored.

    Args:
        columns: of the key, by what Google answered.
    """

    secret: str = field(repr=False)
    columns: dict[str, Any]


@dataclass(frozen=True, slots=True)
class KeyModel:
    """A model, and whether Google lists it for a key."""

    model: ModelInfo
    available: bool


def endpoint() -> Endpoint:
    return Endpoint(settings.GEMINI_BASE_URL, settings.GEMINI_API_VERSION)


@sensitive_variables()
def check_with_google(secret: str) -> KeyCheck:
    return check_key(endpoint(), secret)


def throttle_check(user: User) -> None:
    """Count a request that ``user`` makes this server send: each can hold a thread for long.

    Raises:
        AppError: ``too_many_checks`` (429).
    """
    # Each can hold a thread of the server for 15 seconds.
    check = GoogleCheck(user=user, at=timezone.now())
    throttle_event(check, {("user",): CHECKS_PER_MINUTE}, TOO_MANY_CHECKS)


@sensitive_variables()
def key_check(
    *, owner: User, pasted: str, check: Check = check_with_google, replaces: UUID | None = None
) -> CheckedKey:
    """Clean a pasted key, compare it with the owner's others, and ask Google about it.

    Args:
        replaces: the key of the owner's that it is to take the place of.

    Raises:
        AppError: ``bad_key``, ``duplicate_key``, or why Google does not take it: ``invalid_key``,
            ``key_type`` or ``key_blocked``.
    """
    secret = clean_key(pasted)
    others = keys_of(owner.pk).exclude(pk=replaces) if replaces else keys_of(owner.pk)
    if others.filter(fingerprint__in=fingerprints(secret, owner_id=owner.pk)).exists():
        raise duplicate_key()
    result = check(secret)
    if result.status in ("invalid", "blocked"):
        message = result.message or MESSAGES[result.code]
        raise AppError(result.code, message, fields={"key": [message]})
    return CheckedKey(secret, check_columns(result))


def duplicate_key() -> AppError:
    sentence = "You have stored this key already, maybe under another name."
    return AppError("duplicate_key", sentence, fields={"key": [sentence]})


@sensitive_variables()
def key_verify(
    *, key: UserApiKey, actor: Actor | None = None, check: Check = check_with_google
) -> UserApiKey:
    """Ask Google about a stored key and store the answer; a refusal is an answer, no error."""
    secret = _open(key)
    return _store_result(key, check(secret) if secret else None, actor)


@sensitive_variables()
def keys_verify(
    keys: Iterable[UserApiKey], *, actor: Actor | None = None, check: Check = check_with_google
) -> Iterator[UserApiKey]:
    """``key_verify`` for many keys, a few at a time; the database is used by this thread alone."""
    remaining = iter(keys)
    with ThreadPoolExecutor(THREADS) as pool:
        # In batches, so that of thousands of keys only a few are open in memory at a time.
        while batch := list(islice(remaining, BATCH)):
            pending: list[tuple[UserApiKey, Future[KeyCheck] | None]] = []
            for key in batch:
                secret = _open(key)
                pending.append((key, pool.submit(check, secret) if secret else None))
            for key, result in pending:
                yield _store_result(key, result.result() if result else None, actor)


@sensitive_variables()
def key_models(
    *, key: UserApiKey, fetch: Callable[[str], tuple[ListedModel, ...]] | None = None
) -> list[KeyModel]:
    """The models there are, and which this key can use, by Google's list of at most a day ago.

    Raises:
        AppError: ``key_unreadable``, ``too_many_checks``, or why Google gave no list (502).
    """
    if not key.model_list.fresh:
        throttle_check(key.user)
        key.refresh_from_db(fields=["encrypted_key", "fingerprint"])
        secret = key.get_decrypted_key()
        try:
            listed = fetch(secret) if fetch else list_models(endpoint(), secret)
        except GeminiError as error:
            now = timezone.now()
            _update(key, error_columns(error.code, error.retry_after_s, now, error.message))
            error.status = 502  # whatever Google refused, it is a gateway's failure here
            raise
        now = timezone.now()
        _update(key, success_columns(now) | list_columns(listed, now) | {"verified_at": now})
    models = key.model_list
    known = [model for kind in MODEL_KINDS for model in models.models(kind)]
    return [KeyModel(model, models.lists(model) is True) for model in known]


@sensitive_variables()
def _open(key: UserApiKey) -> str | None:
    key.refresh_from_db(fields=["encrypted_key", "fingerprint"])
    try:
        return key.get_decrypted_key()
    except AppError:
        return None


def _store_result(key: UserApiKey, result: KeyCheck | None, actor: Actor | None) -> UserApiKey:
    """Write what a check gave, and a line of the audit; ``result`` None: the key did not open."""
    if result is None:
        columns: dict[str, Any] = {
            "status": UserApiKey.Status.UNREADABLE,
            "status_detail": UNREADABLE,
        }
    elif result.status in ("unreachable", "unchecked"):
        # Nothing new is known about a key that worked before, unless the code says more of it.
        columns = {"status_detail": result.message or MESSAGES["unreachable"]}
        columns |= error_columns(result.code, None, timezone.now(), result.message)
    else:
        columns = check_columns(result)
    before = key.status
    with transaction.atomic():
        _update(key, columns)
        # The operator's round over all keys writes only what it changed.
        if actor is None or actor.via != Via.COMMAND or key.status != before:
            note(key, What.VERIFY, actor, key.status)
    return key


def _update(key: UserApiKey, columns: dict[str, Any]) -> None:
    """Write columns, unless the key was replaced since it was opened."""
    # Google took seconds to answer, and the answer is about the secret that it was asked about. The
    # fingerprint tells: it is as good as the secret, and was read with it in one query.
    UserApiKey.objects.filter(pk=key.pk, fingerprint=key.fingerprint).update(**columns)
    key.refresh_from_db(fields=[*WRITTEN_BY_CHECKS, "fingerprint"])
