"""Reads one streamed answer: what there is to tell of it, what to keep of it, and how it ended."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from agents.core import grounding, sound
from agents.core.counting import counted
from agents.core.errors import AgentError
from agents.core.keyguard import KeyGuard
from agents.core.outputs import Activity, Content, Media, Sources, TextDelta, ThoughtDelta
from agents.core.parts import PartKeeper
from agents.core.turn import Usage

logger = logging.getLogger(__name__)

Told = TextDelta | ThoughtDelta | Media | Activity | Sources
"""What comes out of an answer; media and sources are completed before they are told on."""

_BLOCKED = {
    "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
    "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
}  # fmt: skip
_NO_IMAGE = {"NO_IMAGE", "IMAGE_OTHER"}


class AnswerReader:
    """Feed it Gemini's chunks in order, then ask for the ``rest``.

    Args:
        secrets: keys, kept out of what the model says.

    Attributes:
        usage: what the call has used so far.
        finish: Gemini's finish reason, empty until it came.
    """

    def __init__(self, *secrets: str) -> None:
        self.usage = Usage()
        self.finish = ""
        self._guard = KeyGuard(*secrets)
        self._keeper = PartKeeper()
        self._said: list[str] = []
        self._sound = sound.Recorder()
        self._grounded: dict[str, Any] = {}
        self._code: Activity | None = None
        self._thinking = False

    @property
    def text(self) -> str:
        """The answer so far, without thoughts."""
        return "".join(self._said)

    @property
    def functions(self) -> list[dict[str, Any]]:
        """The function calls of the answer: ``{"name", "args", "id"?}`` each."""
        return self._keeper.calls

    def content(self) -> Content:
        """The answer as a content for Gemini's history."""
        return self._keeper.content()

    def feed(self, chunks: list[dict[str, Any]]) -> Iterator[Told]:
        """What chunks that came together say, neighbouring texts joined.

        Raises:
            AgentError: ``blocked``, or ``upstream_error`` for a misshapen chunk.
        """
        return _joined(self._read(chunks))

    def released(self) -> Iterator[Told]:
        """The end of a text that was held back until it was clear that it is no key."""
        if held := self._guard.end():
            yield from self._text({}, held)

    def rest(self) -> Iterator[Told]:
        """What can only be told at the end: speech as one file, and the sources."""
        yield from self.released()
        if (wav := self._sound.wav()) is not None:
            yield Media(wav, "audio/wav", "speech")
        if self._grounded:
            yield from self._sources()

    def check_finish(self) -> str:
        """Only a finish reason means finished: a cut stream ends like a whole one.

        Returns:
            Why the answer is not whole though it ended well, or nothing.

        Raises:
            AgentError: the answer is not whole, or was stopped by Gemini.
        """
        if self.finish == "MAX_TOKENS":
            return "max_tokens"
        if self.finish in _BLOCKED:
            raise AgentError("blocked")
        if self.finish in _NO_IMAGE:
            raise AgentError("no_image")
        if not self.finish:
            raise AgentError("truncated")
        if self.finish != "STOP":
            raise AgentError("upstream_error")
        return ""

    def _read(self, chunks: list[dict[str, Any]]) -> Iterator[Told]:
        for chunk in chunks:
            try:
                yield from self._chunk(chunk)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                logger.error("A chunk of Gemini's answer is misshapen: %s", type(error).__name__)
                raise AgentError("upstream_error") from None

    def _chunk(self, chunk: dict[str, Any]) -> Iterator[Told]:
        if (usage := chunk.get("usageMetadata")) is not None:
            self.usage = counted(usage, self.usage)
        feedback = chunk.get("promptFeedback") or {}
        if feedback.get("blockReason"):
            raise AgentError("blocked")
        for candidate in (chunk.get("candidates") or [])[:1]:
            yield from self._candidate(candidate)

    def _candidate(self, candidate: dict[str, Any]) -> Iterator[Told]:
        for part in (candidate.get("content") or {}).get("parts") or []:
            yield from self._part(part)
        self.finish = str(candidate.get("finishReason") or self.finish)
        for name in ("groundingMetadata", "urlContextMetadata"):
            if name in candidate:
                self._grounded[name] = {**self._grounded.get(name, {}), **candidate[name]}

    def _part(self, part: dict[str, Any]) -> Iterator[Told]:
        text = part.get("text")
        if text is None:
            yield from self.released()
            yield from self._not_text(part)
            return
        if self._thinking is not bool(part.get("thought")):
            yield from self.released()
            self._thinking = not self._thinking
        yield from self._text(part, self._guard.feed(text))

    def _text(self, part: dict[str, Any], text: str) -> Iterator[Told]:
        if "thoughtSignature" in part:
            self._keeper.other({**part, "text": text})
        elif not self._thinking:
            self._keeper.text(text)
        if text and self._thinking:
            yield ThoughtDelta(text)
        elif text:
            self._said.append(text)
            yield TextDelta(text)

    def _not_text(self, part: dict[str, Any]) -> Iterator[Told]:
        if "inlineData" in part:
            yield from self._media(part)
            return
        self._keeper.other(part)
        if code := part.get("executableCode"):
            language = str(code.get("language") or "").lower()
            content = {"language": language, "code": str(code.get("code") or "")}
            self._code = Activity("code", content, ref=str(uuid4()))
            yield self._code
        elif (result := part.get("codeExecutionResult")) and self._code is not None:
            outcome = str(result.get("outcome") or "").removeprefix("OUTCOME_").lower()
            ran = {"outcome": outcome, "output": str(result.get("output") or "")}
            yield Activity("code", {**self._code.content, **ran}, ref=self._code.ref)

    def _media(self, part: dict[str, Any]) -> Iterator[Media]:
        """A picture is kept by the id it will have; sound is gathered; drafts are passed over."""
        blob = part.get("inlineData") or {}
        mime_type, data = str(blob.get("mimeType", "")), _bytes(blob.get("data", ""))
        if sound.is_pcm(mime_type):
            self._sound.add(mime_type, data)
        elif data and not part.get("thought"):
            media = Media(data, mime_type, mime_type.partition("/")[0] or "file")
            kept = {"id": media.id, "mimeType": mime_type, "name": media.name, "size": len(data)}
            rest = {name: value for name, value in part.items() if name != "inlineData"}
            self._keeper.other({"artifact": kept, **rest})
            yield media

    def _sources(self) -> Iterator[Told]:
        try:
            found = grounding.sources(self._grounded, self.text)
            html = grounding.suggestions(self._grounded)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            logger.error("Sources are misshapen: %s", type(error).__name__)  # the answer is not
            return
        if found and html:
            yield Media(html.encode(), "text/html", "search suggestions")
        if found:
            yield found


def _joined(outputs: Iterator[Told]) -> Iterator[Told]:
    """Join neighbouring texts: what arrived together need not travel apart."""
    held: list[str] = []
    try:
        for output in outputs:
            if type(output) is TextDelta:
                held.append(output.text)
                continue
            if held:
                yield TextDelta("".join(held))
                held.clear()
            yield output
    except AgentError:
        if held:
            yield TextDelta("".join(held))
        raise
    if held:
        yield TextDelta("".join(held))


def _bytes(data: str) -> bytes:
    """Base64 in either alphabet, as Google writes both."""
    try:
        return base64.urlsafe_b64decode(data.replace("+", "-").replace("/", "_") + "==")
    except (binascii.Error, ValueError):
        raise AgentError("upstream_error") from None
