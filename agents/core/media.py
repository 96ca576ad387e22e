"""The media agent: understands pictures, sound, video and documents; makes pictures and speech."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from agents.core import catalogue
from agents.core.agent import Task
from agents.core.outputs import Said

SYSTEM = (
    "You are the media agent of a small team. You describe and make pictures, and understand "
    "sound, video and documents. Do the task you are given, without mentioning the team. Answer "
    "in the language of the user."
)
VOICE = "Kore"


class MediaAgent:
    name = "media"
    description = (
        "Understands pictures, sound, video and PDF; makes and edits pictures; reads texts aloud. "
        "Ask it for everything that is to be seen or heard."
    )
    parameters: dict[str, Any] = {
        "output": {
            "type": "string",
            "enum": ["text", "image", "speech"],
            "description": "What to answer with: words about media, a picture, or spoken words.",
        }
    }

    async def run(self, task: Task) -> AsyncGenerator[Said, None]:
        call = task.call(self.name, **_options(task))
        async with aclosing(call.outputs()) as said:
            async for output in said:
                yield output


def _options(task: Task) -> dict[str, Any]:
    """The model by what is wanted; one that draws can describe too, so it serves when unsaid."""
    match task.arguments.get("output"):
        case "text":
            return {"system": SYSTEM, "thoughts": True}
        case "speech":  # the speaking model takes no instruction: it reads out what it is given
            model = catalogue.api_id_of_kind("speech")
            return {"system": "", "model": model, "modalities": ("AUDIO",), "voice": VOICE}
        case _:
            model = catalogue.api_id_of_kind("image")
            return {"system": SYSTEM, "model": model, "modalities": ("TEXT", "IMAGE")}
