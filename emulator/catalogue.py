"""The models this emulator knows, in the shape of Google's model list.

Source: the recording ``models-list--rig--list-models-smoke`` and the error recordings; for what
came after them Google's documentation, as quoted in public, read on 2026-11-28:

* Gemini 4: docs.cloud.google.com/gemini-enterprise-agent-platform/models (limits, levels of Argon
  and Carbon), cursor.com/docs/models/gemini-4-hydrogen, and docs.laozhang.ai (Neon).
* Nano Banana 2.1 and speech of 3.8: ai.google.dev/gemini-api/docs/changelog and /models.
* Which have no free tier: ai.google.dev/gemini-api/docs/pricing as of 2026-10-22.

The literal id ``gemini-3-flash`` is no model at Google, so it is none here. No version is Google's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GOOGLE_TOOLS = frozenset({"googleSearch", "codeExecution", "urlContext", "googleMaps"})
_NO_MINIMAL = frozenset({"gemini-3.8-flash", "gemini-flash-latest"})  # the second is the first
_XHIGH = frozenset({"gemini-4-hydrogen", "gemini-4-neon"})
_BILLED = frozenset(
    {"gemini-4-argon", "gemini-4-carbon", "gemini-4-neon", "gemini-3.1-pro-preview"}
    | {"gemini-pro-latest"}
)
_WITH_SIGNATURES = ("gemini-3", "gemini-4", "gemini-nano-banana")
_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
_TALL_RATIOS = ("1:4", "4:1", "1:8", "8:1")
# Tokens of a picture by size, of models whose id begins so. 512 is of Nano Banana 2 alone:
# tanstack/ai, release of 2026-10-07, and docs.laozhang.ai/en/api-capabilities/
# nano-banana-2-1-image; its price per picture, 0.0336 to 0.1134 US dollars at 30 per million:
# inference.sh, 2026-11-06. The Lite model draws 1K alone:
# ai.google.dev/gemini-api/docs/models/gemini-3.1-flash-lite-image.
_IMAGE_TOKENS = {
    "gemini-nano-banana": {"1K": 1120, "2K": 1680, "4K": 3780},
    "gemini-3-pro-image": {"1K": 1120, "2K": 1120, "4K": 2000},
    "gemini-3.1-flash-lite-image": {"1K": 1120},
    "gemini-3.1-flash-image": {"512": 747, "1K": 1120, "2K": 1680, "4K": 2520},
    "gemini-2.5": {},
}
_IMAGE_TOKENS_OF_OTHERS = {"1K": 1120, "2K": 1680, "4K": 2520}


@dataclass(frozen=True)
class Model:
    """One model and what it makes: kind is "chat", "image", "speech" or "embedding"."""

    id: str
    label: str
    kind: str = "chat"
    input_limit: int = 1_048_576
    output_limit: int = 65_536
    thinking: bool = True

    @property
    def is_gemini_3(self) -> bool:
        """Whether calls carry ids and answers carry thought signatures: since Gemini 3."""
        return self.id.startswith(_WITH_SIGNATURES) or self.id.endswith("-latest")

    @property
    def takes_speech_metadata(self) -> bool:
        """Whether speaker and style stand beside the words it reads: since 3.8."""
        return self.kind == "speech" and self.id.startswith("gemini-3.8")

    @property
    def needs_billing(self) -> bool:
        """Whether it has no free tier."""
        return self.kind == "image" or self.id in _BILLED

    @property
    def thinks(self) -> bool:
        if not self.thinking:
            return False
        return self.kind == "chat" or (self.kind in ("image", "speech") and self.is_gemini_3)

    @property
    def always_thinks(self) -> bool:
        """Whether a thinking budget of nought is refused."""
        return self.kind == "chat" and "pro" in self.id.split("-")

    @property
    def thinking_levels(self) -> tuple[str, ...]:
        """The levels that are taken; MINIMAL to HIGH unless Google refuses some or knows more.

        Source: ai.google.dev, "Thinking levels", and probes of each model published in 2026-09.
        """
        if self.id.startswith("gemini-nano-banana"):
            return ("MINIMAL", "MEDIUM", "HIGH")
        if self.id.startswith("gemini-4"):
            return ("LOW", "MEDIUM", "HIGH", *(("XHIGH",) if self.id in _XHIGH else ()))
        if self.kind == "image":
            return ("MINIMAL", "HIGH") if "flash" in self.id else ("LOW", "MEDIUM", "HIGH")
        minimal = () if self.always_thinks or self.id in _NO_MINIMAL else ("MINIMAL",)
        return (*minimal, "LOW", "MEDIUM", "HIGH")

    @property
    def google_tools(self) -> frozenset[str]:
        """Those of Google's own tools that can be used with this model."""
        if self.kind == "chat":
            return GOOGLE_TOOLS
        searches = self.kind == "image" and self.is_gemini_3 and "lite" not in self.id
        return frozenset({"googleSearch"} if searches else ())

    @property
    def image_tokens(self) -> dict[str, int]:
        """The sizes of pictures it draws, with the tokens of each; none before Gemini 3."""
        families = _IMAGE_TOKENS.items()
        return next(
            (sizes for family, sizes in families if self.id.startswith(family)),
            _IMAGE_TOKENS_OF_OTHERS,
        )

    @property
    def image_ratios(self) -> tuple[str, ...]:
        """The shapes of pictures it draws."""
        draws_tall = self.id.startswith(("gemini-nano-banana", "gemini-3.1-flash-image"))
        return _RATIOS + (_TALL_RATIOS if draws_tall else ())

    def listed(self) -> dict[str, Any]:
        """This model as an entry of ``GET models``, as far as the product reads it."""
        embeds = self.kind == "embedding"
        entry: dict[str, Any] = {
            "name": f"models/{self.id}",
            "version": "001",
            "displayName": self.label,
            "description": f"{self.label} (emulated: no model of Google's answers here)",
            "inputTokenLimit": self.input_limit,
            "outputTokenLimit": self.output_limit,
            "supportedGenerationMethods": ["embedContent" if embeds else "generateContent"],
        }
        return entry | ({"thinking": True} if self.thinks else {})


