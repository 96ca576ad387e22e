"""The media agent: understands pictures, sound, video and documents; makes pictures and speech."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from agents.core.agent import Task, Tool
from agents.core.errors import AgentError
from agents.core.files import kind_of
from agents.core.outputs import Said
from agents.core.voices import DEFAULT_VOICE

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
ASPECT_RATIOS = ("1:1", "3:2", "2:3", "4:3", "3:4", "16:9", "9:16", "21:9")


class MediaAgent:
    name = "media"
    label = "Media agent"
    description = (
        "Understands pictures, sound, video and PDF; makes and edits pictures, also those it made "
        "before; reads texts aloud. Ask it for everything that is to be seen or heard."
    )
    parameters: dict[str, Any] = {
        "output": {
            "type": "string",
            "enum": list(OUTPUTS),
            "description": "What to answer with: words about media, a picture, or spoken words.",
        },
        "aspect_ratio": {
            "type": "string",
            "enum": list(ASPECT_RATIOS),
            "description": "Of a picture, if the user wants a certain one.",
        },
    }
    tools: tuple[str | Tool, ...] = ()
    outputs: tuple[str, ...] = OFFERED
    takes: frozenset[str] = frozenset({"audio", "video"})

    async def run(self, task: Task) -> AsyncGenerator[Said, None]:
        async with aclosing(task.answer(**_options(task))) as said:
            async for output in said:
                yield output


def _options(task: Task) -> dict[str, Any]:
    """The model by what is wanted, and what to ask of it.

    Raises:
        AgentError: ``no_video``; ``model_gone``, if the key has no model for it.
    """
    match task.arguments.get("output") or _unsaid(task):
        case "text":
            return {"system": SYSTEM, "thoughts": True, "made": True}
        case "speech":  # the speaking model takes no instruction: it reads out what it is given
            model = _model(task, "speech")
            voice = task.turn.voice or DEFAULT_VOICE
            sound = {"modalities": ("AUDIO",), "voice": voice}
            return {"system": "", "model": model, "alone": True, **sound}
        case "video":
            raise AgentError("no_video")
        case _:
            model = _model(task, "image")
            ratio = task.arguments.get("aspect_ratio", "")
            picture = {"modalities": ("TEXT", "IMAGE"), "aspect_ratio": _known_ratio(ratio)}
            return {"system": SYSTEM, "model": model, "made": True, **picture}


def _model(task: Task, kind: str) -> str:
    """The API id of the best model of a kind that the key has."""
    best = task.turn.models.best(kind)
    if best is None:
        raise AgentError("model_gone", NO_MODEL[kind])
    return best.api_id


def _unsaid(task: Task) -> str:
    """The model that draws describes pictures too, so it serves; it reads nothing else."""
    kinds = {kind_of(file.mime_type) for file in task.turn.attachments}
    return "image" if kinds <= {"image"} else "text"


def _known_ratio(ratio: str) -> str:
    return ratio if ratio in ASPECT_RATIOS else ""


AGENT = MediaAgent()
