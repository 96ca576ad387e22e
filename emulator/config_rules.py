"""What Google refuses in a ``generationConfig``: what this model cannot do, and unknown values.

The sentences are Google's as public reports quote them; the recordings hold none of these errors.
"""

from __future__ import annotations

from typing import Any

from emulator import pictures, speech
from emulator.calls import Call
from emulator.wire import Refusal

LEVELS = ("MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH")
_UNSET = "THINKING_LEVEL_UNSPECIFIED"
_PROTO = "type.googleapis.com/google.ai.generativelanguage.v1beta"


def check_config(call: Call) -> None:
    """Refuse a configuration that this model does not take.

    Raises:
        Refusal: 400 with Google's sentence.
    """
    _check_thinking(call)
    _check_modalities(call)
    _check_limit(call)
    if call.model.kind == "speech":
        if call.system_text:
            raise Refusal(400, "Developer instruction is not enabled for this model")
        config = _object(call.config, "speechConfig")
        _check_speech(config)
        _check_turns_of(call, speech.speakers_of(config))
        _check_sampling(call)
    if call.model.kind == "image":
        _check_image(call)


def _object(config: dict[str, Any], name: str) -> dict[str, Any]:
    found = config.get(name)
    return found if isinstance(found, dict) else {}


def _check_thinking(call: Call) -> None:
    thinking = call.config.get("thinkingConfig") or {}
    if "thinkingBudget" in thinking and "thinkingLevel" in thinking:
        problem = "You can only set only one of thinking budget and thinking level."
        raise Refusal(400, problem)
    if thinking.get("thinkingBudget") == 0 and call.model.always_thinks:
        raise Refusal(400, "Budget 0 is invalid. This model only works in thinking mode.")
    level = str(thinking.get("thinkingLevel") or _UNSET).upper()
    if level == _UNSET:
        return
    if not call.model.is_gemini_3:
        raise Refusal(400, "Thinking level is not supported for this model.")
    if level not in LEVELS:
        raise Refusal(
            400,
            "Invalid value at 'generation_config.thinking_config.thinking_level' "
            f'({_PROTO}.ThinkingConfig.ThinkingLevel), "{level}"',
        )
    if level not in call.model.thinking_levels:
        raise Refusal(
            400,
            f"Thinking level {level} is not supported for this model. Please retry with other "
            "thinking level.",
        )


def _check_modalities(call: Call) -> None:
    accepted = {"chat": [{"TEXT"}], "image": [{"IMAGE"}, {"TEXT", "IMAGE"}], "speech": [{"AUDIO"}]}
    wanted = call.modalities or ({"TEXT"} if call.model.kind == "speech" else set())
    choices = accepted.get(call.model.kind, [{"TEXT"}])
    if wanted and wanted not in choices:
        names = "".join(f"* {', '.join(sorted(choice))}\n" for choice in choices)
        raise Refusal(
            400,
            f"The requested combination of response modalities ({', '.join(sorted(wanted))}) is "
            f"not supported by the model. models/{call.model.id} accepts the following "
            f"combination of response modalities:\n{names}",
        )


def _check_limit(call: Call) -> None:
    limit = call.config.get("maxOutputTokens")
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise Refusal(400, "max_output_tokens must be positive.")
    most = call.model.most_output if "stream" in call.method else call.model.output_limit
    if (limit or 0) > most:
        raise Refusal(
            400,
            "Unable to submit request because it has a maxOutputTokens value of "
            f"{limit} but the supported range is from 1 (inclusive) to "
            f"{most + 1} (exclusive). Update the value and try again.",
        )


def _check_speech(config: dict[str, Any]) -> None:
    if config.get("voiceConfig") and config.get("multiSpeakerVoiceConfig"):
        raise Refusal(400, "voice_config and multi_speaker_voice_config are mutually exclusive.")
    speakers = speech.speakers_of(config)
    if "multiSpeakerVoiceConfig" in config and len(speakers) != speech.MAX_SPEAKERS:
        problem = f"The number of speakers must equal {speech.MAX_SPEAKERS}."
        raise Refusal(400, f"* GenerateContentRequest.generation_config.speech_config: {problem}\n")
    for voice in [speech.voice_of(config.get("voiceConfig") or {}), *speakers.values()]:
        if not speech.is_voice(voice):
            known = ", ".join(sorted(name.lower() for name in speech.VOICES))
            raise Refusal(
                400, f"Voice name {voice} is not supported. Allowed voice names are: {known}"
            )


def _check_turns_of(call: Call, speakers: dict[str, str]) -> None:
    """Speaker and style of each part, which models of 3.8 take.

    Source: ``SpeechMetadata`` in ai.google.dev/api/generate-content, and "Migrate to Gemini 3.8
    TTS": one part for each turn, whose speaker is one of the configured. The sentences are guessed.
    """
    for index, content in enumerate(call.contents):
        for number, part in enumerate(content["parts"]):
            where = f"contents[{index}].parts[{number}].speech_metadata"
            given = part.get("speechMetadata")
            if given is not None and not call.model.takes_speech_metadata:
                raise Refusal(400, f"Speech metadata is not supported for this model: {where}.")
            if given is not None and "text" not in part:
                raise Refusal(400, f"Speech metadata is only valid for text: {where}.")
            speaker = str((given or {}).get("speaker") or "")
            if speaker and speaker not in speakers:
                raise Refusal(400, f"Speaker must match a configured speaker: {where}.speaker.")
            if speakers and not speaker and call.model.takes_speech_metadata:
                raise Refusal(400, f"Speaker is required with several speakers: {where}.speaker.")


def _check_sampling(call: Call) -> None:
    """Models of 3.8 refuse what earlier ones ignore. Source: "Migrate to Gemini 3.8 TTS"."""
    for name in ("temperature", "topP", "topK"):
        if name in call.config and call.model.takes_speech_metadata:
            raise Refusal(400, f"Sampling parameters are not supported for this model: {name}.")


def _check_image(call: Call) -> None:
    config = _object(call.config, "imageConfig")
    ratio, size = config.get("aspectRatio"), config.get("imageSize")
    known = pictures.ratios_of(call.model.id)
    if ratio and ratio not in known:
        names = [f"'{name}'" for name in known]
        allowed = f"{', '.join(names[:-1])}, or {names[-1]}"
        raise Refusal(400, f"aspect_ratio must be one of {allowed}.")
    if size and size not in pictures.sizes_of(call.model):
        raise Refusal(400, f"Image size {size} is not supported for this model.")
    if call.model.is_gemini_3 and pictures.references_in(call) > pictures.MAX_REFERENCES:
        most = pictures.MAX_REFERENCES  # Google's words are guessed
        raise Refusal(400, f"The number of input images must be at most {most}.")
