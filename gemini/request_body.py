"""A model request as the JSON that Gemini's API reads.

Source: https://ai.google.dev/api/generate-content (v1beta).
"""

from __future__ import annotations

from typing import Any

from gemini import capabilities
from gemini.request import Function, ModelRequest

_TOOLS = {
    "search": "googleSearch",
    "code": "codeExecution",
    "url": "urlContext",
    "maps": "googleMaps",
}


def body(request: ModelRequest) -> dict[str, Any]:
    """The body of ``streamGenerateContent``; what the request leaves open is left out.

    ``store`` is always there: without it, paid projects made since 2026-10-26 keep questions and
    answers for 55 days. Source: https://ai.google.dev/gemini-api/docs/logs-datasets, 2026-11-28.
    """
    contents = [{"role": said["role"], "parts": said["parts"]} for said in request.contents]
    sent: dict[str, Any] = {"contents": contents, "store": False}
    if request.continuation:
        sent["continuationToken"] = request.continuation
    if request.system:
        sent["systemInstruction"] = {"parts": [{"text": request.system}]}
    tools: list[dict[str, Any]] = [{_TOOLS[name]: {}} for name in request.tools]
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
    thinking = capabilities.thinking(request.model, request.thinking)
    if request.thoughts:
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
