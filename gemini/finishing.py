"""Why an answer ended: Gemini's finish and block reasons in our words.

Source: the enums ``FinishReason`` and ``BlockedReason`` of google-genai 3.4.0, and
https://ai.google.dev/api/generate-content, read on 2026-11-28.
"""

from __future__ import annotations

import re

from gemini.errors import GeminiError

WHOLE = "STOP"
CUT = "MAX_TOKENS"
GOES_ON = "CONTINUATION"

_PROHIBITED = (
    "blocked",
    "Google stopped this answer: its policy prohibits such content. Ask for something else.",
)
_TERMS = (
    "blocked",
    "Google stopped this answer because of a term on its blocklist. Put the question differently.",
)
_PERSONAL = (
    "blocked",
    "Gemini stopped because the answer may hold sensitive personal data, such as card or passport "
    "numbers. Ask without them.",
)
_IMAGE_SAFETY = (
    "blocked",
    "Gemini's safety rules stopped this picture. Describe it differently.",
)
_ARMOR = (
    "blocked",
    "A filter of the key's project at Google (Model Armor) stopped this answer. Put the question "
    "differently, or ask whoever set the filter up.",
)
_CALL = (
    "upstream_error",
    "Gemini began to use a tool and got it wrong. Try again.",
)

FINISHES: dict[str, tuple[str, str | None]] = {
    "SAFETY": ("blocked", None),
    "RECITATION": ("recitation", None),
    "LANGUAGE": ("language", None),
    "BLOCKLIST": _TERMS,
    "PROHIBITED_CONTENT": _PROHIBITED,
    "SPII": _PERSONAL,
    "MODEL_ARMOR": _ARMOR,
    "ESCALATION": (
        "blocked",
        "A rule of Google's for sensitive subjects stopped this answer. Put the question "
        "differently.",
    ),
    "PUP_LIMITED_DISABLED": (
        "key_blocked",
        "Google has limited the account behind this key, because it finds its use policy broken. "
        "Look into Google AI Studio, or choose another key.",
    ),
    "IMAGE_SAFETY": _IMAGE_SAFETY,
    "IMAGE_PROHIBITED_CONTENT": (
        "blocked",
        "Google stopped this picture: its policy prohibits such content. Ask for another picture.",
    ),
    "IMAGE_RECITATION": (
        "recitation",
        "Gemini stopped because the picture came too close to a published one. Describe another.",
    ),
    "IMAGE_OTHER": ("no_image", None),
    "NO_IMAGE": ("no_image", None),
    "MALFORMED_FUNCTION_CALL": _CALL,
    "UNEXPECTED_TOOL_CALL": _CALL,
    "TOO_MANY_TOOL_CALLS": (
        "stopped",
        "Gemini used its tools too many times and stopped before it had an answer. Ask for less "
        "at once, or switch tools off.",
    ),
    "MISSING_THOUGHT_SIGNATURE": ("history_refused", None),
    "MALFORMED_RESPONSE": (
        "upstream_error",
        "Gemini wrote an answer that it could not finish properly. Try again.",
    ),
    "OTHER": ("stopped", None),
    "FINISH_REASON_UNSPECIFIED": ("stopped", None),
}
_QUESTION = "Gemini's safety rules stopped this question. Put it differently."
_UNSPECIFIED = (
    "blocked",
    "Google does not answer this question and does not say why. Put it differently.",
)
BLOCKS: dict[str, tuple[str, str | None]] = {
    "SAFETY": ("blocked", _QUESTION),
    "BLOCKLIST": (
        "blocked",
        "Google does not answer this question because of a term on its blocklist. Put it "
        "differently.",
    ),
    "PROHIBITED_CONTENT": (
        "blocked",
        "Google does not answer this question: its policy prohibits such content. Ask for "
        "something else.",
    ),
    "IMAGE_SAFETY": (
        "blocked",
        "Gemini's safety rules stopped this question because of a picture in it, or the picture "
        "it asks for. Ask without it.",
    ),
    "MODEL_ARMOR": (
        "blocked",
        "A filter of the key's project at Google (Model Armor) stopped this question. Put it "
        "differently, or ask whoever set the filter up.",
    ),
    "JAILBREAK": (
        "blocked",
        "Google takes this question for an attempt to get around Gemini's rules. Put it "
        "differently.",
    ),
    "OTHER": (
        "blocked",
        "Google does not answer this question and does not say why: it may be its content or its "
        "language. Put it differently.",
    ),
    "BLOCKED_REASON_UNSPECIFIED": _UNSPECIFIED,
    "BLOCK_REASON_UNSPECIFIED": _UNSPECIFIED,  # as the API's reference calls it
}
# What a message says where the reason says nothing, or is not known here.
_WORDS = (
    (re.compile(r"recit|copyright|published", re.IGNORECASE), "RECITATION"),
    (re.compile(r"prohibited|policy|violat", re.IGNORECASE), "PROHIBITED_CONTENT"),
    (re.compile(r"safety|harm|unsafe", re.IGNORECASE), "SAFETY"),
    (re.compile(r"language", re.IGNORECASE), "LANGUAGE"),
    (re.compile(r"personal(?:ly)? |\bspii\b|\bpii\b", re.IGNORECASE), "SPII"),
    (re.compile(r"thought.?signature", re.IGNORECASE), "MISSING_THOUGHT_SIGNATURE"),
)
_VAGUE = (
    *("OTHER", "FINISH_REASON_UNSPECIFIED"),
    *("BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED"),
)
_UNSAFE = re.compile(r"[^A-Z0-9_]+")
NAME_CHARS = 40


def finish_error(reason: str, message: str = "") -> GeminiError:
    """Why an answer is not whole; ``message`` is Google's, and read only."""
    known = FINISHES.get(reason)
    if known is None or reason in _VAGUE:
        known = FINISHES.get(_in_words(message), known)
    if known is None:
        sentence = f"Gemini stopped for a reason that is new to this server: {_safe(reason)}."
        known = ("stopped", f"{sentence} Ask again, or put the question differently.")
    return GeminiError(*known)


def block_error(reason: str, message: str = "") -> GeminiError:
    """Why a question was not answered at all; ``message`` is Google's, and read only."""
    known = BLOCKS.get(reason)
    if known is None or reason in _VAGUE:
        known = BLOCKS.get(_in_words(message), known)
    if known is None:
        sentence = f"Google does not answer this question: {_safe(reason)}, a reason new to this"
        known = ("blocked", f"{sentence} server. Put it differently.")
    return GeminiError(*known)


def _in_words(message: str) -> str:
    return next((reason for words, reason in _WORDS if words.search(message)), "")


def _safe(reason: str) -> str:
    """A reason's name as it can be shown, whatever stood in its place."""
    return _UNSAFE.sub("_", reason.upper()).strip("_")[:NAME_CHARS] or "no reason given"
