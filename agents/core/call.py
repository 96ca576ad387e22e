"""One model call: makes it, makes it again where that may be done, and counts what it cost."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

from agents.core.model import Model
from agents.core.repair import Compose, Repairs
from agents.core.turn import CallRecord, Record
from common.bounded import is_blank
from gemini import capabilities, error_mapping, prices
from gemini.errors import GeminiError
from gemini.files import attribute_to_files, with_files
from gemini.outputs import Activity, Content, Media, Said, Saved, Sources, TextDelta, ThoughtDelta
from gemini.parts import is_signed
from gemini.request import ModelRequest
from gemini.response import ResponseParser, Told

RETRIES = 1
BACKOFF_S = 0.5
TOLD_S = 2.0  # a longer wait for another try is told
EMPTY = frozenset({"no_answer", "no_image"})
NOTE_S = 2.0  # how often a call that goes on is noted, and its key's budget looked at again


class ModelCall:
    """Iterate ``outputs()`` once; then ask for ``content()``, ``text`` and ``functions``.

    Args:
        notices: what to tell before the answer begins.
        compose: makes the request's contents anew, for another key or as words.
    """

    def __init__(
        self,
        agent: str,
        model: Model,
        request: ModelRequest,
        record: Record,
        notices: Sequence[Said] = (),
        compose: Compose | None = None,
    ) -> None:
        self._agent = agent
        self._model = model
        self._request = request
        self._record = record
        self._notices = notices
        self._keys = record.keys
        self._repairs = Repairs(compose)
        self._delivered = False  # anything
        self._answered = False  # more than thoughts
        self._begin()

    def _begin(self) -> None:
        self._suggestions: Saved | None = None
        if secrets := self._keys.secrets:
            self._request = replace(self._request, api_key=secrets[0], other_keys=secrets[1:])
        self._reader = ResponseParser(self._request.api_key, *self._request.other_keys)

    @property
    def text(self) -> str:
        """The answer so far, without thoughts."""
        return self._reader.text

    @property
    def functions(self) -> list[dict[str, Any]]:
        """The function calls of the answer: ``{"name", "args", "id"?}`` each."""
        return self._reader.functions

    def content(self) -> Content:
        """The answer as it is kept for Gemini's history, with the model and key that signed it."""
        content = {**self._reader.content(), "model": self._request.model}
        key = self._keys.in_use
        return {**content, "key": key.id} if key and is_signed(content) else content

    async def outputs(self) -> AsyncGenerator[Said, None]:
        """What the model says, as it says it.

        A failed call is made once more, but never after something was delivered: the reader
        would see an answer begin twice, and its owner would pay twice. If Google turned the key
        away and the run has another one, that is used, and told; a request that was refused for
        its form is made once in another one.

        Raises:
            GeminiError: the call failed, was refused, or ended without a finish or an answer.
        """
        for notice in self._notices:
            yield notice
        retries = 0
        while True:
            try:
                async with aclosing(self._attempt()) as said:
                    async for output in said:
                        self._delivered = self._keys.delivered = True
                        self._answered = self._answered or _is_answer(output)
                        yield output
                self._keys.delivered = True
                return
            except GeminiError as error:
                failure = self._named(error)
            if (changed := self._changed(failure)) is not None:
                for notice in changed:
                    yield notice
            else:
                wait_s = self._wait_s(failure, retries)
                if wait_s is None:
                    failure.try_model = capabilities.instead_of(self._request.model, failure.code)
                    raise failure
                retries += 1
                await self._prepare_for_another(failure)
                if wait_s >= TOLD_S:
                    waits = {"code": failure.code, "retryAfter": wait_s}
                    yield Activity("retry", waits, ref=str(uuid4()))
                await asyncio.sleep(wait_s)
            self._begin()

    def _named(self, error: GeminiError) -> GeminiError:
        """The error with the files it is about; those that Google cannot use are noted."""
        error, files = attribute_to_files(error, self._request.contents, self._sent.contents)
        for artifact in files:
            self._record.refused[artifact["id"]] = error.message
        return error

    def _changed(self, error: GeminiError) -> list[Said] | None:
        """Have the next attempt made with another key or in another form; None if there is none."""
        if switched := self._keys.switch(error.code):
            self._request = self._repairs.for_key(self._request, self._keys.in_use)
            return [switched]
        if self._delivered:
            return None
        other = self._repairs.repaired(self._request, error, self._keys.in_use)
        if other is None:
            return None
        self._request, notice = other
        return [notice] if notice else []

    def _wait_s(self, error: GeminiError, retries: int) -> float | None:
        """Seconds to wait before another try; None if there is none."""
        # An answer that is none can have been thought about.
        said = self._answered if error.code in EMPTY else self._delivered
        if said or not error.retryable or retries >= RETRIES:
            return None
        if error.code == "file_gone":
            return 0.0
        if error.retry_after_s is not None:
            limit = self._request.limits.retry_wait_s
            return error.retry_after_s if error.retry_after_s <= limit else None
        if error.code in ("quota", "timeout"):
            return None
        return BACKOFF_S + random.random() * BACKOFF_S  # noqa: S311 (jitter, not a secret)

    async def _prepare_for_another(self, error: GeminiError) -> None:
        if error.code == "file_gone" and (key := self._keys.in_use):
            await self._record.files.forget(key)

    async def _attempt(self) -> AsyncGenerator[Said, None]:
        """One answer: one request, or several where it is too long for one."""
        self._sent = self._request
        self._allowances = await self._keys.allowances(self._request.model)
        self._sent = await self._with_files()
        while True:
            async with aclosing(self._part()) as said:
                async for output in said:
                    yield output
            if not self._goes_on:
                return
            self._sent = replace(self._sent, continuation=self._reader.continuation)
            self._reader.resume()
            self._allowances = await self._keys.allowances(self._request.model)

    @property
    def _goes_on(self) -> bool:
        """Whether there is more of the answer, and room in the run to fetch it."""
        reader, record = self._reader, self._record
        more = reader.finish == error_mapping.FINISH_CONTINUATION and bool(reader.continuation)
        return more and len(record.calls) < record.limits.model_calls

    async def _part(self) -> AsyncGenerator[Said, None]:
        """What one request brings of the answer."""
        self._call = call = self._record.begin_call(self._agent, self._sent.model)
        self._started = self._noted = time.monotonic()
        outcome, reader = "cancelled", self._reader
        try:
            async with aclosing(self._model.stream(self._sent)) as batches:
                async for chunks in batches:
                    for output in reader.feed(chunks):
                        if call.first_ms is None:
                            call.first_ms = self._elapsed_ms()
                        yield await self._saved(output)
                    call.usage = reader.usage
                    if self._allowances or time.monotonic() - self._noted > NOTE_S:
                        await self._account()
            if not self._goes_on:
                for output in reader.rest():
                    if said := await self._completed(output):
                        yield said
                finish = reader.check_finish(self._sent.expects)
                self._record.truncated = finish or self._record.truncated
            outcome = "ok"
        except GeminiError as error:
            call.usage = reader.usage
            for output in reader.released():
                yield await self._saved(output)
            outcome, call.retry_after_s = error.code, error.retry_after_s
            call.message = error.message
            raise
        finally:
            call.usage, call.outcome, call.duration_ms = reader.usage, outcome, self._elapsed_ms()
            self._record.note(call)

    async def _with_files(self) -> ModelRequest:
        """The request with its files put in for the key in use.

        Raises:
            GeminiError: a file could not be brought to Google.
        """
        key = self._keys.in_use
        if key is None:
            return self._request
        request, files = self._request, self._record.files
        kinds, inline_bytes = capabilities.reads(request.model), request.limits.inline_bytes
        contents = await with_files(
            request.contents, files, key, kinds=kinds, inline_bytes=inline_bytes
        )
        return replace(request, contents=contents)

    async def _saved(self, output: Told) -> Said:
        return await self._record.save(output) if isinstance(output, Media) else output

    async def _completed(self, output: Told) -> Said | None:
        """What comes at the end; search suggestions are kept and then told with the sources."""
        if isinstance(output, Media) and output.mime_type == "text/html":
            with contextlib.suppress(GeminiError):  # the answer is whole and stays so
                self._suggestions = await self._record.save(output)
            return None
        if isinstance(output, Sources):
            return replace(output, suggestions=self._suggestions)
        return await self._saved(output)

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
            if not self._reader.finish:
                self._allowances = await self._keys.allowances(call.model, call.id)
        for allowance in self._allowances:
            if not self._reader.finish and _spent(call, allowance.unit) > allowance.left:
                raise GeminiError("budget", allowance.message)


def _is_answer(output: Said) -> bool:
    """Whether it is more than a thought or an empty line."""
    if isinstance(output, TextDelta):
        return not is_blank(output.text)
    return not isinstance(output, ThoughtDelta)


def _spent(call: CallRecord, unit: str) -> Decimal:
    """What a call has used so far, in ``tokens`` or ``usd``."""
    return Decimal(call.usage.total) if unit == "tokens" else prices.price_of(call) or Decimal(0)
