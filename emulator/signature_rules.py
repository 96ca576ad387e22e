"""What of the model's own parts has to come back with its signature, since Gemini 3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator import media, signatures
from emulator.calls import Call

_PAGE = "https://ai.google.dev/gemini-api/docs/thought-signatures"


def problems(call: Call) -> Iterator[str]:
    """What came back without what it was sent with.

    Calls are checked in the current turn only: the first of each step must be signed, and the
    parts of Google's tools that came before it must be there. Pictures are checked everywhere.
    """
    for index, content in enumerate(call.contents):
        if content.get("role") != "model":
            continue
        parts = content["parts"]
        part = next((part for part in parts if "functionCall" in part), None)
        if part is not None and index > call.turn_start:
            yield from _problems_of_call(part, index)
            yield from _problems_of_tools(parts, str(part["functionCall"].get("id", "")))
        if call.model.kind == "image":
            yield from _problems_of_pictures(parts, index)


def _problems_of_call(part: dict[str, Any], index: int) -> Iterator[str]:
    function_call = part["functionCall"]
    call_id = str(function_call.get("id", ""))
    if call_id and not signatures.is_ours(call_id):
        return  # from a recording or a script: nothing to compare with
    signature = str(part.get("thoughtSignature", ""))
    if not signature:
        yield (
            "Function call is missing a thought_signature in functionCall parts. This is required "
            "for tools to work correctly, and missing thought_signature may lead to degraded model "
            "performance. Additional data, function call "
            f"`default_api:{function_call.get('name', '')}` , position {index + 1}. Please refer "
            f"to {_PAGE} for more details."
        )
    if call_id and not signatures.same(signature, signatures.signature(call_id)):
        yield "Corrupted thought signature."


def _problems_of_tools(parts: list[dict[str, Any]], call_id: str) -> Iterator[str]:
    """The parts of Google's tools before a call of ours must be there, signed and in pairs."""
    has_calls = any("toolCall" in part for part in parts)
    answered = {str(part["toolResponse"].get("id")) for part in parts if "toolResponse" in part}
    if signatures.follows_tools(call_id) and not (has_calls and answered):
        yield (
            "Please ensure that the tool call and tool response parts of the model's turn are "
            "included in the request."
        )
    for part in parts:
        tool = part.get("toolCall") or part.get("toolResponse")
        if not tool or not signatures.is_ours(str(tool.get("id", ""))):
            continue
        kind = "toolCall" if "toolCall" in part else "toolResponse"
        expected = signatures.signature(f"{kind} {tool['id']}")
        if not signatures.same(str(part.get("thoughtSignature", "")), expected):
            yield f"Tool call is missing a thought_signature in {kind} parts."
        if str(tool["id"]) not in answered:
            yield "Please ensure that each tool call has a tool response."


def _problems_of_pictures(parts: list[dict[str, Any]], index: int) -> Iterator[str]:
    """A picture of this emulator's that was signed must be signed still."""
    for number, part in enumerate(parts):
        data = signatures.decoded(str((part.get("inlineData") or {}).get("data", "")))
        tag = media.tag_of(data) if data else ""
        signature = str(part.get("thoughtSignature", ""))
        if tag and not signatures.same(signature, signatures.signature(tag)):
            yield (
                f"Image part is missing a thought_signature in content position {index + 1}, part "
                f"position {number + 1}. Please refer to {_PAGE}#model-behavior for more details."
            )
