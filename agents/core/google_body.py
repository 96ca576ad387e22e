"""A model request as the JSON that Gemini's API reads.

Source: https://ai.google.dev/api/generate-content (v1beta).
"""

from __future__ import annotations

from typing import Any

from agents.core.model import Function, ModelRequest


def body(request: ModelRequest) -> dict[str, Any]:
    """The body of ``streamGenerateContent``; what the request leaves open is left out."""
    sent: dict[str, Any] = {"contents": list(request.contents)}
    if request.system:
        sent["systemInstruction"] = {"parts": [{"text": request.system}]}
    if request.functions:
        sent["tools"] = [{"functionDeclarations": [*map(_declaration, request.functions)]}]
        mode = "AUTO" if request.call_functions else "NONE"
        sent["toolConfig"] = {"functionCallingConfig": {"mode": mode}}
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
    if request.thoughts:
        config["thinkingConfig"] = {"includeThoughts": True}
    if request.voice:
        voice = {"prebuiltVoiceConfig": {"voiceName": request.voice}}
        config["speechConfig"] = {"voiceConfig": voice}
    return config
