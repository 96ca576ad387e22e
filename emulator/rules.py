"""What Google refuses: keys it does not like, and requests it cannot read."""

from __future__ import annotations

import re
from typing import Any

from emulator import signatures
from emulator.calls import Call, function_parts
from emulator.wire import Refusal, quota_error

_SHAPE = re.compile(r"AIza[A-Za-z0-9_-]{35}|AQ\.[A-Za-z0-9_-]{20,}")
_SERVICE = {"service": "generativelanguage.googleapis.com"}
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_SIGNATURES_PAGE = "https://ai.google.dev/gemini-api/docs/thought-signatures"
_KNOWN_FIELDS = frozenset(
    {
        *("contents", "systemInstruction", "tools", "toolConfig", "safetySettings"),
        *("generationConfig", "cachedContent", "labels", "serviceTier", "model", "store"),
    }
)
_PART_DATA = frozenset(
    {
        *("text", "inlineData", "fileData", "functionCall", "functionResponse"),
        *("executableCode", "codeExecutionResult", "toolCall", "toolResponse"),
    }
)


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
    for name in call.body:
        if name not in _KNOWN_FIELDS:
            problem = f'Unknown name "{name}": Cannot find field.'
            raise Refusal(400, f"Invalid JSON payload received. {problem}")
    _check_shapes(call.body)
    if not call.contents:
        raise Refusal(400, "* GenerateContentRequest.contents: contents is not specified\n")
    for index, content in enumerate(call.contents):
        _check_content(content, index)
    _check_turns(call.contents)
    _check_config(call)
    if call.model.is_gemini_3:
        _check_signatures(call)


def _check_shapes(body: dict[str, Any]) -> None:
    """Objects where objects belong, lists where lists do."""
    objects = [body.get(n) for n in ("systemInstruction", "toolConfig", "generationConfig")]
    objects += [(body.get("generationConfig") or {}).get("thinkingConfig")] if objects[2] else []
    contents = body.get("contents") or []
    lists = [contents if isinstance(contents, list) else [contents], body.get("tools") or []]
    for found in lists:
        objects += found if isinstance(found, list) else [found, "no list"]
    for found in objects:
        if found is not None and not isinstance(found, dict):
            raise Refusal(400, f"Invalid JSON payload received. Invalid value ({found!r:.40}).")


def _check_content(content: dict[str, Any], index: int) -> None:
    where = f"* GenerateContentRequest.contents[{index}]"
    if content.get("role", "user") not in ("user", "model"):
        raise Refusal(400, "Please use a valid role: user, model.")
    parts = content.get("parts")
    if not parts or not isinstance(parts, list):
        raise Refusal(400, f"{where}.parts: contents.parts must not be empty.\n")
    for number, part in enumerate(parts):
        kinds = [name for name in part if name in _PART_DATA] if isinstance(part, dict) else []
        if not kinds:
            field = f"{where}.parts[{number}].data"
            raise Refusal(400, f"{field}: required oneof field 'data' must have one initialized\n")
        if len(kinds) > 1:
            place = f"contents[{index}].parts[{number}]"
            raise Refusal(400, f"Invalid value at '{place}' (oneof), oneof field 'data' is set.")


def _check_turns(contents: list[dict[str, Any]]) -> None:
    """Calls are answered at once, all of them, in one content."""
    for index, content in enumerate(contents):
        responses = function_parts(content, "Response")
        calls = function_parts(contents[index - 1], "Call") if index else []
        after_model = not index or contents[index - 1].get("role") == "model"
        if function_parts(content, "Call") and after_model:
            raise Refusal(
                400,
                "Please ensure that function call turn comes immediately after a user turn or "
                "after a function response turn.",
            )
        if responses and not calls:
            raise Refusal(
                400,
                "Please ensure that function response turn comes immediately after a function "
                "call turn.",
            )
        if calls and len(calls) != len(responses):
            raise Refusal(
                400,
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn.",
            )


def _check_config(call: Call) -> None:
    thinking = call.config.get("thinkingConfig") or {}
    if "thinkingBudget" in thinking and "thinkingLevel" in thinking:
        problem = "You can only set only one of thinking budget and thinking level."
        raise Refusal(400, problem)
    if "thinkingLevel" in thinking and not call.model.is_gemini_3:
        raise Refusal(400, "Thinking level is not supported for this model.")
    _check_modalities(call)
    if call.model.kind == "speech" and call.system_text:
        raise Refusal(400, f"Developer instruction is not enabled for models/{call.model.id}")
    if call.model.kind != "chat" and call.declared:
        raise Refusal(400, f"Function calling is not enabled for models/{call.model.id}")


def _check_modalities(call: Call) -> None:
    accepted = {"chat": [{"TEXT"}], "image": [{"IMAGE"}, {"TEXT", "IMAGE"}], "speech": [{"AUDIO"}]}
    wanted = call.modalities or ({"TEXT"} if call.model.kind == "speech" else set())
    choices = accepted[call.model.kind]
    if wanted and wanted not in choices:
        names = "".join(f"* {', '.join(sorted(choice))}\n" for choice in choices)
        raise Refusal(
            400,
            f"The requested combination of response modalities ({', '.join(sorted(wanted))}) is "
            f"not supported by the model. models/{call.model.id} accepts the following "
            f"combination of response modalities:\n{names}",
        )


def _check_signatures(call: Call) -> None:
    """The first call of each step of the current turn must carry the signature it came with."""
    for index, content in enumerate(call.contents):
        if index <= call.question_index or content.get("role") != "model":
            continue
        part = next((part for part in content["parts"] if "functionCall" in part), None)
        if part is not None:
            _check_signature(part, index)


def _check_signature(part: dict[str, Any], index: int) -> None:
    function_call = part["functionCall"]
    call_id = str(function_call.get("id", ""))
    if call_id and not signatures.is_ours(call_id):
        return  # from a recording or a script: nothing to compare with
    given = str(part.get("thoughtSignature", ""))
    if not given:
        raise Refusal(
            400,
            "Function call is missing a thought_signature in functionCall parts. This is required "
            "for tools to work correctly, and missing thought_signature may lead to degraded model "
            "performance. Additional data, function call "
            f"`default_api:{function_call.get('name', '')}` , position {index + 1}. Please refer "
            f"to {_SIGNATURES_PAGE} for more details.",
        )
    if call_id and not signatures.same(given, signatures.signature(call_id)):
        raise Refusal(400, "Unable to submit request because Thought signature is not valid.")
