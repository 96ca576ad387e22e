"""The media agent: understands pictures, sound, video and documents; makes pictures and speech."""

from __future__ import annotations

import re

from agents.core.agent import Agent, CallOptions, Task
from agents.core.errors import RunError
from gemini import media_options, speech
from gemini.errors import GeminiError
from gemini.files import kind_of
from gemini.media_options import ALL_RATIOS, ALL_SIZES, STYLE_CHARS, Speaker
from gemini.model_info import ModelInfo
from gemini.voices import DEFAULT_VOICE, another_voice

SYSTEM = (
    "You are the media agent of a small team. You describe and make pictures, and understand "
    "sound, video and documents. Do the task you are given, without mentioning the team. Answer "
    "in the language of the user."
)
OFFERED = ("text", "image", "speech")
OUTPUTS = (*OFFERED, "video")  # which is asked for, and refused in words
NO_MODEL = {
    "image": "This key has no model that makes pictures. Choose another key under Keys.",
    "speech": "This key has no model that reads texts aloud. Choose another key under Keys.",
}
_BETWEEN_NAMES = re.compile(r"[,;&/]|\band\b")


class MediaAgent(Agent):
    name = "media"
    label = "Media agent"
    description = (
        "Understands pictures, sound, video and PDF; makes and edits pictures, also those it made "
        "before; reads texts aloud. Ask it for everything that is to be seen or heard."
    )
    parameters = {
        "output": {
            "type": "string",
            "enum": list(OUTPUTS),
            "description": "What to answer with: words about media, a picture, or spoken words.",
        },
        "aspect_ratio": {
            "type": "string",
            "enum": list(ALL_RATIOS),
            "description": "Of a picture, if the user wants a certain one.",
        },
        "image_size": {
            "type": "string",
            "enum": list(ALL_SIZES),
            "description": "Of a picture, if the user wants a certain one. Larger ones cost more.",
        },
        "speakers": {
            "type": "string",
            "description": "For spoken words that are a dialogue of two: their names, separated by "
            "a comma. The task is then the words alone, each line with its speaker: Anna: Hello.",
        },
        "style": {
            "type": "string",
            "description": "Of spoken words, if the user wants a certain one: mood, pace, accent.",
        },
    }
    outputs = OFFERED
    takes = frozenset({"audio", "video"})

    async def run(self, task: Task) -> None:
        """Have the model that fits the wanted output do the task.

        Raises:
            GeminiError: ``no_video``; ``model_gone``, if the key has no model for it;
                ``bad_request``, if there are too many pictures or speakers.
        """
        match task.arguments.get("output") or _open_output(task):
            case "text":
                await task.answer(system=SYSTEM, thoughts=True, with_made=True)
            case "speech":
                await task.answer(system="", **_speech(task))
            case "video":
                raise RunError("no_video")
            case _:
                await task.answer(system=SYSTEM, **_picture(task))


def _picture(task: Task) -> CallOptions:
    model = _model(task, "image")
    pictures = sum(kind_of(file["mimeType"]) == "image" for file in task.context.attachments)
    if refusal := media_options.references_refusal(model, pictures):
        raise GeminiError("bad_request", refusal)
    return {
        "model": model.api_id,
        "with_made": True,
        "modalities": ("TEXT", "IMAGE"),
        # Where none was asked for, the answer may be about a picture that is there.
        "expects": "image" if task.arguments.get("output") == "image" else "",
        "picture": media_options.picture_options_for(model, task.request.picture, task.arguments),
    }


def _speech(task: Task) -> CallOptions:
    """The speaking model takes no instruction: it is sent what it reads out, and nothing else."""
    model, chosen = _model(task, "speech"), task.request.speech
    metadata = model.speech is None or model.speech.style == "metadata"
    style = (chosen.style or task.arguments.get("style", ""))[:STYLE_CHARS]
    script, speakers = speech.assign_speakers(task.prompt, _speakers(task, model))
    if chosen.speakers and len(script.names) > len(chosen.speakers):
        listed = ", ".join(script.names)
        refusal = f"A dialogue has two speakers, and this text has more: {listed}."
        raise GeminiError("bad_request", refusal)
    if speakers:
        parts = speech.dialogue_parts(script, style, metadata=metadata)
    else:
        parts = speech.monologue_parts(task.prompt, style, metadata=metadata)
    voice = chosen.speakers[0].voice if chosen.speakers else task.request.voice
    return {
        "model": model.api_id,
        "only": {"role": "user", "parts": parts},
        "modalities": ("AUDIO",),
        "expects": "audio",
        "voice": voice or DEFAULT_VOICE,
        "speakers": speakers,
    }


def _speakers(task: Task, model: ModelInfo) -> tuple[Speaker, ...]:
    """Whom the user chose to speak, else whom another model named."""
    if model.speech is None or model.speech.speakers < 2:
        return ()
    return task.request.speech.speakers or _understood(task)


def _understood(task: Task) -> tuple[Speaker, ...]:
    """The two speakers whom another model named, where it did."""
    given = _BETWEEN_NAMES.split(task.arguments.get("speakers", ""))
    names = [*filter(None, map(str.strip, given))]
    if len(names) != 2 or names[0] == names[1]:
        return ()
    voice = task.request.voice or DEFAULT_VOICE
    return Speaker(voice, names[0]), Speaker(another_voice(voice), names[1])


def _model(task: Task, kind: str) -> ModelInfo:
    """The best model of a kind that the key has."""
    best = task.context.models.best(kind)
    if best is None:
        raise GeminiError("model_gone", NO_MODEL[kind])
    return best


def _open_output(task: Task) -> str:
    """Nobody said what to answer with: the model that draws describes pictures too, so it serves;
    it reads nothing else."""
    kinds = {kind_of(file["mimeType"]) for file in task.context.attachments}
    return "image" if kinds <= {"image"} else "text"


AGENT = MediaAgent()
