"""Sound that stands for speech: a soft note for each word, as high as the voice."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

MIME = "audio/L16;codec=pcm;rate=24000"
RATE = 24_000
TOKENS_PER_S = 25  # the recording: 20 for 0.8 s
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
    count = RATE // 4
    step = 2 * math.pi * hertz / RATE
    samples = (
        round(9000 * math.sin(step * i) * math.sin(math.pi * i / count)) for i in range(count)
    )
    return struct.pack(f"<{count}h", *samples)