def _image(id: str, label: str, window: int = 65_536, output: int = 65_536) -> Model:
    return Model(id, label, "image", window, output)


def _speech(id: str, label: str) -> Model:
    return Model(id, label, "speech", 8_192, 16_384)


MODELS: tuple[Model, ...] = (
    Model("gemini-2.5-flash", "Gemini 2.5 Flash"),
    Model("gemini-2.5-pro", "Gemini 2.5 Pro"),
    Model("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"),
    _speech("gemini-2.5-flash-preview-tts", "Gemini 2.5 Flash Preview TTS"),
    _speech("gemini-2.5-pro-preview-tts", "Gemini 2.5 Pro Preview TTS"),
    _image("gemini-2.5-flash-image", "Nano Banana", 32_768, 32_768),
    Model("gemini-flash-latest", "Gemini Flash Latest"),
    Model("gemini-flash-lite-latest", "Gemini Flash-Lite Latest"),
    Model("gemini-pro-latest", "Gemini Pro Latest"),
    Model("gemini-3-flash-preview", "Gemini 3 Flash Preview"),
    Model("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview"),
    Model("gemini-3.1-flash-lite", "Gemini 3.1 Flash Lite"),
    _speech("gemini-3.1-flash-tts-preview", "Gemini 3.1 Flash TTS Preview"),
    _image("gemini-3-pro-image-preview", "Nano Banana Pro", 131_072, 32_768),
    _image("gemini-3-pro-image", "Nano Banana Pro", 131_072, 32_768),
    _image("gemini-3.1-flash-image-preview", "Nano Banana 2"),
    _image("gemini-3.1-flash-image", "Nano Banana 2"),
    _image("gemini-3.1-flash-lite-image", "Nano Banana 2 Lite"),
    Model("gemini-3.5-flash", "Gemini 3.5 Flash"),
    Model("gemini-3.5-flash-lite", "Gemini 3.5 Flash Lite"),
    Model("gemini-3.6-flash", "Gemini 3.6 Flash"),
    Model("gemini-3.7-flash", "Gemini 3.7 Flash"),
    Model("gemini-3.8-flash", "Gemini 3.8 Flash"),
    _speech("gemini-3.8-flash-tts", "Gemini 3.8 Flash TTS"),
    _speech("gemini-3.8-flash-lite-tts", "Gemini 3.8 Flash-Lite TTS"),
    _image("gemini-nano-banana-2.1", "Nano Banana 2.1"),
    Model("gemini-4-argon", "Gemini 4 Argon"),
    Model("gemini-4-carbon", "Gemini 4 Carbon"),
    Model("gemini-4-hydrogen", "Gemini 4 Hydrogen"),
    Model("gemini-4-neon", "Gemini 4 Neon"),
    # Listed, and without an answer here: a client has to see that by its methods.
    Model("gemini-embedding-2", "Gemini Embedding 2", "embedding", 8_192, 1),
)

BY_ID = {model.id: model for model in MODELS}
KINDS = ("chat", "image", "speech", "embedding")


class Models(dict[str, Model]):
    """The models of one emulator by id: the list above, and what was published since it began."""

    def __init__(self) -> None:
        super().__init__(BY_ID)

    def publish(self, fields: dict[str, Any]) -> Model:
        """Add a model, as Google would tomorrow.

        Args:
            fields: those of ``Model``; ``id`` must be there.

        Raises:
            TypeError: unknown fields. ValueError: no id, or an unknown kind.
        """
        model = Model(**{"label": str(fields.get("id", "")), **fields})
        if not model.id or model.kind not in KINDS:
            raise ValueError(f"a model has an id and a kind among {', '.join(KINDS)}")
        self[model.id] = model
        return model
