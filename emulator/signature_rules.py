"""What of the model's own parts has to come back with its signature, since Gemini 3."""

from __future__ import annotations

from typing import Any

from emulator import pictures, signatures
from emulator.calls import Call
from emulator.wire import Refusal

_SIGNATURES_PAGE = "https://ai.google.dev/gemini-api/docs/thought-signatures"


def check_signatures(call: Call) -> None:
    """Refuse a part of the model's that came back without what it was sent with.

    Calls are looked at in the current turn only: the first of each step must be signed, and the
    parts of Google's tools that came before it must be there. Pictures are looked at everywhere.

    Raises:
        Refusal: 400 with Google's sentence.
    """
    for index, content in enumerate(call.contents):
        if index <= call.question_index or content.get("role") != "model":
            continue
        part = next((part for part in content["parts"] if "functionCall" in part), None)
        if part is not None:
            _check_signature(part, index)
            _check_tools(content["parts"], str(part["functionCall"].get("id", "")))
    if call.model.kind == "image" and (place := pictures.unsigned_image(call)):
        raise Refusal(
            400,
            f"Image part is missing a thought_signature in content position {place[0]}, part "
            f"position {place[1]}. Please refer to {_SIGNATURES_PAGE}#model-behavior for more "
            "details.",
        )


def _check_tools(parts: list[dict[str, Any]], call_id: str) -> None:
    """The parts of Google's tools before a call of ours must be there, signed and in pairs."""
    calls = [part for part in parts if "toolCall" in part]
    answered = {str(part["toolResponse"].get("id")) for part in parts if "toolResponse" in part}
    if signatures.follows_tools(call_id) and not (calls and answered):
        raise Refusal(
            400,
            "Please ensure that the tool call and tool response parts of the model's turn are "
            "included in the request.",
        )
    for part in parts:
        found = part.get("toolCall") or part.get("toolResponse")
        if not found or not signatures.is_ours(str(found.get("id", ""))):
            continue
        kind = "toolCall" if "toolCall" in part else "toolResponse"
        expected = signatures.signature(f"{kind} {found['id']}")
        if not signatures.same(str(part.get("thoughtSignature", "")), expected):
            raise Refusal(400, f"Tool call is missing a thought_signature in {kind} parts.")
        if str(found["id"]) not in answered:
            raise Refusal(400, "Please ensure that each tool call has a tool response.")


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
        raise Refusal(400, "Corrupted thought signature.")
