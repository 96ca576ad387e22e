"""What Google refuses: keys it does not like, and requests it will not serve."""

from __future__ import annotations

import re

from emulator.calls import Call
from emulator.config_rules import check_config
from emulator.faults import check_marks
from emulator.request_rules import check_contents
from emulator.signature_rules import check_signatures
from emulator.tool_rules import check_tools
from emulator.wire import Refusal, quota_error

_SHAPE = re.compile(r"AIza[A-Za-z0-9_-]{35}|AQ\.[A-Za-z0-9_-]{20,}")
_SERVICE = {"service": "generativelanguage.googleapis.com"}
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


def check_key(key: str, model: str = "") -> None:
    """Refuse as Google does a key that is missing, misshapen, or marked as bad by a word in it."""
    if not key:
        raise Refusal(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API.",
        )
    if not _SHAPE.fullmatch(key) or "invalid" in key:
        raise _invalid_key()
    if "blocked" in key:
        raise Refusal(403, "Your API key was reported as leaked. Please use another API key.")
    if "suspended" in key:
        consumer = f"api_key:{key}"
        reason = {"reason": "CONSUMER_SUSPENDED", "domain": "googleapis.com"}
        metadata = {"metadata": {"consumer": "projects/12345678", "containerInfo": consumer}}
        detail = {"@type": _ERROR_INFO} | reason | metadata
        message = f"Permission denied: Consumer '{consumer}' has been suspended."
        raise Refusal(403, message, [detail])
    check_marks(key)
    if "quota" in key:
        raise quota_error(model or "gemini-3.8-flash", 31)


def _invalid_key() -> Refusal:
    message = "API key not valid. Please pass a valid API key."
    info = {"reason": "API_KEY_INVALID", "domain": "googleapis.com", "metadata": _SERVICE}
    localized = {
        "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
        "locale": "en-US",
        "message": message,
    }
    return Refusal(400, message, [{"@type": _ERROR_INFO} | info, localized])


def model_not_found(model_id: str, version: str, method: str) -> Refusal:
    return Refusal(
        404,
        f"models/{model_id} is not found for API version {version}, or is not supported for "
        f"{method}. Call ListModels to see the list of available models and their supported "
        "methods.",
    )


def check_call(call: Call) -> None:
    """Refuse what Google refuses in a request for an answer.

    Raises:
        Refusal: 400 with Google's sentence.
    """
    check_contents(call)
    if call.method == "countTokens" and not call.wrapped:
        return
    check_config(call)
    check_tools(call)
    if call.model.is_gemini_3:
        check_signatures(call)
