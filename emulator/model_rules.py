"""What Google refuses because of the model: what it cannot do, and what it wants back signed.

The sentences are Google's as public reports quote them; the recordings hold none of these errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from emulator import media, signatures
from emulator.calls import Call

LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
MAX_REFERENCES = 14  # of pictures, to models since Gemini 3: ai.google.dev, "Image generation"
_UNSET = "THINKING_LEVEL_UNSPECIFIED"
_SIGNATURES_PAGE = "https://ai.google.dev/gemini-api/docs/thought-signatures"
_PROTO = "type.googleapis.com/google.ai.generativelanguage.v1beta"
_MODALITIES = {"image": [{"IMAGE"}, {"TEXT", "IMAGE"}], "speech": [{"AUDIO"}]}
_TOOL_NAMES = {
    "googleSearch": "Search as tool is",
    "urlContext": "Browse as tool is",
    "codeExecution": "Code execution is",
    "googleMaps": "Google Maps tool is",
}


def problems(call: Call) -> Iterator[str]:
    """What this model does not take."""
    yield from _problems_of_thinking(call)
    yield from _problems_of_modalities(call)
    if call.model.kind == "speech":
        yield from _problems_of_speech(call)
    if call.model.kind == "image":
        yield from _problems_of_pictures(call)
    yield from _problems_of_tools(call)
    if call.model.is_gemini_3:
        yield from _problems_of_signatures(call)


def _problems_of_thinking(call: Call) -> Iterator[str]:
    thinking = call.config.get("thinkingConfig") or {}
    if "thinkingBudget" in thinking and "thinkingLevel" in thinking:
        yield "You can only set only one of thinking budget and thinking level."
    if thinking.get("thinkingBudget") == 0 and call.model.always_thinks:
        yield "Budget 0 is invalid. This model only works in thinking mode."
    level = str(thinking.get("thinkingLevel") or _UNSET).upper()
    if level == _UNSET:
        return
    if not call.model.is_gemini_3:
        yield "Thinking level is not supported for this model."
    if level not in LEVELS:
        yield (
            "Invalid value at 'generation_config.thinking_config.thinking_level' "
            f'({_PROTO}.ThinkingConfig.ThinkingLevel), "{level}"'
        )
    if level not in call.model.thinking_levels:
        yield (
            f"Thinking level {level} is not supported for this model. Please retry with other "
            "thinking level."
        )


def _problems_of_modalities(call: Call) -> Iterator[str]:
    wanted = call.modalities or ({"TEXT"} if call.model.kind == "speech" else set())
    choices = _MODALITIES.get(call.model.kind, [{"TEXT"}])
    if wanted and wanted not in choices:
        names = "".join(f"* {', '.join(sorted(choice))}\n" for choice in choices)
        yield (
            f"The requested combination of response modalities ({', '.join(sorted(wanted))}) is "
            f"not supported by the model. models/{call.model.id} accepts the following "
            f"combination of response modalities:\n{names}"
        )


def _problems_of_speech(call: Call) -> Iterator[str]:
    if call.system_text:
        yield "Developer instruction is not enabled for this model"
    config = call.config.get("speechConfig") or {}
    if config.get("voiceConfig") and config.get("multiSpeakerVoiceConfig"):
        yield "voice_config and multi_speaker_voice_config are mutually exclusive."
    speakers = media.speakers_of(config)
    if "multiSpeakerVoiceConfig" in config and len(speakers) != media.MAX_SPEAKERS:
        problem = f"The number of speakers must equal {media.MAX_SPEAKERS}."
        yield f"* GenerateContentRequest.generation_config.speech_config: {problem}\n"
    for voice in [media.voice_of(config), *speakers.values()]:
        if not media.is_voice(voice):
            names = ", ".join(sorted(name.lower() for name in media.VOICES))
            yield f"Voice name {voice} is not supported. Allowed voice names are: {names}"
    for index, content in enumerate(call.contents):
        for number, part in enumerate(content["parts"]):
            where = f"contents[{index}].parts[{number}].speech_metadata"
            new = call.model.takes_speech_metadata
            yield from (f"{problem}: {where}" for problem in _of_speaker(part, speakers, new))


def _of_speaker(part: dict[str, Any], speakers: dict[str, str], new: bool) -> Iterator[str]:
    """Speaker and style of a part, which models of 3.8 take.

    Source: ``SpeechMetadata`` in ai.google.dev/api/generate-content, and "Migrate to Gemini 3.8
    TTS": one part for each turn, whose speaker is one of the configured. The sentences are guessed.
    """
    metadata = part.get("speechMetadata")
    speaker = str((metadata or {}).get("speaker") or "")
    if metadata is not None and not new:
        yield "Speech metadata is not supported for this model"
    if metadata is not None and "text" not in part:
        yield "Speech metadata is only valid for text"
    if speaker and speaker not in speakers:
        yield "Speaker must match a configured speaker"
    if speakers and not speaker and new:
        yield "Speaker is required with several speakers"


def _problems_of_pictures(call: Call) -> Iterator[str]:
    config = call.config.get("imageConfig") or {}
    ratio, size = config.get("aspectRatio"), config.get("imageSize")
    if ratio and ratio not in call.model.image_ratios:
        *names, last = [f"'{name}'" for name in call.model.image_ratios]
        yield f"aspect_ratio must be one of {', '.join(names)}, or {last}."
    if size and size not in call.model.image_tokens:
        yield f"Image size {size} is not supported for this model."
    count = sum(file.modality == "IMAGE" for file in chain(*call.files))
    if call.model.is_gemini_3 and count > MAX_REFERENCES:  # Google's words are guessed
        yield f"The number of input images must be at most {MAX_REFERENCES}."


def _problems_of_tools(call: Call) -> Iterator[str]:
    model = call.model
    if model.kind != "chat" and call.callable_functions:
        yield f"Function calling is not enabled for models/{model.id}"
    for tool in sorted(call.google_tools - model.google_tools):
        yield f"{_TOOL_NAMES[tool]} not enabled for models/{model.id}"
    if not (call.google_tools and call.function_declarations):
        return
    if not model.is_gemini_3:
        yield "Tool use with function calling is unsupported"
    if not call.shows_google_tools:
        yield (
            "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools "
            "with Function calling."
        )


def _problems_of_signatures(call: Call) -> Iterator[str]:
    """What of the model's own parts came back without what it was sent with.

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
            yield from _problems_of_tool_parts(parts, str(part["functionCall"].get("id", "")))
        if call.model.kind == "image":
            yield from _problems_of_picture_parts(parts, index)


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
            f"to {_SIGNATURES_PAGE} for more details."
        )
    if call_id and not signatures.same(signature, signatures.signature(call_id)):
        yield "Corrupted thought signature."


def _problems_of_tool_parts(parts: list[dict[str, Any]], call_id: str) -> Iterator[str]:
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


def _problems_of_picture_parts(parts: list[dict[str, Any]], index: int) -> Iterator[str]:
    """A picture of this emulator's that was signed must be signed still."""
    for number, part in enumerate(parts):
        data = signatures.decoded(str((part.get("inlineData") or {}).get("data", "")))
        tag = media.tag_of(data) if data else ""
        signature = str(part.get("thoughtSignature", ""))
        if tag and not signatures.same(signature, signatures.signature(tag)):
            yield (
                f"Image part is missing a thought_signature in content position {index + 1}, part "
                f"position {number + 1}. Please refer to {_SIGNATURES_PAGE}#model-behavior for "
                "more details."
            )
