"""Parses one streamed answer: its outputs, the content to send back, and how it ended."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from common.bounded import BoundedText, is_blank
from gemini import audio
from gemini.error_mapping import (
    FINISH_CONTINUATION,
    FINISH_MAX_TOKENS,
    FINISH_STOP,
    block_error,
    finish_error,
)
from gemini.errors import GeminiError
from gemini.grounding import Grounding
from gemini.loose_json import as_dict, as_str, expect, present
from gemini.outputs import (
    Activity,
    Media,
    ModelOutput,
    Sources,
    TextDelta,
    ThoughtDelta,
    join_texts,
)
from gemini.parts import PartCollector
from gemini.redaction import Redactor, StreamRedactor
from gemini.types import Content, FunctionCall
from gemini.usage import Usage, read_usage

logger = logging.getLogger(__name__)

_ABOUT_A_PART = {"thought", "thoughtSignature", "partMetadata"}
CUT_IN_THOUGHT = (
    "Gemini used all its room before it came to an answer. Ask for less at once, or choose less "
    "thinking."
)


class ResponseParser:
    """Feed it Gemini's chunks in order, then ``finish``.

    Args:
        secrets: keys, removed from whatever comes out.

    Attributes:
        usage: what the call has used so far.
        finish_reason: Gemini's; empty until it came.
    """

    def __init__(self, *secrets: str) -> None:
        self.usage = Usage()
        self.finish_reason = ""
        self._continuation = ""
        self._finish_message = ""
        self._made: set[str] = set()  # kinds of media, and activities
        self._redactor = Redactor(*secrets)
        self._streams = {thinking: StreamRedactor(self._redactor) for thinking in (False, True)}
        self._parts = PartCollector()
        self._answer = BoundedText()
        self._sound = audio.Recorder()
        self._grounding = Grounding()
        self._codes: list[tuple[str, Activity]] = []
        self._thinking = False

    @property
    def is_finished(self) -> bool:
        """Whether Gemini gave a finish reason."""
        return bool(self.finish_reason)

    @property
    def continuation(self) -> str:
        """What a further request names to go on with an answer that is too long for one."""
        return self._continuation if self.finish_reason == FINISH_CONTINUATION else ""

    @property
    def text(self) -> str:
        """The answer so far, without thoughts; of a very long one the beginning."""
        return str(self._answer)

    @property
    def functions(self) -> list[FunctionCall]:
        """The function calls of the answer."""
        calls: list[FunctionCall] = self._redactor.value(self._parts.calls)
        return calls

    def content(self) -> Content:
        """The answer as a content for Gemini's history."""
        content: Content = self._redactor.value(self._parts.content())
        return content

    def feed(self, chunks: list[dict[str, Any]]) -> Iterator[ModelOutput]:
        """The outputs of chunks that came together, neighbouring texts joined.

        Raises:
            GeminiError: ``blocked``, or ``upstream_error`` for a misshapen chunk.
        """
        return join_texts(self._read(chunks))

    def flush(self) -> Iterator[ModelOutput]:
        """The end of a text that was held back until it was clear that it is no key."""
        for thinking in (True, False):
            yield from self._delta(self._streams[thinking].close(), thinking)

    def finish(self) -> Iterator[ModelOutput]:
        """What is only known at the end: speech as one file, and the sources."""
        yield from self.flush()
        if (wav := self._sound.wav()) is not None:
            yield Media(wav, "audio/wav", "speech")
        yield from self._sources()

    def resume(self) -> None:
        """Another request goes on with the same answer: its counts and its end are its own."""
        self.usage, self.finish_reason, self._continuation = Usage(), "", ""

    def check_finish(self, expects: str = "") -> str:
        """Only a finish reason means finished, and only something written or made means success.

        Args:
            expects: ``image`` or ``audio``, where an answer without it is none.

        Returns:
            Why the answer is not whole though it ended well, or nothing.

        Raises:
            GeminiError: the answer is not whole, is none, or was stopped by Gemini.
        """
        # First of all. A connection that a proxy closed early looks like a regular end, and the SDK
        # makes no error of it: only Gemini's own reason tells a whole answer from half of one.
        if not self.finish_reason:
            raise GeminiError("truncated")
        if self.finish_reason not in (
            FINISH_STOP,
            FINISH_MAX_TOKENS,
            FINISH_CONTINUATION,
        ):
            raise finish_error(self.finish_reason, self._finish_message)
        # CONTINUATION stands here only if the run had no call left to go on with: cut, like
        # MAX_TOKENS.
        is_cut = self.finish_reason != FINISH_STOP
        if expects == "image" and "image" not in self._made:
            raise GeminiError("no_image")
        if not self._has_answer(expects):
            # Cut without a word, all room went into thoughts, which are paid for: asked again it
            # ends the same.
            raise GeminiError("no_answer", CUT_IN_THOUGHT if is_cut else None, permanent=is_cut)
        return "max_tokens" if is_cut else ""

    def _has_answer(self, expects: str) -> bool:
        if expects == "audio":
            return bool(self._sound)
        return bool(not is_blank(self.text) or self.functions or self._made or self._sound)

    def _read(self, chunks: list[dict[str, Any]]) -> Iterator[ModelOutput]:
        for chunk in chunks:
            try:
                yield from self._track(self._chunk(chunk))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                logger.error("A chunk of Gemini's answer is misshapen: %s", type(error).__name__)
                raise GeminiError("upstream_error") from None

    def _track(self, outputs: Iterator[ModelOutput]) -> Iterator[ModelOutput]:
        for output in outputs:
            if isinstance(output, Media):
                self._made.add(output.name)
            elif isinstance(output, Activity):
                self._made.add(output.kind)
            yield output

    def _chunk(self, chunk: dict[str, Any]) -> Iterator[ModelOutput]:
        # Before anything that raises: a prompt that is blocked, and a chunk that is misshapen, cost
        # too.
        if usage := as_dict(chunk.get("usageMetadata")):
            self.usage = read_usage(usage, self.usage)
        feedback = as_dict(chunk.get("promptFeedback"))  # ratings alone block nothing
        reason, message = feedback.get("blockReason"), as_str(feedback.get("blockReasonMessage"))
        if reason or message:
            raise block_error(as_str(reason), message)
        # One was asked for. Words of a second one would stand in the middle of the first one's.
        for candidate in (expect(chunk.get("candidates"), list) or [])[:1]:
            yield from self._candidate(expect(candidate, dict) or {})

    def _candidate(self, candidate: dict[str, Any]) -> Iterator[ModelOutput]:
        content = expect(candidate.get("content"), dict) or {}
        for part in expect(content.get("parts"), list) or []:
            if known := present(expect(part, dict) or {}):
                yield from self._part(known)
        # A later chunk takes nothing back: the reason may come before the last words, and chunks
        # without one, or with null, after it.
        self.finish_reason = as_str(candidate.get("finishReason")) or self.finish_reason
        self._finish_message = as_str(candidate.get("finishMessage")) or self._finish_message
        self._continuation = as_str(candidate.get("continuationToken")) or self._continuation
        self._grounding.feed(candidate)

    def _part(self, part: dict[str, Any]) -> Iterator[ModelOutput]:
        # A signature of another type cannot have been signed: sent back, it would be refused.
        if not isinstance(part.get("thoughtSignature", ""), str):
            part = {name: value for name, value in part.items() if name != "thoughtSignature"}
        is_text = "text" in part
        # What is no text leaves the channel as it is, but is a border in it: what was held back
        # before it has to come out, as far as it may, or it would appear behind a picture.
        thinking = part.get("thought") is True if is_text else self._thinking
        # Thoughts and the answer are redacted apart, because a key can be cut in the middle of one
        # while the other goes on. At each change the one that ends gives out what it may.
        if not is_text or thinking is not self._thinking:
            yield from self._delta(self._streams[self._thinking].pause(), self._thinking)
        self._thinking = thinking
        if is_text:
            yield from self._text_part(part, expect(part["text"], str) or "")
        else:
            yield from self._other_part(part)

    def _text_part(self, part: dict[str, Any], text: str) -> Iterator[ModelOutput]:
        stream, thinking = self._streams[self._thinking], self._thinking
        # What is signed has to go back in a part of its own, so nothing of it may be left in the
        # redactor, to come out joined with the next text.
        if "thoughtSignature" not in part:
            yield from self._delta(stream.feed(text), thinking)
            return
        yield from self._delta(stream.pause(), thinking)
        text = stream.feed(text) + stream.pause()
        self._parts.other({**part, "text": text})
        yield from self._delta(text, thinking, has_part=True)

    def _delta(self, text: str, thinking: bool, *, has_part: bool = False) -> Iterator[ModelOutput]:
        """A text that is clear of keys; unless it has a part already, it becomes one."""
        if not text:
            return
        if thinking:
            yield ThoughtDelta(text)
            return
        if not has_part:
            self._parts.text(text)
        self._answer.append(text)
        yield TextDelta(text)

    def _other_part(self, part: dict[str, Any]) -> Iterator[ModelOutput]:
        # An answer may end with a part that is nothing but a signature. It is kept as an empty
        # text, because the signature has to come back.
        if part.keys() <= _ABOUT_A_PART:
            if "thoughtSignature" in part:
                self._parts.other({**part, "text": ""})
            return
        if "inlineData" in part:
            yield from self._media(part, expect(part["inlineData"], dict) or {})
            return
        code = expect(part.get("executableCode"), dict)
        result = expect(part.get("codeExecutionResult"), dict)
        self._parts.other(part)
        if code is not None:
            yield self._code(code)
        elif result is not None:
            yield self._code_result(result)

    def _code(self, code: dict[str, Any]) -> Activity:
        language = as_str(code.get("language")).lower()
        content = {"language": language, "code": as_str(code.get("code"))}
        activity = Activity("code", self._redactor.value(content), ref=str(uuid4()))
        self._codes.append((as_str(code.get("id")), activity))
        return activity

    def _code_result(self, result: dict[str, Any]) -> Activity:
        outcome = as_str(result.get("outcome")).removeprefix("OUTCOME_").lower()
        ran = self._redactor.value({"outcome": outcome, "output": as_str(result.get("output"))})
        code = self._code_of(as_str(result.get("id")))
        return Activity("code", {**code.content, **ran}, ref=code.ref)

    def _code_of(self, code_id: str) -> Activity:
        """The code that a result is of: by its id, or the oldest that has none yet; or nothing."""
        for at, (known_id, _) in enumerate(self._codes):
            if known_id == code_id or not (known_id and code_id):
                return self._codes.pop(at)[1]
        return Activity("code", {"language": "", "code": ""}, ref=str(uuid4()))

    def _media(self, part: dict[str, Any], blob: dict[str, Any]) -> Iterator[Media]:
        """A picture stands in the content by its id; sound is gathered; drafts are passed over."""
        mime_type = self._redactor.text(as_str(blob.get("mimeType")))
        data = _bytes(expect(blob.get("data"), str) or "")
        # Sound comes in pieces without a header, so it is only a file once all of it is there. A
        # picture that is marked as a thought is a draft of the one that follows.
        if audio.is_pcm(mime_type):
            self._sound.add(mime_type, data)
        elif data and part.get("thought") is not True:
            mime_type = mime_type.partition(";")[0].strip().lower()
            data = self._redactor.data(data)
            media = Media(data, mime_type, mime_type.partition("/")[0] or "file")
            file = {"id": media.id, "mimeType": mime_type, "name": media.name, "size": len(data)}
            # The signature stays beside the reference: without it the picture cannot be edited in a
            # later turn.
            rest = {name: value for name, value in part.items() if name != "inlineData"}
            self._parts.other({"artifact": file, **rest})
            yield media

    def _sources(self) -> Iterator[ModelOutput]:
        sources = self._grounding.sources(self.text)
        if sources is None:
            return
        if html := self._grounding.suggestions():
            html = self._redactor.text(html)
            yield Media(html.encode(), "text/html", "search suggestions")
        clean = self._redactor.value
        yield Sources(
            tuple(clean(sources.queries)),
            tuple(clean(sources.sources)),
            sources.supports,
            tuple(clean(sources.pages)),
            sources.text,
        )


def _bytes(data: str) -> bytes:
    """Base64 in either alphabet, as Google writes both."""
    try:
        # Padding that is too long is ignored, one that is missing is not: two signs more fit every
        # length.
        return base64.urlsafe_b64decode(data.replace("+", "-").replace("/", "_") + "==")
    except (binascii.Error, ValueError):
        raise GeminiError("upstream_error") from None
