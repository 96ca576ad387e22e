"""The models this server knows by itself, best first among those of a kind; and those that end.

What it does not know comes from Google's list of models for a key: see ``catalogue.ModelList``.
Each entry names its source and the day it was read. General sources:

* models, thinking, tools: https://ai.google.dev/gemini-api/docs/models and /thinking
* the free tier: https://ai.google.dev/gemini-api/docs/pricing, as quoted on 2026-10-22 by
  https://apidog.com/blog/gemini-api-free-tier/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from gemini.model_info import ModelInfo, Pictures, Shutdown, Speech
from gemini.voices import VOICES

_DOCS = "https://ai.google.dev/gemini-api/docs/models/"
_CLOUD = "https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/gemini/"
_READ = "2026-11-28"
_LOW_TO_HIGH = ("low", "medium", "high")
_TO_XHIGH = (*_LOW_TO_HIGH, "xhigh")
_FROM_MINIMAL = ("minimal", *_LOW_TO_HIGH)
_RATIOS_10 = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
_RATIOS_14 = (*_RATIOS_10, "1:4", "4:1", "1:8", "8:1")
_VOICES_8K = {"tools": (), "thinks": False, "window_tokens": 8_192, "output_tokens": 16_384}

CHAT: tuple[ModelInfo, ...] = (
    ModelInfo(
        "gemini-3-flash",
        "gemini-3.8-flash",
        "Gemini 3 Flash",
        "Fast and capable; right for most questions.",
        thinking=_LOW_TO_HIGH,  # it answers "minimal" with an error, unlike those before it
        needs_billing=False,
        current=True,
        since="2026-09-02",
        source=f"{_DOCS}gemini-3.8-flash",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-4-hydrogen",
        "gemini-4-hydrogen",
        "Gemini 4 Hydrogen",
        "The fast one of the newest family; for everyday work in many steps.",
        thinking=_TO_XHIGH,
        needs_billing=False,
        current=True,
        since="2026-11-12",
        source="https://apidog.com/blog/gemini-4-hydrogen-api/ (quotes Google's page)",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-4-argon",
        "gemini-4-argon",
        "Gemini 4 Argon",
        "For hard problems in engineering and research, with long answers.",
        thinking=_LOW_TO_HIGH,
        needs_billing=True,
        current=True,
        since="2026-10-13",
        source="https://ai.google.dev/gemini-api/docs/generate-content/latest-model",
        checked_on=_READ,
        note="The pricing page of 2026-10-22 has no free tier for it; the changelog does not say.",
    ),
    ModelInfo(
        "gemini-4-carbon",
        "gemini-4-carbon",
        "Gemini 4 Carbon",
        "Reasons deepest at the price of Argon; for code, proofs and law.",
        thinking=_LOW_TO_HIGH,
        needs_billing=True,
        current=True,
        since="2026-11-10",
        source=f"{_CLOUD}4-carbon",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-4-neon",
        "gemini-4-neon",
        "Gemini 4 Neon",
        "The strongest and dearest; for what no other one solves.",
        thinking=_TO_XHIGH,
        needs_billing=True,
        current=True,
        since="2026-11-18",
        source="https://docs.laozhang.ai/en/announcements/gemini-4-neon-2026-11 (quotes Google)",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-3-pro",
        "gemini-3.1-pro-preview",
        "Gemini 3 Pro",
        "Slower and dearer; for hard problems and long work.",
        state="preview",
        thinking=_LOW_TO_HIGH,
        needs_billing=True,
        current=True,
        since="2026-02-19",
        source=f"{_DOCS}gemini-3.1-pro-preview",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-3-flash-lite",
        "gemini-3.5-flash-lite",
        "Gemini 3 Flash-Lite",
        "The cheapest; for short and simple questions.",
        thinking=_FROM_MINIMAL,
        needs_billing=False,
        current=True,
        since="2026-07-21",
        source=f"{_DOCS}gemini-3.5-flash-lite",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-3.6-flash",
        "gemini-3.6-flash",
        "Gemini 3.6 Flash",
        "The Flash of July 2026; choose Gemini 3 Flash where nothing speaks against it.",
        thinking=_FROM_MINIMAL,
        needs_billing=False,
        since="2026-07-21",
        source=f"{_DOCS}gemini-3.6-flash",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-3.1-flash-lite",
        "gemini-3.1-flash-lite",
        "Gemini 3.1 Flash-Lite",
        "The Flash-Lite of May 2026; a little cheaper than its successor.",
        thinking=_FROM_MINIMAL,
        needs_billing=False,
        since="2026-05-07",
        source=f"{_DOCS}gemini-3.1-flash-lite",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-2.5-pro",
        "gemini-2.5-pro",
        "Gemini 2.5 Pro",
        "The Pro of 2025, for those who have used it already.",
        state="deprecated",
        thinking=_FROM_MINIMAL,
        since="2025-06-17",
        source="https://ai.google.dev/gemini-api/docs/deprecations",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-2.5-flash",
        "gemini-2.5-flash",
        "Gemini 2.5 Flash",
        "The Flash of 2025.",
        state="deprecated",
        thinking=_FROM_MINIMAL,
        since="2025-06-17",
        source="https://ai.google.dev/gemini-api/docs/deprecations",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-2.5-flash-lite",
        "gemini-2.5-flash-lite",
        "Gemini 2.5 Flash-Lite",
        "The Flash-Lite of 2025; the cheapest of all.",
        thinking=_FROM_MINIMAL,
        needs_billing=False,
        since="2025-07-22",
        source="https://ai.google.dev/gemini-api/docs/deprecations",
        checked_on=_READ,
        note="Google: not deprecated, available until further notice (2026-11-10).",
    ),
)

IMAGE: tuple[ModelInfo, ...] = (
    ModelInfo(
        "gemini-3-image",
        "gemini-nano-banana-2.1",
        "Nano Banana 2.1",
        "Makes and edits pictures.",
        "image",
        tools=(),
        thinking=("minimal", "medium", "high"),
        window_tokens=65_536,
        output_tokens=32_768,
        needs_billing=True,
        current=True,
        pictures=Pictures(_RATIOS_14, {"1K": 1_120, "2K": 1_680, "4K": 3_780}, references=14),
        since="2026-10-06",
        source=f"{_DOCS}gemini-nano-banana-2.1",
        checked_on=_READ,
        note="Tokens of 1K and 4K follow from prices per picture, of 2K from a reseller's.",
    ),
    ModelInfo(
        "gemini-3-pro-image",
        "gemini-3-pro-image",
        "Nano Banana Pro",
        "Makes and edits pictures with difficult layouts; dearer.",
        "image",
        tools=(),
        window_tokens=131_072,
        output_tokens=32_768,
        needs_billing=True,
        current=True,
        pictures=Pictures(_RATIOS_10, {"1K": 1_120, "2K": 1_120, "4K": 2_000}, references=14),
        since="2026-05-28",
        source="https://ai.google.dev/gemini-api/docs/deprecations (no shutdown date announced)",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-3.1-flash-lite-image",
        "gemini-3.1-flash-lite-image",
        "Nano Banana 2 Lite",
        "Makes simple pictures quickly.",
        "image",
        tools=(),
        thinking=("minimal", "high"),
        window_tokens=65_536,
        output_tokens=32_768,
        needs_billing=True,
        current=True,
        pictures=Pictures(_RATIOS_10, {"1K": 1_120}, references=14),
        since="2026-06-30",
        source="https://ai.google.dev/gemini-api/docs/changelog",
        checked_on=_READ,
    ),
    ModelInfo(
        "gemini-3.1-flash-image",
        "gemini-3.1-flash-image",
        "Nano Banana 2",
        "Makes and edits pictures; Nano Banana 2.1 has replaced it.",
        "image",
        state="deprecated",
        tools=(),
        thinking=("minimal", "high"),
        window_tokens=65_536,
        output_tokens=65_536,
        needs_billing=True,
        pictures=Pictures(
            _RATIOS_14, {"512": 747, "1K": 1_120, "2K": 1_680, "4K": 2_520}, references=14
        ),
        since="2026-05-28",
        source="https://ai.google.dev/gemini-api/docs/changelog",
        checked_on=_READ,
    ),
)

SPEECH: tuple[ModelInfo, ...] = (
    ModelInfo(
        "gemini-3-speech",
        "gemini-3.8-flash-tts",
        "Gemini 3.8 Flash TTS",
        "Reads text aloud, as one or two speakers, in the style asked for.",
        "speech",
        current=True,
        speech=Speech(VOICES, speakers=2, style="metadata"),
        since="2026-09-22",
        source="https://ai.google.dev/gemini-api/docs/changelog",
        checked_on=_READ,
        **_VOICES_8K,  # type: ignore[arg-type]  # of several types, each right for its name
    ),
    ModelInfo(
        "gemini-3.8-flash-lite-tts",
        "gemini-3.8-flash-lite-tts",
        "Gemini 3.8 Flash-Lite TTS",
        "Reads text aloud, quickly and cheaply.",
        "speech",
        current=True,
        speech=Speech(VOICES, speakers=2, style="metadata"),
        since="2026-09-22",
        source=f"{_DOCS}gemini-3.8-flash-lite-tts",
        checked_on=_READ,
        **_VOICES_8K,  # type: ignore[arg-type]
    ),
    ModelInfo(
        "gemini-3.1-flash-tts-preview",
        "gemini-3.1-flash-tts-preview",
        "Gemini 3.1 Flash TTS",
        "Reads text aloud; the models of 3.8 have replaced it.",
        "speech",
        state="preview",
        speech=Speech(VOICES, speakers=2, style="prompt"),
        source="https://ai.google.dev/gemini-api/docs/speech-generation",
        checked_on=_READ,
        **_VOICES_8K,  # type: ignore[arg-type]
    ),
    ModelInfo(
        "gemini-2.5-flash-preview-tts",
        "gemini-2.5-flash-preview-tts",
        "Gemini 2.5 Flash TTS",
        "Reads text aloud; the voice of 2025.",
        "speech",
        state="preview",
        speech=Speech(VOICES, speakers=2, style="prompt"),
        source="https://ai.google.dev/gemini-api/docs/speech-generation",
        checked_on=_READ,
        **_VOICES_8K,  # type: ignore[arg-type]
    ),
)

KNOWN: tuple[ModelInfo, ...] = (*CHAT, *IMAGE, *SPEECH)


_DEPRECATIONS = "https://ai.google.dev/gemini-api/docs/deprecations"
_CHANGELOG = "https://ai.google.dev/gemini-api/docs/changelog"
_END_OF_25 = (
    "https://dev.to/aideprecations/"
    "what-to-do-before-gemini-25-pro-and-25-flash-are-retired-on-december-1-2026-5gg9"
)

_FAMILIES: tuple[tuple[str, str, str, str, str], ...] = (
    # ids, first day without them, what replaces them, source, read on
    (
        "gemini-1.0-pro gemini-1.0-pro-001 gemini-1.0-pro-latest gemini-1.0-pro-vision-latest",
        "2025-02-15",
        "gemini-3-flash-lite",
        _CHANGELOG,
        "2026-11-10",
    ),
    (
        "gemini-1.5-pro gemini-1.5-pro-001 gemini-1.5-pro-002 gemini-1.5-pro-latest",
        "2025-09-29",
        "gemini-3-flash",
        _CHANGELOG,
        "2026-11-10",
    ),
    (
        "gemini-1.5-flash gemini-1.5-flash-001 gemini-1.5-flash-002 gemini-1.5-flash-latest "
        "gemini-1.5-flash-8b gemini-1.5-flash-8b-001 gemini-1.5-flash-8b-latest",
        "2025-09-29",
        "gemini-3-flash-lite",
        _CHANGELOG,
        "2026-11-10",
    ),
    (
        "gemini-2.0-flash gemini-2.0-flash-001 gemini-2.0-flash-lite gemini-2.0-flash-lite-001",
        "2026-06-01",
        "gemini-3-flash-lite",
        _CHANGELOG,
        "2026-11-28",
    ),
    (
        "gemini-2.0-flash-preview-image-generation gemini-2.5-flash-image-preview",
        "2026-01-15",
        "gemini-3-image",
        _CHANGELOG,
        "2026-11-28",
    ),
    (
        "gemini-2.5-pro-preview-03-25 gemini-2.5-pro-preview-05-06 gemini-2.5-pro-preview-06-05",
        "2025-12-02",
        "gemini-3-flash",
        _DEPRECATIONS,
        "2026-11-28",
    ),
    (
        "gemini-2.5-flash-preview-09-2025 gemini-2.5-flash-preview-09-25",
        "2026-02-17",
        "gemini-3-flash-lite",
        _CHANGELOG,
        "2026-11-28",
    ),
    ("gemini-3-pro-preview", "2026-03-09", "gemini-3-pro", _DEPRECATIONS, "2026-11-28"),
    (
        "gemini-3.1-flash-lite-preview",
        "2026-05-25",
        "gemini-3.1-flash-lite",
        _CHANGELOG,
        "2026-11-28",
    ),
    (
        "gemini-3.1-flash-image-preview gemini-3-pro-image-preview",
        "2026-06-25",
        "gemini-3-image",
        _DEPRECATIONS,
        "2026-11-28",
    ),
    # These two still answer, as their successors: Google sends the requests on.
    ("gemini-3.5-flash", "2026-10-08", "gemini-3.6-flash", _CHANGELOG, "2026-11-28"),
    ("gemini-3.7-flash", "2026-10-08", "gemini-3-flash", _CHANGELOG, "2026-11-28"),
    ("gemini-2.5-pro", "2026-12-01", "gemini-3-flash", _END_OF_25, "2026-11-28"),
    ("gemini-2.5-flash", "2026-12-01", "gemini-3-flash-lite", _END_OF_25, "2026-11-28"),
)


def _shutdowns() -> Iterator[tuple[str, Shutdown]]:
    for ids, on, replacement, source, read_on in _FAMILIES:
        end = Shutdown(date.fromisoformat(on), replacement, source, read_on)
        yield from ((api_id, end) for api_id in ids.split())


SHUTDOWNS: Mapping[str, Shutdown] = {
    **dict(_shutdowns()),
    "gemini-2.5-flash-image": Shutdown(
        date(2026, 10, 2),
        "gemini-3-image",
        _DEPRECATIONS,
        "2026-11-28",
        "A reseller of 2026-10 writes that it still answers past its day.",
    ),
    "gemini-3.1-flash-image": Shutdown(
        None,
        "gemini-3-image",
        _CHANGELOG,
        "2026-11-28",
        "Google's changelog of 2026-10-06: deprecated, no date. LiteLLM "
        "(https://github.com/BerriAI/litellm/discussions/44983) says 2026-10-29.",
    ),
    "gemini-3.1-flash-lite": Shutdown(
        date(2027, 5, 7),
        "gemini-3-flash-lite",
        _DEPRECATIONS,
        "2026-11-28",
        "The earliest possible day, as the page says of all its dates.",
    ),
}
