"""Refusals by name, for ``/emulate fault=no-pages``, and which keys are good for what.

A word in a key decides: it makes the key bad for all requests, or for answers alone; ``free`` is a
key without billing.

Source of each body: *recorded* traffic of 2025-26, *reported* in public issue threads and Google's
forum, or *documented* (https://ai.google.dev/gemini-api/docs/generate-content/api-errors and
https://docs.cloud.google.com/service-infrastructure/docs/ErrorReason), read on 2026-11-28.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from emulator.catalogue import Model
from emulator.wire import GOOGLE_TYPE, Refusal, error_info, quota_error

_SHAPE = re.compile(r"AIza[A-Za-z0-9_-]{35}|AQ\.[A-Za-z0-9_-]{20,}")
_FAULTS_OF_KEYS = {
    "blocked": "leaked",
    "region": "region",
    "noapi": "api-disabled",
    "website": "referrer",
    "ipbound": "address",
    "standard": "standard-key",
}
_FAULTS_OF_ANSWERS = {"listonly": "service", "spent": "prepay-402", "capped": "spend-cap"}


def _plain(status: int, message: str, reason: str = "", name: str = "") -> Callable[[str], Refusal]:
    def refusal(model: str) -> Refusal:
        service = "generativelanguage.googleapis.com"
        info = error_info(reason, service=service, consumer="projects/12345678")
        return Refusal(status, message.format(model=model), [info] if reason else None, name=name)

    return refusal


_DEPLETED = (
    "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects to "
    "manage your project and billing. Learn more at "
    "https://ai.google.dev/gemini-api/docs/billing#prepay."
)
FAULTS: dict[str, Callable[[str], Refusal]] = {
    "limit-zero": lambda model: quota_error(model, 18, billing=False),  # reported
    "per-day": lambda model: quota_error(model, 46, per="Day"),  # recorded: seconds all the same
    "prepay": _plain(429, _DEPLETED),  # reported, until 2026-09
    "prepay-402": _plain(402, _DEPLETED, name="RESOURCE_EXHAUSTED"),  # reported, since
    "spend-cap": _plain(  # reported
        429,
        "Your project has exceeded its monthly spending cap. Please go to AI Studio at "
        "https://ai.studio/spend to manage your project spend cap.",
    ),
    "standard-key": _plain(401, "", "ACCESS_TOKEN_TYPE_UNSUPPORTED"),  # reported
    "region": _plain(  # reported
        400, "User location is not supported for the API use.", name="FAILED_PRECONDITION"
    ),
    "api-disabled": _plain(  # recorded
        403,
        "Generative Language API has not been used in project 12345678 before or it is disabled. "
        "Enable it by visiting https://console.developers.google.com/apis/api/ then retry.",
        "SERVICE_DISABLED",
    ),
    "referrer": _plain(  # reported
        403, "Requests from referer <empty> are blocked.", "API_KEY_HTTP_REFERRER_BLOCKED"
    ),
    "address": _plain(  # documented
        403,
        "The provided API key has an IP address restriction. The originating IP address of the "
        "call (192.0.2.7) violates this restriction.",
        "API_KEY_IP_ADDRESS_BLOCKED",
    ),
    "service": _plain(  # reported
        403,
        "Requests to this API generativelanguage.googleapis.com method "
        "google.ai.generativelanguage.v1beta.GenerativeService.StreamGenerateContent are blocked.",
        "API_KEY_SERVICE_BLOCKED",
    ),
    "no-model": _plain(  # guessed
        403, "You do not have permission to access the model models/{model}."
    ),
    "leaked": _plain(  # recorded
        403, "Your API key was reported as leaked. Please use another API key."
    ),
    "not-active": _plain(  # reported
        400, "The File 4d21d8wxg1pe is not in an ACTIVE state and usage is not allowed."
    ),
    "no-pages": _plain(400, "The document has no pages."),  # reported
    "bad-image": _plain(400, "Unable to process input image. Please retry or report."),  # reported
    "mime": _plain(400, "Unsupported MIME type: application/pdf"),  # reported
    "payload": _plain(  # reported
        400, "Request payload size exceeds the limit: 104857600 bytes. Please use the File API."
    ),
    "signature": _plain(400, "Corrupted thought signature."),  # reported
    "tools": _plain(  # reported
        400,
        "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with "
        "Function calling.",
    ),
    "cancelled": _plain(499, "The operation was cancelled.", name="CANCELLED"),  # documented
}


def fault(name: str, model: str) -> Refusal:
    """The refusal of that name; one that nobody knows is Google's plainest 400."""
    return FAULTS.get(name, _plain(400, ""))(model)


def check_key(key: str, model: str = "") -> None:
    """Refuse a key that is missing, misshapen, or marked as bad.

    Raises:
        Refusal: as Google's.
    """
    if not key:
        raise Refusal(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API.",
        )
    if not _SHAPE.fullmatch(key) or "invalid" in key:
        raise _invalid_key()
    if "suspended" in key:
        consumer = f"api_key:{key}"
        message = f"Permission denied: Consumer '{consumer}' has been suspended."
        info = error_info(
            "CONSUMER_SUSPENDED", consumer="projects/12345678", containerInfo=consumer
        )
        raise Refusal(403, message, [info])
    _check_marks(key, _FAULTS_OF_KEYS)
    if "quota" in key:
        raise quota_error(model or "gemini-3.8-flash", 31)


def _check_marks(key: str, faults: dict[str, str]) -> None:
    for word, name in faults.items():
        if word in key:
            raise fault(name, "")


def _invalid_key() -> Refusal:
    message = "API key not valid. Please pass a valid API key."
    info = error_info("API_KEY_INVALID", service="generativelanguage.googleapis.com")
    localized = {"locale": "en-US", "message": message}
    return Refusal(400, message, [info, {"@type": f"{GOOGLE_TYPE}LocalizedMessage"} | localized])


def check_answering(key: str, model: Model) -> None:
    """Refuse a key that is good, and yet gets no answers, or none of this model.

    Raises:
        Refusal: as Google's.
    """
    _check_marks(key, _FAULTS_OF_ANSWERS)
    if "free" in key and model.needs_billing:
        raise quota_error(model.id, 18, billing=False)
