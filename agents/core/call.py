"""One model call: yields what the model says, keeps what must be sent back, counts what it cost."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import random
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from uuid import uuid4

from agents.core import grounding, sound
from agents.core.counting import counted, spent
from agents.core.errors import AgentError
from agents.core.keyguard import KeyGuard
from agents.core.model import Model, ModelRequest
from agents.core.outputs import Activity, Content, Media, Said, TextDelta, ThoughtDelta
from agents.core.parts import PartKeeper
from agents.core.turn import Record

logger = logging.getLogger(__name__)

RETRIES = 1
BACKOFF_S = 0.5
NOTE_S = 2.0  # how often a call that goes on is noted, and its key's budget looked at again

_BLOCKED = {
    "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
    "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
}  # fmt: skip
_NO_IMAGE = {"NO_IMAGE", "IMAGE_OTHER"}


class ModelCall:
    """Iterate ``outputs()`` once; then ask for ``content()``, ``text`` and ``functions``."""

    def __init__(self, agent: str, model: Model, request: ModelRequest, record: Record) -> None:
        self._agent = agent
        self._model = model
        self._request = request
        self._record = record
        self._keys = record.keys
        self._delivered = False
        self._begin()

    def _begin(self) -> None:
        self._keeper = PartKeeper()
        self._said: list[str] = []
        self._sound = sound.Recorder()
        self._finish = ""
        self._sources: dict[str, Any] | None = None
        self._code: Activity | None = None
        if secrets := self._keys.secrets:
            self._request = replace(self._request, api_key=secrets[0], other_keys=secrets[1:])
        self._guard = KeyGuard(self._request.api_key, *self._request.other_keys)
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

    async def outputs(self) -> AsyncGenerator[Said, None]:
        """What the model says, as it says it.

        A failed call is made once more, but never after something was delivered: the reader
        would see an answer begin twice, and its owner would pay twice. If Google turned the key
        away and the run has another one, that is used, and told.

        Raises:
            AgentError: the call failed, was refused, or ended without a finish.
        """
        retries = 0
        while True:
            try:
                async with aclosing(self._attempt()) as said:
                    async for output in said:
                        self._delivered = self._keys.delivered = True
                        yield output
                self._keys.delivered = True
                return
            except AgentError as error:
                switched = self._keys.switch(error.code)
                wait_s = 0.0 if switched else self._wait_s(error, retries)
                if wait_s is None:
                    raise
            if switched:
                yield switched
            else:
                retries += 1
                await asyncio.sleep(wait_s)
            self._begin()

    def _wait_s(self, error: AgentError, retries: int) -> float | None:
        """Seconds to wait before another try; None if there is none."""
        if self._delivered or not error.retryable or retries >= RETRIES:
            return None
        if error.retry_after_s is not None:
            limit = self._request.limits.retry_wait_s
            return error.retry_after_s if error.retry_after_s <= limit else None
        if error.code in ("quota", "timeout"):
            return None
        return BACKOFF_S + random.random() * BACKOFF_S  # noqa: S311 (jitter, not a secret)

    async def _attempt(self) -> AsyncGenerator[Said, None]:
        self._allowances = await self._keys.allowances(self._request.model)
        self._call = call = self._record.begin_call(self._agent, self._request.model)
        self._started = self._noted = time.monotonic()
        outcome = "cancelled"
        try:
            async with aclosing(self._model.stream(self._request)) as batches:
                async for chunks in batches:
                    for output in _joined(self._read(chunks)):
                        if call.first_ms is None:
                            call.first_ms = self._elapsed_ms()
                        yield output
                    if self._allowances or time.monotonic() - self._noted > NOTE_S:
                        await self._account()
            for output in self._rest():
                yield output
            self._check_finish()
            outcome = "ok"
        except AgentError as error:
            for output in self._released():
                yield output
            outcome, call.retry_after_s = error.code, error.retry_after_s
            raise
        finally:
            call.outcome, call.duration_ms = outcome, self._elapsed_ms()
            self._record.note(call)

    def _elapsed_ms(self) -> int:
        return int((time.monotonic() - self._started) * 1000)

    async def _account(self) -> None:
        """Note now and then what the call has used; end it where the key's budget ends.

        An answer that is whole is let through: stopping it would save nothing.
        """
        call = self._call
        if time.monotonic() - self._noted > NOTE_S:
            self._noted, call.duration_ms = time.monotonic(), self._elapsed_ms()
            self._record.note(call)
            if not self._finish:
                self._allowances = await self._keys.allowances(call.model, call.id)
        for allowance in self._allowances:
            if not self._finish and spent(call, allowance.unit) > allowance.left:
                raise AgentError("budget", allowance.message)

    def _read(self, chunks: list[dict[str, Any]]) -> Iterator[Said]:
        for chunk in chunks:
            try:
                yield from self._chunk(chunk)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                logger.error("A chunk of Gemini's answer is misshapen: %s", type(error).__name__)
                raise AgentError("upstream_error") from None

    def _chunk(self, chunk: dict[str, Any]) -> Iterator[Said]:
        if (usage := chunk.get("usageMetadata")) is not None:
            self._call.usage = counted(usage, self._call.usage)
        feedback = chunk.get("promptFeedback") or {}
        if feedback.get("blockReason"):
            raise AgentError("blocked")
        for candidate in (chunk.get("candidates") or [])[:1]:
            yield from self._candidate(candidate)

    def _candidate(self, candidate: dict[str, Any]) -> Iterator[Said]:
        for part in (candidate.get("content") or {}).get("parts") or []:
            yield from self._part(part)
        self._finish = str(candidate.get("finishReason") or self._finish)
        if "groundingMetadata" in candidate or "urlContextMetadata" in candidate:
            self._sources = grounding.sources(candidate) or self._sources

    def _part(self, part: dict[str, Any]) -> Iterator[Said]:
        text = part.get("text")
        if text is None:
            yield from self._released()
            self._keeper.other(part)
            yield from self._not_text(part)
            return
        if self._thinking is not bool(part.get("thought")):
            yield from self._released()
            self._thinking = not self._thinking
        yield from self._text(part, self._guard.feed(text))

    def _text(self, part: dict[str, Any], text: str) -> Iterator[Said]:
        if "thoughtSignature" in part:
            self._keeper.other({**part, "text": text})
        elif not self._thinking:
            self._keeper.text(text)
        if text and self._thinking:
            yield ThoughtDelta(text)
        elif text:
            self._said.append(text)
            yield TextDelta(text)

    def _released(self) -> Iterator[Said]:
        """The end of a text that was held back until it was clear that it is no key."""
        if held := self._guard.end():
            yield from self._text({}, held)

    def _not_text(self, part: dict[str, Any]) -> Iterator[Said]:
        if blob := part.get("inlineData"):
            yield from self._media(str(blob.get("mimeType", "")), _bytes(blob.get("data", "")))
        elif code := part.get("executableCode"):
            language = str(code.get("language") or "").lower()
            content = {"language": language, "code": str(code.get("code") or "")}
            self._code = Activity("code", content, ref=str(uuid4()))
            yield self._code
        elif (result := part.get("codeExecutionResult")) and self._code is not None:
            outcome = str(result.get("outcome") or "").removeprefix("OUTCOME_").lower()
            ran = {"outcome": outcome, "output": str(result.get("output") or "")}
            yield Activity("code", {**self._code.content, **ran}, ref=self._code.ref)

    def _media(self, mime_type: str, data: bytes) -> Iterator[Media]:
        if sound.is_pcm(mime_type):
            self._sound.add(mime_type, data)
        elif data:
            yield Media(data, mime_type, f"{mime_type.partition('/')[0] or 'file'}")

    def _rest(self) -> Iterator[Said]:
        """What can only be told at the end: speech as one file, and the sources."""
        yield from self._released()
        if (wav := self._sound.wav()) is not None:
            yield Media(wav, "audio/wav", "speech")
        if self._sources is not None:
            yield Activity("sources", self._sources, ref=str(uuid4()))

    def _check_finish(self) -> None:
        """Only a finish reason means finished: a cut stream ends like a whole one.

        Raises:
            AgentError: the answer is not whole, or was stopped by Gemini.
        """
        if self._finish == "MAX_TOKENS":
            self._record.truncated = "max_tokens"
        elif self._finish in _BLOCKED:
            raise AgentError("blocked")
        elif self._finish in _NO_IMAGE:
            raise AgentError("no_image")
        elif not self._finish:
            raise AgentError("truncated")
        elif self._finish != "STOP":
            raise AgentError("upstream_error")


def _joined(outputs: Iterator[Said]) -> Iterator[Said]:
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
