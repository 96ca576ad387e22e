"""Earlier runs, as they are kept: what the core's tests of history are about."""

from __future__ import annotations

from typing import Any

from gemini.outputs import Media
from tests.core.team import call, kept_as

FLASH, PRO = "gemini-3.8-flash", "gemini-3.1-pro-preview"
LITE, IMAGE = "gemini-3.5-flash-lite", "gemini-nano-banana-2.1"
SPEECH = "gemini-3.8-flash-tts"

Content = dict[str, Any]


def user(*texts: str, files: tuple[Content, ...] = (), **tag: str) -> Content:
    return {"role": "user", "parts": [*files, *({"text": text} for text in texts)], **tag}


def model(*parts: Content | str, by: str = "", **tag: str) -> Content:
    """What a model said; what it signed, it signed for the project of the tests' key."""
    whole = [{"text": part} if isinstance(part, str) else part for part in parts]
    signed = any("thoughtSignature" in part for part in whole)
    known = {"model": by, **({"key": "key1"} if signed else {})} if by else {}
    return {"role": "model", "parts": whole, **known, **tag}


def answered(**outputs: str) -> Content:
    """The answers of agents to the coordinator's calls."""
    parts = [
        {"functionResponse": {"name": f"ask_{agent}_agent", "response": {"output": output}}}
        for agent, output in outputs.items()
    ]
    return {"role": "user", "parts": parts}


PHOTO = Media(b"photo", "image/jpeg", "garden.jpg", id="photo")
FOX = Media(b"fox", "image/png", "image", id="fox")
WRITE = call("text", signature="c2lnbmVk", task="A poem", reason="Long")
DRAW = call("media", task="A fox", reason="A picture", output="image")
CODE = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "Y29kZQ=="}
RAN = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}
SEAL = {"text": "", "thoughtSignature": "c2VhbA=="}

ASKED = user("A poem and a fox.", files=(kept_as(PHOTO),))
CALLED = model("I ask. ", WRITE, DRAW, by=FLASH)
RESULTS = answered(text="Waves", media="A fox:\n[File: image, image/png]")
JOINED = model("Both are done.", SEAL, by=FLASH)
TEXT_ASKED = user("A poem and a fox.", "A poem", files=(kept_as(PHOTO),), agent="text")
TEXT_SAID = model(CODE, RAN, "Waves", by=FLASH, agent="text")
MEDIA_ASKED = user("A poem and a fox.", "A fox", files=(kept_as(PHOTO),), agent="media")
MEDIA_SAID = model("A fox:", {**kept_as(FOX), "thoughtSignature": "Zm94"}, by=IMAGE, agent="media")
COORDINATED = (ASKED, CALLED, RESULTS, JOINED)
BOTH_AGENTS = (*COORDINATED, TEXT_ASKED, TEXT_SAID, MEDIA_ASKED, MEDIA_SAID)
"""Two agents at once, joined, over a photo that the user sent."""
