"""Whether keys work: noted when they are used, and asked for when somebody wants to know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from apikeys.audit import Actor, Via, What, note
from apikeys.checking import (
    STATUS_OF,
    Check,
    Status,
    check_with_google,
    endpoint,
    facts_of,
    failed,
    listed_facts,
    throttle_check,
    works,
)
from apikeys.models import UserApiKey
from common.errors import AppError
from gemini.catalogue import ModelInfo, ModelList
from gemini.errors import SENTENCES, GeminiError
from gemini.keys import KeyCheck
from gemini.keys import list_models as ask_for_models
from gemini.model_info import ListedModel

AT_ONCE = 8
BATCH = 32
UPSTREAM = {
    *("model_gone", "overloaded", "timeout", "upstream_error", "unreachable"),
    *("region", "billing_required", "model_forbidden"),
}
UNREADABLE = "This key cannot be read any more. Enter it again."
FACTS = (
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
KINDS = ("chat", "image", "speech")
EXPIRED = "This key is past its expiry date. Set a later one, or use another key."
LENT_WORDS = {
    Status.INVALID: "Google does not accept this key at present.",
    Status.BLOCKED: "Google refuses this key at present.",
    Status.LIMITED: "Google does not let this key be used as it is set up at present.",
    Status.QUOTA: SENTENCES["quota"],
    Status.EXPIRED: "This key is past its expiry date.",
    Status.UNREADABLE: "This key cannot be used at present.",
}


def key_report(
    *,
    key_id: UUID,
    code: str | None,
    retry_after_s: float | None = None,
    model: str = "",
    message: str = "",
) -> None:
    """Note after a call how the key did: ``code`` is the error's, None if it worked.

    Args:
        model: the API id of the model that was called.
        message: why it failed, for the owner of the key.
    """
    now = timezone.now()
    noted: dict[str, Any] = {"last_used_at": now}
    if code is None:
        noted |= works(now)
    elif code in STATUS_OF or code in UPSTREAM:
        noted |= failed(code, retry_after_s, now, message)
    if code is None and ModelList().info(model).needs_billing:
        noted["billing_refusals"] = {}
    UserApiKey.objects.filter(pk=key_id).update(**noted)
    if code == "billing_required" and model:
        _note_billing(key_id, model, now)


def _note_billing(key_id: UUID, model: str, now: datetime) -> None:
    """Remember that Google wants billing for a model, to say so before it is asked again."""
    with transaction.atomic():
        key = UserApiKey.objects.select_for_update().filter(pk=key_id).first()
        if key is not None:
            noted = {**key.billing_refusals, model: now.isoformat()}
            UserApiKey.objects.filter(pk=key_id).update(billing_refusals=noted)


@sensitive_variables()
def key_verify(
    *, key: UserApiKey, by: Actor | None = None, check: Check = check_with_google
) -> UserApiKey:
    """Ask Google about a stored key and note the answer on it; a refusal is an answer, no error."""
    secret = _opened(key)
    return _verified(key, check(secret) if secret else None, by)


@sensitive_variables()
def keys_verify(
    keys: Iterable[UserApiKey], *, by: Actor | None = None, check: Check = check_with_google
) -> Iterator[UserApiKey]:
    """``key_verify`` for many keys, a few at a time; the database is used by this thread alone."""
    waiting = iter(keys)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while batch := list(islice(waiting, BATCH)):
            asked: list[tuple[UserApiKey, Future[KeyCheck] | None]] = []
            for key in batch:
                secret = _opened(key)
                asked.append((key, pool.submit(check, secret) if secret else None))
            for key, answer in asked:
                yield _verified(key, answer.result() if answer else None, by)


@dataclass(frozen=True, slots=True)
class Offered:
    """A model, and whether Google lists it for a key."""

    model: ModelInfo
    available: bool


@sensitive_variables()
def key_models(
    *, key: UserApiKey, ask: Callable[[str], tuple[ListedModel, ...]] | None = None
) -> list[Offered]:
    """The models there are, and which this key can use, by Google's list of at most a day ago.

    Raises:
        AppError: ``key_unreadable``, ``too_many_checks``, or why Google gave no list (502).
    """
    if not key.model_list.fresh:
        throttle_check(key.user)
        key.refresh_from_db(fields=["encrypted_key", "fingerprint"])
        secret = key.get_decrypted_key()
        try:
            listed = ask(secret) if ask else ask_for_models(endpoint(), secret)
        except GeminiError as error:
            now = timezone.now()
            _note(key, **failed(error.code, error.retry_after_s, now, error.message))
            raise AppError(error.code, error.message, status=502) from None
        now = timezone.now()
        _note(key, **listed_facts(listed, now), verified_at=now, **works(now))
    models = key.model_list
    found = [model for kind in KINDS for model in models.models(kind)]
    return [Offered(model, models.lists(model) is True) for model in found]


def words(key: UserApiKey) -> str:
    """The state of a key in a sentence for its owner; empty if there is nothing to say."""
    health = key.health
    if health == Status.EXPIRED:
        return EXPIRED
    return key.status_detail if health == key.status else ""


def last_error(key: UserApiKey) -> dict[str, Any] | None:
    if key.last_error_at is None:
        return None
    sentence = SENTENCES.get(key.last_error_code, SENTENCES["internal"])
    return {"code": key.last_error_code, "message": sentence, "at": key.last_error_at}


@sensitive_variables()
def _opened(key: UserApiKey) -> str | None:
    key.refresh_from_db(fields=["encrypted_key", "fingerprint"])
    try:
        return key.get_decrypted_key()
    except AppError:
        return None


def _verified(key: UserApiKey, said: KeyCheck | None, by: Actor | None) -> UserApiKey:
    if said is None:
        facts: dict[str, Any] = {"status": Status.UNREADABLE, "status_detail": UNREADABLE}
    elif said.status in ("unreachable", "unchecked"):
        # Nothing new is known about a key that worked before, unless the code says more of it.
        facts = {"status_detail": said.message or SENTENCES["unreachable"]}
        facts |= failed(said.code, None, timezone.now(), said.message)
    else:
        facts = facts_of(said)
    before = key.status
    with transaction.atomic():
        _note(key, **facts)
        if by is None or by.via != Via.COMMAND or key.status != before:
            note(key, What.VERIFY, by, key.status)
    return key


def _note(key: UserApiKey, **noted: Any) -> UserApiKey:
    """Write a finding, unless the key was replaced while it was made."""
    UserApiKey.objects.filter(pk=key.pk, fingerprint=key.fingerprint).update(**noted)
    key.refresh_from_db(fields=[*FACTS, "fingerprint"])
    return key
