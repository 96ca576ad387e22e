"""The voices that read aloud.

Source: https://ai.google.dev/gemini-api/docs/speech-generation ("Voice options"), 2026-11-25.
"""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT_VOICE = "Kore"
SECOND_VOICE = "Puck"

VOICES: Mapping[str, str] = {
    "Zephyr": "Bright",
    "Puck": "Upbeat",
    "Charon": "Informative",
    "Kore": "Firm",
    "Fenrir": "Excitable",
    "Leda": "Youthful",
    "Orus": "Firm",
    "Aoede": "Breezy",
    "Callirrhoe": "Easy-going",
    "Autonoe": "Bright",
    "Enceladus": "Breathy",
    "Iapetus": "Clear",
    "Umbriel": "Easy-going",
    "Algieba": "Smooth",
    "Despina": "Smooth",
    "Erinome": "Clear",
    "Algenib": "Gravelly",
    "Rasalgethi": "Informative",
    "Laomedeia": "Upbeat",
    "Achernar": "Soft",
    "Alnilam": "Firm",
    "Schedar": "Even",
    "Gacrux": "Mature",
    "Pulcherrima": "Forward",
    "Achird": "Friendly",
    "Zubenelgenubi": "Casual",
    "Vindemiatrix": "Gentle",
    "Sadachbia": "Lively",
    "Sadaltager": "Knowledgeable",
    "Sulafat": "Warm",
}
"""A voice's name, and its character in a word."""


def another_voice(voice: str) -> str:
    """A voice for the other speaker of a dialogue."""
    return SECOND_VOICE if voice != SECOND_VOICE else DEFAULT_VOICE


def is_voice(name: str) -> bool:
    return name in VOICES
