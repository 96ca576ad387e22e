"""The models this emulator knows, in the shape of Google's model list.

Source: the recording ``models-list--rig--list-models-smoke`` and the error recordings; for what
came after them Google's documentation, as quoted in public, read on 2026-11-28:

* Gemini 4: docs.cloud.google.com/gemini-enterprise-agent-platform/models (limits, levels of Argon
  and Carbon), cursor.com/docs/models/gemini-4-hydrogen, and docs.laozhang.ai (Neon).
* Nano Banana 2.1 and speech of 3.8: ai.google.dev/gemini-api/docs/changelog and /models.
* Which have no free tier: ai.google.dev/gemini-api/docs/pricing as of 2026-10-22.

The literal id ``gemini-3-flash`` is no model at Google, so it is none here. Guessed: the versions
of models that are in no recording.
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


@dataclass(frozen=True)
class Model:
    """One model and what it makes: kind is "chat", "image", "speech" or "embedding"."""

    id: str
    label: str
    kind: str = "chat"
    version: str = "001"
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
    def most_output(self) -> int:
        """The most that one answer may have, in as many requests as it takes ("long decode").

        Source: ai.google.dev/gemini-api/docs/generate-content/long-decode, for Gemini 4 Argon.
        """
        return self.input_limit if self.id.startswith("gemini-4") else self.output_limit

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
    def methods(self) -> list[str]:
        if self.kind == "embedding":
            return ["embedContent", "countTextTokens", "countTokens", "asyncBatchEmbedContent"]
        if self.kind == "speech":
            both = ["generateContent", "countTokens"]
            batch = [] if self.id == "gemini-2.5-flash-preview-tts" else ["batchGenerateContent"]
            return (both if self.is_gemini_3 else both[::-1]) + batch
        if self.kind == "image":
            return ["generateContent", "countTokens", "batchGenerateContent"]
        if self.id.startswith("gemini-4"):  # they cache by themselves only
            return ["generateContent", "countTokens", "batchGenerateContent"]
        return ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"]

    def listed(self) -> dict[str, Any]:
        """This model as an entry of ``GET models``."""
        entry: dict[str, Any] = {
            "name": f"models/{self.id}",
            "version": self.version,
            "displayName": self.label,
            "description": f"{self.label} (emulated: no model of Google's answers here)",
            "inputTokenLimit": self.input_limit,
            "outputTokenLimit": self.output_limit,
            "supportedGenerationMethods": self.methods,
        }
        if self.kind != "embedding":
            hottest = 1 if self.kind == "image" else 2
            entry |= {"temperature": 1, "topP": 0.95, "topK": 64, "maxTemperature": hottest}
        if self.thinks:
            entry["thinking"] = True
        return entry


_WIDE = (131_072, 32_768)


def _image(id: str, label: str, version: str = "3.0", window: tuple[int, int] = _WIDE) -> Model:
    return Model(id, label, "image", version, *window)


def _speech(id: str, label: str) -> Model:
    return Model(id, label, kind="speech", input_limit=8_192, output_limit=16_384)


MODELS: tuple[Model, ...] = (
    Model("gemini-2.5-flash", "Gemini 2.5 Flash"),
    Model("gemini-2.5-pro", "Gemini 2.5 Pro", version="2.5"),
    Model("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite"),
    _speech("gemini-2.5-flash-preview-tts", "Gemini 2.5 Flash Preview TTS"),
    _speech("gemini-2.5-pro-preview-tts", "Gemini 2.5 Pro Preview TTS"),
    _image("gemini-2.5-flash-image", "Nano Banana", "2.0", (32_768, 32_768)),
    Model("gemini-flash-latest", "Gemini Flash Latest"),
    Model("gemini-flash-lite-latest", "Gemini Flash-Lite Latest"),
    Model("gemini-pro-latest", "Gemini Pro Latest"),
    Model("gemini-3-flash-preview", "Gemini 3 Flash Preview", version="3-flash-preview-12-2025"),
    Model("gemini-3.1-pro-preview", "Gemini 3.1 Pro Preview", version="3.1-pro-preview-01-2026"),
    Model("gemini-3.1-flash-lite", "Gemini 3.1 Flash Lite", version="3.1-flash-lite-05-2026"),
    _speech("gemini-3.1-flash-tts-preview", "Gemini 3.1 Flash TTS Preview"),
    _image("gemini-3-pro-image-preview", "Nano Banana Pro"),
    _image("gemini-3-pro-image", "Nano Banana Pro"),
    _image("gemini-3.1-flash-image-preview", "Nano Banana 2", window=(65_536, 65_536)),
    _image("gemini-3.1-flash-image", "Nano Banana 2", window=(65_536, 65_536)),
    _image("gemini-3.1-flash-lite-image", "Nano Banana 2 Lite", window=(65_536, 65_536)),
    Model("gemini-3.5-flash", "Gemini 3.5 Flash", version="3.5-flash-05-2026"),
    Model("gemini-3.5-flash-lite", "Gemini 3.5 Flash Lite", version="3.5-flash-lite-07-2026"),
    Model("gemini-3.6-flash", "Gemini 3.6 Flash", version="3.6-flash-07-2026"),
    Model("gemini-3.7-flash", "Gemini 3.7 Flash", version="3.7-flash-08-2026"),
    Model("gemini-3.8-flash", "Gemini 3.8 Flash"),
    _speech("gemini-3.8-flash-tts", "Gemini 3.8 Flash TTS"),
    _speech("gemini-3.8-flash-lite-tts", "Gemini 3.8 Flash-Lite TTS"),
    _image("gemini-nano-banana-2.1", "Nano Banana 2.1", "2.1", (65_536, 65_536)),
    Model("gemini-4-argon", "Gemini 4 Argon"),
    Model("gemini-4-carbon", "Gemini 4 Carbon"),
    Model("gemini-4-hydrogen", "Gemini 4 Hydrogen"),
    Model("gemini-4-neon", "Gemini 4 Neon"),
    # Listed, and nothing to be asked here: a client has to see that by its methods.
    Model("gemini-embedding-2", "Gemini Embedding 2", "embedding", "001", 8_192, 1),
)

BY_ID = {model.id: model for model in MODELS}
KINDS = ("chat", "image", "speech", "embedding")


class Models:
    """The models of one emulator: the list above, and what was published since it began."""

    def __init__(self) -> None:
        self._by_id = dict(BY_ID)

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
        self._by_id[model.id] = model
        return model

    def withdraw(self, model_id: str) -> bool:
        """Take a model off the list, as Google does in the end; whether it was there."""
        return self._by_id.pop(model_id, None) is not None

    def clear(self) -> None:
        """Back to the list above."""
        self._by_id = dict(BY_ID)

    def find(self, model_id: str, version: str) -> Model | None:
        """The model of that id, or None; the ``-latest`` aliases exist on v1beta only."""
        if model_id.endswith("-latest") and version == "v1":
            return None
        return self._by_id.get(model_id)

    def listed(self, version: str) -> list[dict[str, Any]]:
        """All of them as entries of ``GET models``."""
        return [model.listed() for model in self._by_id.values() if self.find(model.id, version)]
