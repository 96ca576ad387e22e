"""The frames of one answer, with the usage that each of them states."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any

from emulator import wire


def tokens(chars: int) -> int:
    """A plain estimate: four characters are a token."""
    return -(-chars // 4)


@dataclass
class FrameWriter:
    """Writes the frames of one answer; usage is a running total, as Google sends it.

    Text frames are built by formatting, not by serialising objects: a load test sends thousands.
    """

    model_version: str
    prompt: dict[str, int]  # what was read, in tokens by modality
    thought_tokens: int = 0
    tool_tokens: int = 0  # what Google's own tools read
    modality: str = ""  # of what was made, when it was not text
    response_id: str = field(default_factory=lambda: secrets.token_urlsafe(17))
    text_chars: int = 0
    media_tokens: int = 0

    def __post_init__(self) -> None:
        self._prompt_tokens = sum(self.prompt.values())
        self._details = _details("promptTokensDetails", self.prompt)

    def text(self, text: str) -> bytes:
        """A frame that carries a piece of the answer's text and nothing else."""
        self.text_chars += len(text)
        part = f'{{"text": {encode_basestring(text)}}}'
        content = f'{{"content": {{"parts": [{part}],"role": "model"}},"index": 0}}'
        return self._frame(content)

    def thought(self, text: str) -> bytes:
        """A frame with a summary of thinking."""
        self.thought_tokens += tokens(len(text))
        return self.part({"text": text, "thought": True})

    def part(
        self, part: dict[str, Any], *, finish: str = "", media_tokens: int = 0, **extra: Any
    ) -> bytes:
        """A frame with one part of any kind.

        Args:
            part: as it goes out.
            finish: the finish reason, on the last frame.
            media_tokens: what a picture or a sound in it counts.
            extra: more fields of the candidate.
        """
        if part.get("thought"):
            self.thought_tokens += media_tokens
        elif "inlineData" in part:
            self.media_tokens += media_tokens
        elif "functionCall" in part:
            self.text_chars += len(str(part["functionCall"].get("args", ""))) + 24
        elif "executableCode" in part:
            self.text_chars += len(part["executableCode"]["code"])
        else:
            self.text_chars += len(part.get("text", ""))
        return self.candidate({"content": {"parts": [part], "role": "model"}}, finish, **extra)

    def candidate(self, candidate: dict[str, Any], finish: str = "", **extra: Any) -> bytes:
        """A frame with the candidate given, which may have no content at all."""
        reason = {"finishReason": finish} if finish else {}
        body = candidate | reason | {"index": 0} | extra
        return self._frame(wire.compact(body).decode())

    def blocked(self, reason: str) -> bytes:
        """The only frame of a prompt that was refused: feedback, and no candidates."""
        feedback = {"blockReason": reason, "safetyRatings": ratings("HIGH")}
        body = {"promptFeedback": feedback, "usageMetadata": json.loads(self._usage())}
        named = {"modelVersion": self.model_version, "responseId": self.response_id}
        return wire.compact(body | named)

    def _frame(self, candidate: str) -> bytes:
        return (
            f'{{"candidates": [{candidate}],"usageMetadata": {self._usage()},'
            f'"modelVersion": "{self.model_version}","responseId": "{self.response_id}"}}'
        ).encode()

    def _usage(self) -> str:
        made = tokens(self.text_chars) + self.media_tokens
        total = self._prompt_tokens + made + self.thought_tokens + self.tool_tokens
        fields = [f'"promptTokenCount": {self._prompt_tokens}']
        if made:
            fields.append(f'"candidatesTokenCount": {made}')
        fields += [f'"totalTokenCount": {total}', self._details]
        if self.media_tokens:
            fields.append(_details("candidatesTokensDetails", {self.modality: self.media_tokens}))
        if self.tool_tokens:
            fields.append(f'"toolUsePromptTokenCount": {self.tool_tokens}')
            fields.append(_details("toolUsePromptTokensDetails", {"TEXT": self.tool_tokens}))
        if self.thought_tokens:
            fields.append(f'"thoughtsTokenCount": {self.thought_tokens}')
        return "{" + ",".join([*fields, '"serviceTier": "standard"']) + "}"


def _details(name: str, counts: dict[str, int]) -> str:
    """``"promptTokensDetails": [{"modality": "TEXT","tokenCount": 9}]`` as text."""
    entries = (f'{{"modality": "{kind}","tokenCount": {n}}}' for kind, n in counts.items())
    return f'"{name}": [{",".join(entries)}]'


def ratings(hate_speech: str) -> list[dict[str, Any]]:
    """Safety ratings, of which one is of that probability and the others negligible."""
    categories = ("SEXUALLY_EXPLICIT", "HATE_SPEECH", "HARASSMENT", "DANGEROUS_CONTENT")
    return [
        {
            "category": f"HARM_CATEGORY_{category}",
            "probability": hate_speech if category == "HATE_SPEECH" else "NEGLIGIBLE",
        }
        for category in categories
    ]
