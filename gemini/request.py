"""One call to a model, and the JSON that Gemini's API reads of it.

Source: https://ai.google.dev/api/generate-content (v1beta).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gemini import capabilities
from gemini.media_options import PictureOptions, Speaker
from gemini.types import Content

_TOOL_FIELDS = {
    "search": "googleSearch",
    "code": "codeExecution",
    "url": "urlContext",
    "maps": "googleMaps",
}


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What one call may use; times in seconds.

    ``inline_bytes`` of files travel in a request, the rest by way of Google's Files API.
    ``retry_wait_s`` is the longest wait that Google may ask for before another attempt.
    """

    first_byte_s: float = 60.0
    idle_s: float = 60.0
    retry_wait_s: float = 10.0
    inline_bytes: int = 4 * 1024 * 1024
    answer_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Function:
    """A function the model may call; ``parameters`` is a JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call to a model, complete.

    Args:
        model: the API's model id.
        contents: the conversation, oldest first; sent as they are.
        other_keys: of the same run; like ``api_key``, they must not show up in the answer.
        modalities: of the answer, such as ``("TEXT", "IMAGE")``; empty leaves it to the model.
        call_functions: False forbids calls even though ``functions`` are declared.
        tools: of Google's, by the catalogue's names: ``search``, ``code``, ``url``.
        thoughts: ask for summaries of the model's thinking.
        thinking: how much of it: a level of the catalogue.
        voice: that reads aloud. speakers: two with a voice each, in its place.
        picture: how a picture is to be made.
        expects: ``image`` or ``audio``, where an answer without it is none.
        continuation: goes on with an answer that was too long for one request; as Gemini gave it.
    """

    model: str
    system: str
    contents: tuple[Content, ...]
    api_key: str = field(repr=False)
    other_keys: tuple[str, ...] = field(default=(), repr=False)
    functions: tuple[Function, ...] = ()
    call_functions: bool = True
    tools: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    thoughts: bool = False
    thinking: str = "auto"
    voice: str = ""
    speakers: tuple[Speaker, ...] = ()
    picture: PictureOptions = field(default_factory=PictureOptions)
    expects: str = ""
    continuation: str = ""
    limits: CallLimits = field(default_factory=CallLimits)


def request_body(request: ModelRequest) -> dict[str, Any]:
    """The body of ``streamGenerateContent``; what the request leaves open is left out."""
    # ``store`` is always there: without it, paid projects made since 2026-10-26 keep questions and
    # answers for 55 days. Source: https://ai.google.dev/gemini-api/docs/logs-datasets, 2026-11-28.
    #
    # Of contents these two fields alone: who said something, and whose key signed it, is noted for
    # us, and Gemini refuses a request for any name that it does not know.
    contents = [{"role": one["role"], "parts": one["parts"]} for one in request.contents]
    sent: dict[str, Any] = {"contents": contents, "store": False}
    if request.continuation:
        sent["continuationToken"] = request.continuation
    if request.system:
        sent["systemInstruction"] = {"parts": [{"text": request.system}]}
    tools: list[dict[str, Any]] = [{_TOOL_FIELDS[name]: {}} for name in request.tools]
    if tools:
        sent["tools"] = tools
    if request.functions:
        declared = {"functionDeclarations": [*map(_declaration, request.functions)]}
        sent["tools"] = [declared, *tools]
        mode = "AUTO" if request.call_functions else "NONE"
        sent["toolConfig"] = {"functionCallingConfig": {"mode": mode}}
        if tools:  # Gemini 3 takes both only if it may show its own calls, which then go back
            sent["toolConfig"]["includeServerSideToolInvocations"] = True
    if generation := _generation(request):
        sent["generationConfig"] = generation
    return sent


def _declaration(function: Function) -> dict[str, Any]:
    return {
        "name": function.name,
        "description": function.description,
        "parametersJsonSchema": function.parameters,
    }


def _generation(request: ModelRequest) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if request.modalities:
        config["responseModalities"] = list(request.modalities)
    thinking = capabilities.thinking_config(request.model, request.thinking)
    if request.thoughts:
        # Beside whatever level there is: a model that thinks does so unasked, and only shows it if
        # asked.
        thinking = {"includeThoughts": True, **thinking}
    if thinking:
        config["thinkingConfig"] = thinking
    if speech := _speech(request):
        config["speechConfig"] = speech
    picture = {"aspectRatio": request.picture.ratio, "imageSize": request.picture.size}
    if picture := {name: value for name, value in picture.items() if value}:
        config["imageConfig"] = picture
    return config


def _speech(request: ModelRequest) -> dict[str, Any]:
    """One voice or several: Google takes either, not both."""
    if not request.speakers:
        return {"voiceConfig": _voice(request.voice)} if request.voice else {}
    speakers = [
        {"speaker": speaker.name, "voiceConfig": _voice(speaker.voice)}
        for speaker in request.speakers
    ]
    return {"multiSpeakerVoiceConfig": {"speakerVoiceConfigs": speakers}}


def _voice(name: str) -> dict[str, Any]:
    return {"prebuiltVoiceConfig": {"voiceName": name}}
