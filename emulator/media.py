"""Small real media: pictures made from a prompt or a given picture, and sound that is no speech.

A soft note stands for each word, as high as the voice.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from PIL import Image, ImageDraw, ImageOps, PngImagePlugin

SOUND_TYPE = "audio/L16;codec=pcm;rate=24000"
SOUND_RATE = 24_000
SOUND_TOKENS_PER_S = 25  # the recording: 20 for 0.8 s
MAX_SPEAKERS = 2
_MAX_WORDS = 16
_SCALE_HZ = (262, 294, 330, 392, 440, 523)

# Source: ai.google.dev/gemini-api/docs/speech-generation, voice options.
VOICES = (
    *("Zephyr", "Puck", "Charon", "Kore", "Fenrir", "Leda", "Orus", "Aoede", "Callirrhoe"),
    *("Autonoe", "Enceladus", "Iapetus", "Umbriel", "Algieba", "Despina", "Erinome", "Algenib"),
    *("Rasalgethi", "Laomedeia", "Achernar", "Alnilam", "Schedar", "Gacrux", "Pulcherrima"),
    *("Achird", "Zubenelgenubi", "Vindemiatrix", "Sadachbia", "Sadaltager", "Sulafat"),
)
DEFAULT_VOICE = "Kore"
_PLACES = {name.lower(): place for place, name in enumerate(VOICES)}

FRAME_SHARE = 16  # an edited picture gets a frame of a sixteenth of its shorter side
_TAG = "gemini-emulator"  # keyword of the text chunk that marks a picture as ours
_UNREADABLE = (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning)


@lru_cache(maxsize=64)
def drawn(prompt: str, width: int = 256, height: int = 256, *, tag: str = "") -> bytes:
    """A PNG with a coloured gradient and a sun, both chosen by the prompt."""
    seed = hashlib.sha256(prompt.encode()).digest()
    gradient = Image.linear_gradient("L").resize((width, height))
    picture = ImageOps.colorize(gradient, tuple(seed[0:3]), tuple(seed[3:6]))
    centre = (width * (64 + seed[9] // 2) // 256, height * (48 + seed[10] // 3) // 256)
    radius = max(1, min(width, height) * (24 + seed[11] // 8) // 256)
    sun = tuple(128 + value // 2 for value in seed[6:9])
    ImageDraw.Draw(picture).circle(centre, radius, fill=sun)
    return _png(picture, tag)


def edited(given: Image.Image, prompt: str, width: int, height: int, *, tag: str = "") -> bytes:
    """The picture given, of another size if need be, its colours turned round, in a frame.

    The prompt chooses the turn and the frame's colour, so two edits differ.
    """
    seed = hashlib.sha256(prompt.encode()).digest()
    red, green, blue = given.resize((width, height), Image.Resampling.NEAREST).split()
    turned = (green, blue, red) if seed[3] % 2 else (blue, red, green)
    picture = Image.merge("RGB", turned)
    thick = max(1, min(width, height) // FRAME_SHARE)
    box = (0, 0, width - 1, height - 1)
    ImageDraw.Draw(picture).rectangle(box, outline=tuple(seed[0:3]), width=thick)
    return _png(picture, tag)


def bar_chart(heights: list[int], width: int = 320, height: int = 200) -> bytes:
    """Blue bars on white above a black line; the tallest of them fills the picture."""
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    slot, floor = (width - 20) // max(1, len(heights)), height - 20
    for number, value in enumerate(heights):
        top = floor - (height - 40) * value // max(*heights, 1)
        left = 10 + number * slot
        draw.rectangle((left, top, left + slot * 3 // 4, floor), fill=(31, 119, 180))
    draw.line((8, floor, width - 8, floor), fill="black")
    return _png(picture)


def decoded(data: bytes) -> Image.Image | None:
    """The picture in RGB, or None where these bytes are none that can be read."""
    try:
        return Image.open(io.BytesIO(data)).convert("RGB")
    except _UNREADABLE:
        return None


def size(data: bytes) -> tuple[int, int]:
    """Width and height of a picture, by its header; (0, 0) where there is none."""
    try:
        return Image.open(io.BytesIO(data)).size
    except _UNREADABLE:
        return (0, 0)


def tag_of(data: bytes) -> str:
    """The tag an emulator wrote into this picture; "" if it wrote none."""
    try:
        return str(Image.open(io.BytesIO(data), formats=["PNG"]).info.get(_TAG, ""))
    except _UNREADABLE:
        return ""


def _png(picture: Image.Image, tag: str = "") -> bytes:
    out, about = io.BytesIO(), PngImagePlugin.PngInfo()
    if tag:
        about.add_text(_TAG, tag)
    picture.save(out, "PNG", pnginfo=about, compress_level=1)
    return out.getvalue()


def is_voice(name: str) -> bool:
    """Whether it is a voice of Google's, however it is spelled."""
    return name.lower() in _PLACES


def voice_of(config: dict[str, Any]) -> str:
    """The voice that the ``voiceConfig`` in this names; the usual one if it names none."""
    prebuilt = (config.get("voiceConfig") or {}).get("prebuiltVoiceConfig") or {}
    return str(prebuilt.get("voiceName") or DEFAULT_VOICE)


def speakers_of(config: dict[str, Any]) -> dict[str, str]:
    """The voice of each speaker in a ``speechConfig`` for several."""
    several = config.get("multiSpeakerVoiceConfig") or {}
    configs = several.get("speakerVoiceConfigs") or []
    return {str(one.get("speaker")): voice_of(one) for one in configs}


def synthesized(parts: list[dict[str, Any]], config: dict[str, Any]) -> bytes:
    """Headerless 16-bit mono sound at 24 kHz, four seconds at most.

    With several speakers a part has the voice of its own speaker, and a line that begins with
    ``Name:`` that one's.

    Args:
        parts: of the message to speak, with ``speechMetadata`` where there are speakers.
        config: the ``speechConfig`` of the request.
    """
    speakers = speakers_of(config)
    words: list[tuple[str, str]] = []
    for part in parts:
        speaker = str((part.get("speechMetadata") or {}).get("speaker") or "")
        voice = speakers.get(speaker, voice_of(config))
        words += _words(str(part.get("text") or ""), speakers, voice)
    notes = (_note(_pitch(word, voice)) for word, voice in words[:_MAX_WORDS])
    return b"".join(notes) or _note(_SCALE_HZ[0])


def _words(text: str, speakers: dict[str, str], usual: str) -> Iterator[tuple[str, str]]:
    """Each word with its voice."""
    for line in text.splitlines():
        name = re.match(r"\s*([^:\n]{1,40}):\s", line)
        voice = speakers.get(name[1].strip()) if name else None
        words = line[name.end() :] if name and voice else line
        yield from ((word, voice or usual) for word in words.split())


def _pitch(word: str, voice: str) -> int:
    """In Hz: the word chooses the note, the voice how high the whole is; Kore is the middle."""
    steps = _PLACES.get(voice.lower(), _PLACES["kore"]) - _PLACES["kore"]
    return round(_SCALE_HZ[len(word) % len(_SCALE_HZ)] * 2 ** (steps / 12))


@lru_cache(maxsize=64)
def _note(hertz: int) -> bytes:
    count = SOUND_RATE // 4
    step = 2 * math.pi * hertz / SOUND_RATE
    samples = (
        round(9000 * math.sin(step * i) * math.sin(math.pi * i / count)) for i in range(count)
    )
    return struct.pack(f"<{count}h", *samples)
