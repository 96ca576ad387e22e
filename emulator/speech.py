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
    return name.lower() in _PLACES


def voice_of(config: dict[str, Any]) -> str:
    """The voice a ``voiceConfig`` names; the usual one if it names none."""
    prebuilt = config.get("prebuiltVoiceConfig") or {}
    return str(prebuilt.get("voiceName") or DEFAULT_VOICE)


def speakers_of(speech: dict[str, Any]) -> dict[str, str]:
    """The voice of each speaker in a ``speechConfig`` for several."""
    several = speech.get("multiSpeakerVoiceConfig") or {}
    return {
        str(one.get("speaker")): voice_of(one.get("voiceConfig") or {})
        for one in several.get("speakerVoiceConfigs") or []
    }


def spoken(parts: list[dict[str, Any]], speech: dict[str, Any]) -> bytes:
    """Headerless 16-bit mono sound at 24 kHz, four seconds at most.

    With several speakers a part is said in the voice of its own speaker, or a line that begins
    with ``Name:`` in that one's.
    """
    usual = voice_of(speech.get("voiceConfig") or {})
    speakers = speakers_of(speech)
    said: list[tuple[str, str]] = []
    for part in parts:
        speaker = str((part.get("speechMetadata") or {}).get("speaker") or "")
        said += _words(str(part.get("text") or ""), speakers, speakers.get(speaker, usual))
    notes = (_note(_pitch(word, voice)) for word, voice in said[:_MAX_WORDS])
    return b"".join(notes) or _note(_SCALE_HZ[0])


def _words(text: str, speakers: dict[str, str], usual: str) -> Iterator[tuple[str, str]]:
    """Each word, and whose voice says it."""
    for line in text.splitlines():
        found = re.match(r"\s*([^:\n]{1,40}):\s", line)
        voice = speakers.get(found[1].strip()) if found else None
        words = line[found.end() :] if found and voice else line
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
