"""Asking Google about keys: what comes of it, and how often a person may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from apikeys.models import GoogleCheck, UserApiKey
from apikeys.pasted import key_from
from apikeys.seal import fingerprints
from apikeys.selectors import keys_of
from common.errors import AppError
from common.throttle import throttle_event
from gemini.errors import KINDS, SENTENCES
from gemini.keys import KeyCheck
from gemini.keys import check_key as ask_gemini
from gemini.model_info import ListedModel
from gemini.pool import Endpoint

Check = Callable[[str], KeyCheck]
Status = UserApiKey.Status

CHECKS_PER_MINUTE = 10
TOO_MANY_CHECKS = (
    "too_many_checks",
    "That was a lot of checks in one minute. Wait a moment, then try again.",
)
NOT_CHECKED = "Google could not be reached, so this key is stored unchecked. Verify it later."
NOT_FROM_HERE = "This key cannot be checked from here. {}"
STATUS_OF = {code: Status(kind.key_status) for code, kind in KINDS.items() if kind.key_status}


@dataclass(frozen=True, slots=True)
class CheckedKey:
    """A key that may be stored, and the columns that say what Google said about it."""

    secret: str = field(repr=False)
    facts: dict[str, Any]


def endpoint() -> Endpoint:
    return Endpoint(settings.GEMINI_BASE_URL, settings.GEMINI_API_VERSION)


@sensitive_variables()
def check_with_google(secret: str) -> KeyCheck:
    return ask_gemini(endpoint(), secret)


def throttle_check(user: User) -> None:
    """Count a request that ``user`` makes this server send: each can hold a thread for long.

    Raises:
        AppError: ``too_many_checks`` (429).
    """
    check = GoogleCheck(user=user, at=timezone.now())
    throttle_event(check, {("user",): CHECKS_PER_MINUTE}, TOO_MANY_CHECKS)


@sensitive_variables()
def key_check(
    *, owner: User, raw: str, check: Check = check_with_google, replaces: UUID | None = None
) -> CheckedKey:
    """Clean a pasted key, look for it among the owner's, and ask Google about it.

    Raises:
        AppError: ``bad_key``, ``duplicate_key``, or why Google does not take it: ``invalid_key``,
            ``key_type`` or ``key_blocked``.
    """
    secret = key_from(raw)
    others = keys_of(owner.pk).exclude(pk=replaces) if replaces else keys_of(owner.pk)
    if others.filter(fingerprint__in=fingerprints(secret, owner_id=owner.pk)).exists():
        raise duplicate_key()
    said = check(secret)
    if said.status in ("invalid", "blocked"):
        message = said.message or SENTENCES[said.code]
        raise AppError(said.code, message, fields={"key": [message]})
    return CheckedKey(secret, facts_of(said))


def facts_of(said: KeyCheck) -> dict[str, Any]:
    """What a check found out, as columns of the key."""
    now = timezone.now()
    if said.status in ("unreachable", "unchecked"):
        why = NOT_CHECKED if said.status == "unreachable" else NOT_FROM_HERE.format(said.message)
        return {"status": Status.UNVERIFIED, "status_detail": why, "verified_at": None}
    if said.status == "active":
        listed = {} if said.listed is None else listed_facts(said.listed, now)
        return works(now) | listed | {"verified_at": now, "billing_refusals": {}}
    return failed(said.code, said.retry_after_s, now, said.message) | {"verified_at": now}


def listed_facts(listed: Sequence[ListedModel], now: datetime) -> dict[str, Any]:
    return {"listed_models": [model.as_json() for model in listed], "listed_at": now}


def works(now: datetime) -> dict[str, Any]:
    return {
        "status": Status.ACTIVE,
        "status_detail": "",
        "quota_until": None,
        "last_success_at": now,
    }


def failed(
    code: str, retry_after_s: float | None, now: datetime, message: str = ""
) -> dict[str, Any]:
    """An error of Gemini's, as columns; only some of them say anything about the key."""
    noted: dict[str, Any] = {"last_error_at": now, "last_error_code": code}
    if code in STATUS_OF:
        words = message or SENTENCES[code]
        noted |= {"status": STATUS_OF[code], "status_detail": words, "quota_until": None}
    if code == "quota" and retry_after_s is not None:
        noted["quota_until"] = now + timedelta(seconds=retry_after_s)
    return noted


def duplicate_key() -> AppError:
    sentence = "You have stored this key already, maybe under another name."
    return AppError("duplicate_key", sentence, fields={"key": [sentence]})
