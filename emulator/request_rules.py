"""What Google refuses in the contents of a request: shapes, roles, parts, order of turns."""

from __future__ import annotations

from typing import Any

from emulator.attachments import seconds_of
from emulator.calls import Call, function_parts
from emulator.facts import can_be_read
from emulator.wire import Refusal

# What Google would do and is not acted out, with the value that asks for nothing. A request that
# asks for more is refused, in words of our own, rather than answered as if it had not.
_NOT_HERE: dict[str, Any] = {
    "cachedContent": None,
    "candidateCount": 1,
    "stopSequences": [],
    "responseMimeType": "text/plain",
    "responseSchema": None,
    "responseJsonSchema": None,
    "responseFormat": None,
}
_KNOWN_FIELDS = frozenset(
    {
        *("contents", "systemInstruction", "tools", "toolConfig", "safetySettings"),
        *("generationConfig", "labels", "serviceTier", "model", "store", "cachedContent"),
        "continuationToken",
    }
)
_COUNTED_FIELDS = frozenset({"contents", "generateContentRequest", "model"})
_PART_DATA = frozenset(
    {
        *("text", "inlineData", "fileData", "functionCall", "functionResponse"),
        *("executableCode", "codeExecutionResult", "toolCall", "toolResponse"),
    }
)
_THOUGHT = frozenset({"thought", "thoughtSignature"})


def check_contents(call: Call) -> None:
    """Refuse what cannot be read.

    Raises:
        Refusal: 400 with Google's sentence.
    """
    counts_alone = call.method == "countTokens" and not call.wrapped
    known = _COUNTED_FIELDS if counts_alone else _KNOWN_FIELDS
    for name in call.body:
        if name not in known:
            problem = f'Unknown name "{name}": Cannot find field.'
            raise Refusal(400, f"Invalid JSON payload received. {problem}")
    _check_shapes(call.body)
    _check_acted_out(call)
    if not call.contents:
        raise Refusal(400, "* GenerateContentRequest.contents: contents is not specified\n")
    for index, content in enumerate(call.contents):
        _check_content(content, index)
    _check_turns(call.turns)


def check_files(call: Call) -> None:
    """Refuse a PDF that Google opens and finds empty: one with a password is such to it.

    Source: reported, https://discuss.ai.google.dev ("The document has no pages"), 2025-26.

    Raises:
        Refusal: 400 with Google's sentence.
    """
    for content in call.contents:
        for file in call.files_in(content):
            data = file.data or b""
            if file.mime_type == "application/pdf" and b"/Encrypt" in data:
                raise Refusal(400, "The document has no pages.")


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


def _check_acted_out(call: Call) -> None:
    asked = call.body | call.config
    for name, harmless in _NOT_HERE.items():
        if asked.get(name, harmless) != harmless:
            raise Refusal(400, f"emulator: {name} is not acted out; see docs/emulator.md.")


def _check_content(content: dict[str, Any], index: int) -> None:
    where = f"* GenerateContentRequest.contents[{index}]"
    if content.get("role", "user") not in ("user", "model"):
        raise Refusal(400, "Please use a valid role: user, model.")
    parts = content.get("parts")
    if not parts or not isinstance(parts, list):
        raise Refusal(400, f"{where}.parts: contents.parts must not be empty.\n")
    for number, part in enumerate(parts):
        kinds = [name for name in part if name in _PART_DATA] if isinstance(part, dict) else []
        if not kinds and not (isinstance(part, dict) and _THOUGHT & part.keys()):
            field = f"{where}.parts[{number}].data"
            raise Refusal(400, f"{field}: required oneof field 'data' must have one initialized\n")
        if len(kinds) > 1:
            place = f"contents[{index}].parts[{number}]"
            problem = f"oneof field 'data' is already set. Cannot set '{kinds[1]}'"
            raise Refusal(400, f"Invalid value at '{place}' (oneof), {problem}")
        _check_file(part, f"{where}.parts[{number}]")


def _check_file(part: dict[str, Any], where: str) -> None:
    """A file has a type that models take, and bytes, or an address that Google fetches from."""
    for name in ("inlineData", "fileData"):
        file = part.get(name)
        if file is None:
            continue
        if not isinstance(file, dict):
            raise Refusal(400, f"Invalid JSON payload received. Invalid value ({file!r:.40}).")
        mime_type = str(file.get("mimeType") or "")
        if mime_type and not can_be_read(mime_type):
            raise Refusal(400, f"Unsupported MIME type: {mime_type}")
    if "inlineData" in part and not part["inlineData"].get("data"):
        raise Refusal(400, f"{where}.inline_data.data: must not be empty.\n")
    uri = str((part.get("fileData") or {}).get("fileUri") or "")
    if uri and not uri.startswith(("http://", "https://", "files/")):
        raise Refusal(400, f"Invalid or unsupported file uri: {uri}")
    if "/unreachable" in uri:
        raise Refusal(400, "Cannot fetch content from the provided URL.")
    for name in ("startOffset", "endOffset"):
        seconds_of((part.get("videoMetadata") or {}).get(name))


def _check_turns(turns: list[dict[str, Any]]) -> None:
    """Calls are answered at once, all of them, in one turn."""
    for index, turn in enumerate(turns):
        responses = function_parts(turn, "Response")
        calls = function_parts(turns[index - 1], "Call") if index else []
        if function_parts(turn, "Call") and not index:
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
