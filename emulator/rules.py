"""What Google refuses in a request.

Each rule is a generator of Google's sentences; the first one counts, so a rule may rely on all that
those before it let through. Here are those of the contents: shapes, roles, parts, order of turns.
`docs/emulator.md` says of each sentence where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from emulator import model_rules
from emulator.attachments import can_be_read
from emulator.calls import Call, function_parts
from emulator.wire import Refusal

# What Google would do and is not acted out, with the value that asks for nothing. A request that
# asks for more is refused, in words of our own, rather than answered as if it had not.
_NOT_HERE: dict[str, Any] = {
    "cachedContent": None,
    "candidateCount": 1,
    "maxOutputTokens": None,
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


def check_call(call: Call) -> None:
    """Refuse what Google refuses in a request for an answer, or for the count of one.

    Raises:
        Refusal: with Google's sentence.
    """
    for problem in _problems(call):
        raise Refusal(400, problem)


def _problems(call: Call) -> Iterator[str]:
    yield from _problems_of_body(call)
    if call.method != "countTokens" or call.wrapped:
        yield from model_rules.problems(call)
    yield from _problems_of_files(call)


def _problems_of_body(call: Call) -> Iterator[str]:
    """What cannot be read."""
    counts_alone = call.method == "countTokens" and not call.wrapped
    for name in call.body.keys() - (_COUNTED_FIELDS if counts_alone else _KNOWN_FIELDS):
        yield f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
    for value in _not_objects(call.body):
        yield f"Invalid JSON payload received. Invalid value ({value!r:.40})."
    fields = call.body | call.config
    for name, harmless in _NOT_HERE.items():
        if fields.get(name, harmless) != harmless:
            yield f"emulator: {name} is not acted out; see docs/emulator.md."
    if not call.contents:
        yield "* GenerateContentRequest.contents: contents is not specified\n"
    for index, content in enumerate(call.contents):
        yield from _problems_of_content(content, index)
    yield from _problems_of_turns(call.turns)


def _problems_of_files(call: Call) -> Iterator[str]:
    """What cannot be read in files that can be had, and what is too much.

    A PDF with a password is to Google one without pages. Source: reported,
    https://discuss.ai.google.dev ("The document has no pages"), 2025-26.
    """
    for file in chain(*call.files):
        if file.mime_type == "application/pdf" and b"/Encrypt" in (file.data or b""):
            yield "The document has no pages."
    if call.method != "countTokens" and call.prompt_tokens > call.model.input_limit:
        yield (
            f"The input token count ({call.prompt_tokens}) exceeds the maximum number of tokens "
            f"allowed ({call.model.input_limit})."
        )


def _not_objects(body: dict[str, Any]) -> Iterator[Any]:
    """What stands where an object belongs, and is none."""
    config = body.get("generationConfig")
    objects = [body.get("systemInstruction"), body.get("toolConfig"), config]
    if isinstance(config, dict):
        objects += [config.get(f"{name}Config") for name in ("thinking", "speech", "image")]
    contents, tools = body.get("contents") or [], body.get("tools") or []
    for values in (contents if isinstance(contents, list) else [contents], tools):
        objects += values if isinstance(values, list) else ["no list"]
    yield from (one for one in objects if one is not None and not isinstance(one, dict))


def _problems_of_content(content: dict[str, Any], index: int) -> Iterator[str]:
    where = f"* GenerateContentRequest.contents[{index}]"
    if content.get("role", "user") not in ("user", "model"):
        yield "Please use a valid role: user, model."
    parts = content.get("parts")
    if not parts or not isinstance(parts, list):
        yield f"{where}.parts: contents.parts must not be empty.\n"
    for number, part in enumerate(parts or []):
        kinds = [name for name in part if name in _PART_DATA] if isinstance(part, dict) else []
        if not kinds and not (isinstance(part, dict) and _THOUGHT & part.keys()):
            field = f"{where}.parts[{number}].data"
            yield f"{field}: required oneof field 'data' must have one initialized\n"
        if len(kinds) > 1:
            place = f"contents[{index}].parts[{number}]"
            problem = f"oneof field 'data' is already set. Cannot set '{kinds[1]}'"
            yield f"Invalid value at '{place}' (oneof), {problem}"
        yield from _problems_of_file(part, f"{where}.parts[{number}]")


def _problems_of_file(part: dict[str, Any], where: str) -> Iterator[str]:
    """A file has a type that models take, and bytes, or an address that Google fetches from."""
    for file in (part.get("inlineData"), part.get("fileData")):
        if file is None:
            continue
        if not isinstance(file, dict):
            yield f"Invalid JSON payload received. Invalid value ({file!r:.40})."
        mime_type = str(file.get("mimeType") or "")
        if mime_type and not can_be_read(mime_type):
            yield f"Unsupported MIME type: {mime_type}"
    if "inlineData" in part and not part["inlineData"].get("data"):
        yield f"{where}.inline_data.data: must not be empty.\n"
    uri = str((part.get("fileData") or {}).get("fileUri") or "")
    if uri and not uri.startswith(("http://", "https://", "files/")):
        yield f"Invalid or unsupported file uri: {uri}"
    if "/unreachable" in uri:
        yield "Cannot fetch content from the provided URL."


def _problems_of_turns(turns: list[dict[str, Any]]) -> Iterator[str]:
    """Calls are answered at once, all of them, in one turn."""
    for index, turn in enumerate(turns):
        responses = function_parts(turn, "Response")
        calls = function_parts(turns[index - 1], "Call") if index else []
        if function_parts(turn, "Call") and not index:
            yield (
                "Please ensure that function call turn comes immediately after a user turn or "
                "after a function response turn."
            )
        if responses and not calls:
            yield (
                "Please ensure that function response turn comes immediately after a function "
                "call turn."
            )
        if calls and len(calls) != len(responses):
            yield (
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn."
            )
