"""An answer and its frames, with the usage that each of them states."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any

from emulator import signatures, wire
from emulator.attachments import tokens


@dataclass
class Answer:
    """The parts of an answer in order, each a frame, and how it ends."""

    thoughts: list[str] = field(default_factory=list)
    parts: Iterable[dict[str, Any]] = field(default_factory=list)
    finish: str = "STOP"
    beginning: dict[str, Any] = field(default_factory=dict)  # more fields of the first with text
    ending: dict[str, Any] = field(default_factory=dict)  # more fields of the last candidate
    tool_tokens: int = 0
    media_tokens: int = 0  # of each picture or sound


@dataclass
class FrameWriter:
    """Writes the frames of one answer; usage is a running total, as Google sends it."""

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
        self._prompt_details = _written(details(self.prompt))

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

    def text(self, text: str) -> bytes:
        """A frame with a piece of text alone; by formatting, as a load test sends thousands."""
        self.text_chars += len(text)
        part = f'{{"text": {encode_basestring(text)}}}'
        return self._frame(f'{{"content": {{"parts": [{part}],"role": "model"}},"index": 0}}')

    def candidate(self, candidate: dict[str, Any], finish: str = "", **extra: Any) -> bytes:
        """A frame with the candidate given, which may have no content at all."""
        reason = {"finishReason": finish} if finish else {}
        body = candidate | reason | {"index": 0} | extra
        return self._frame(_written(body))

    def blocked(self, reason: str) -> bytes:
        """The only frame of a prompt that was refused: feedback, and no candidates."""
        feedback = {"blockReason": reason, "safetyRatings": ratings("HIGH")}
        body = _written({"promptFeedback": feedback})
        return f"{body[:-1]},{self._end()}".encode()

    def _frame(self, candidate: str) -> bytes:
        return f'{{"candidates": [{candidate}],{self._end()}'.encode()

    def _end(self) -> str:
        """What each frame ends with."""
        made = tokens(self.text_chars) + self.media_tokens
        total = self._prompt_tokens + made + self.thought_tokens + self.tool_tokens
        usage = f'"promptTokenCount": {self._prompt_tokens},'
        if made:
            usage += f'"candidatesTokenCount": {made},'
        usage += f'"totalTokenCount": {total},"promptTokensDetails": {self._prompt_details},'
        if self.media_tokens:
            made_of = _written(details({self.modality: self.media_tokens}))
            usage += f'"candidatesTokensDetails": {made_of},'
        if self.tool_tokens:
            read = _written(details({"TEXT": self.tool_tokens}))
            usage += f'"toolUsePromptTokenCount": {self.tool_tokens},'
            usage += f'"toolUsePromptTokensDetails": {read},'
        if self.thought_tokens:
            usage += f'"thoughtsTokenCount": {self.thought_tokens},'
        return (
            f'"usageMetadata": {{{usage}"serviceTier": "standard"}},'
            f'"modelVersion": "{self.model_version}","responseId": "{self.response_id}"}}'
        )


def frames(answer: Answer, writer: FrameWriter, *, kind: str) -> Iterator[bytes]:
    """The frames of an answer.

    `kind` is how it closes: "signed" with an empty text that carries a thought signature, as
    Gemini 3 does; "bare" with a content without parts, as image models do; "plain" with its last
    part, as older models and speech do.
    """
    yield from (writer.thought(text) for text in answer.thoughts)
    writer.tool_tokens = answer.tool_tokens
    beginning = dict(answer.beginning)  # used up by the first frame that holds text
    last: dict[str, Any] | None = None
    has_calls = False
    # A part behind, because parts are made while they are sent: only when no more comes is it known
    # which frame is the last, and carries the finish reason.
    for part in answer.parts:
        if last is not None:
            yield _frame(writer, last, answer, beginning)
        last, has_calls = part, has_calls or "functionCall" in part
    if last is not None and (has_calls or kind != "plain"):
        yield _frame(writer, last, answer, beginning)
        last = None
    if last is None and kind == "bare":
        yield writer.candidate({"content": {"role": "model"}}, answer.finish, **answer.ending)
        return
    last = last or {"text": ""}
    if kind == "signed" and not has_calls:
        last = last | {"thoughtSignature": signatures.signature(writer.response_id)}
    fields = beginning | answer.ending
    yield writer.part(last, finish=answer.finish, media_tokens=answer.media_tokens, **fields)


def _frame(
    writer: FrameWriter, part: dict[str, Any], answer: Answer, beginning: dict[str, Any]
) -> bytes:
    if part.keys() == {"text"} and not beginning:
        return writer.text(part["text"])
    fields: dict[str, Any] = {}
    if "text" in part:
        fields = dict(beginning)
        beginning.clear()
    return writer.part(part, media_tokens=answer.media_tokens, **fields)


def _written(value: Any) -> str:
    return wire.compact(value).decode()


def details(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Tokens by modality as Google lists them."""
    return [{"modality": kind, "tokenCount": count} for kind, count in counts.items()]


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
