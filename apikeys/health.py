"""What is known of whether keys work, as columns of theirs; written when they are used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apikeys.models import UserApiKey
from gemini.catalogue import ModelList
from gemini.errors import ERRORS, MESSAGES
from gemini.keys import KeyCheck
from gemini.model_info import ListedModel

Status = UserApiKey.Status

STATUS_OF = {code: Status(spec.key_status) for code, spec in ERRORS.items() if spec.key_status}
# Errors that say nothing about the key itself, but belong to its history.
UPSTREAM = {
    *("model_gone", "overloaded", "timeout", "upstream_error", "unreachable"),
    *("region", "billing_required", "model_forbidden"),
}
NOT_CHECKED = "Google could not be reached, so this key is stored unchecked. Verify it later."
NOT_FROM_HERE = "This key cannot be checked from here. {}"
UNREADABLE = "This key cannot be read any more. Enter it again."
EXPIRED = "This key is past its expiry date. Set a later one, or use another key."
SENTENCES_FOR_BORROWERS = {
    Status.INVALID: "Google does not accept this key at present.",
    Status.BLOCKED: "Google refuses this key at present.",
    Status.LIMITED: "Google does not let this key be used as it is set up at present.",
    Status.QUOTA: MESSAGES["quota"],
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
    """Store after a call how the key did.

    Args:
        code: of the error; None: it worked.
        retry_after_s: when Google gives quota again, if it said so.
        model: the API id of the model that was called.
        message: why it failed, for the owner of the key.
    """
    now = timezone.now()
    columns: dict[str, Any] = {"last_used_at": now}
    if code is None:
        columns |= success_columns(now)
        if ModelList().info(model).needs_billing:
            columns["billing_refusals"] = {}
    elif code in STATUS_OF or code in UPSTREAM:
        columns |= error_columns(code, retry_after_s, now, message)
    UserApiKey.objects.filter(pk=key_id).update(**columns)
    if code == "billing_required" and model:
        # Remember it per model, to refuse the next run before Google does.
        with transaction.atomic():
            # One JSON column for all models: two answers that are refused at once add to it, one by
            # one.
            key = UserApiKey.objects.select_for_update().filter(pk=key_id).first()
            if key is not None:
                refusals = {**key.billing_refusals, model: now.isoformat()}
                UserApiKey.objects.filter(pk=key_id).update(billing_refusals=refusals)


def check_columns(result: KeyCheck) -> dict[str, Any]:
    """What a check gave, as columns of the key."""
    now = timezone.now()
    if result.status in ("unreachable", "unchecked"):
        is_unreachable = result.status == "unreachable"
        detail = NOT_CHECKED if is_unreachable else NOT_FROM_HERE.format(result.message)
        return {"status": Status.UNVERIFIED, "status_detail": detail, "verified_at": None}
    if result.status == "active":
        listed = {} if result.listed is None else list_columns(result.listed, now)
        return success_columns(now) | listed | {"verified_at": now, "billing_refusals": {}}
    columns = error_columns(result.code, result.retry_after_s, now, result.message)
    return columns | {"verified_at": now}


def list_columns(listed: Sequence[ListedModel], now: datetime) -> dict[str, Any]:
    return {"listed_models": [model.as_json() for model in listed], "listed_at": now}


def success_columns(now: datetime) -> dict[str, Any]:
    return {
        "status": Status.ACTIVE,
        "status_detail": "",
        "quota_until": None,
        "last_success_at": now,
    }


def error_columns(
    code: str, retry_after_s: float | None, now: datetime, message: str = ""
) -> dict[str, Any]:
    """An error of Gemini's, as columns; only some of them say anything about the key."""
    columns: dict[str, Any] = {"last_error_at": now, "last_error_code": code}
    if code in STATUS_OF:
        detail = message or MESSAGES[code]
        columns |= {"status": STATUS_OF[code], "status_detail": detail, "quota_until": None}
    if code == "quota" and retry_after_s is not None:
        columns["quota_until"] = now + timedelta(seconds=retry_after_s)
    return columns


def status_sentence(key: UserApiKey) -> str:
    """The state of a key in a sentence for its owner; empty if there is nothing to say."""
    health = key.health
    if health == Status.EXPIRED:
        return EXPIRED
    return key.status_detail if health == key.status else ""


def last_error(key: UserApiKey) -> dict[str, Any] | None:
    """``code``, ``message`` and ``at`` of the last error; None: there was none."""
    if key.last_error_at is None:
        return None
    sentence = MESSAGES.get(key.last_error_code, MESSAGES["internal"])
    return {"code": key.last_error_code, "message": sentence, "at": key.last_error_at}
