"""The models this emulator knows, in the shape of Google's model list.

Source: the recording ``models-list--rig--list-models-smoke`` and the error recordings; the literal
id ``gemini-3-flash`` is no model at Google, so it is none here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GOOGLE_TOOLS = frozenset(
    {"googleSearch", "codeExecution", "urlContext", "googleMaps", "fileSearch"}
)
_NO_MINIMAL = frozenset({"gemini-3.8-flash", "gemini-flash-latest"})  # the second is the first


@dataclass(frozen=True)
class Model:
    """One model and what it makes: kind is "chat", "image", "speech" or "embedding"."""

    id: str
    label: str
    kind: str = "chat"
    version: str = "001"
    input_limit: int = 1_048_576
    output_limit: int = 65_536

    @property
    def is_gemini_3(self) -> bool:
        """Whether calls carry ids and answers carry thought signatures."""
        return self.id.startswith("gemini-3") or self.id.endswith("-latest")

    @property
    def thinks(self) -> bool:
        return self.kind == "chat" or (self.kind in ("image", "speech") and self.is_gemini_3)

    @property
    def always_thinks(self) -> bool:
        """Whether a thinking budget of nought is refused."""
        return self.kind == "chat" and "pro" in self.id.split("-")

    @property
    def thinking_levels(self) -> tuple[str, ...]:
        """The levels that are taken; all four unless Google refuses the lowest or knows fewer.

        Source: ai.google.dev, "Thinking levels", and probes of each model published in 2026-09.
        """
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


def _embedding(id: str, label: str, input_limit: int) -> Model:
    return Model(id, label, kind="embedding", input_limit=input_limit, output_limit=1)


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
    Model("gemini-3.8-flash", "Gemini 3.8 Flash"),
    _embedding("gemini-embedding-001", "Gemini Embedding 001", 2_048),
    _embedding("gemini-embedding-2", "Gemini Embedding 2", 8_192),
)

BY_ID = {model.id: model for model in MODELS}


def find(model_id: str, version: str) -> Model | None:
    """The model of that id, or None; the ``-latest`` aliases exist on v1beta only."""
    model = BY_ID.get(model_id)
    if model is not None and model_id.endswith("-latest") and version == "v1":
        return None
    return model
