"""One model call: makes it, makes it again where that may be done, and counts what it cost."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

from agents.core.context import CallRecord, RunContext
from agents.core.emitter import Emitter
from agents.core.errors import RunError
from common.bounded import is_blank
from gemini import capabilities, prices
from gemini.errors import GeminiError
from gemini.files import attribute_to_files, with_files
from gemini.outputs import (
    Activity,
    Media,
    ModelOutput,
    Output,
    Saved,
    Sources,
    TextDelta,
    ThoughtDelta,
)
from gemini.parts import is_signed
from gemini.repair import Compose, Repairs
from gemini.request import ModelRequest
from gemini.types import Content, FunctionCall

RETRIES = 1
BACKOFF_S = 0.5
ANNOUNCE_S = 2.0  # a longer wait before a retry is shown to the user
EMPTY = frozenset({"no_answer", "no_image"})
NOTE_S = 2.0  # how often a call that goes on is noted, and its key's budget checked again


class ModelCall:
    """``run()`` it once; then read ``content()``, ``text`` and ``functions``.

    Args:
        emitter: of the agent that makes the call.
        notices: emitted before the answer begins.
        compose: makes the request's contents anew, for another key or as plain text.
    """

    def __init__(
        self,
        request: ModelRequest,
        context: RunContext,
        emitter: Emitter,
        *,
        agent: str,
        notices: Sequence[Activity] = (),
        compose: Compose | None = None,
    ) -> None:
        self._request = request
        self._context = context
        self._emitter = emitter
        self._agent = agent
        self._notices = notices
        self._keys = context.keys
        self._repairs = Repairs(compose)
        self._delivered = False  # anything
        self._answered = False  # more than thoughts
        self._start()

    def _start(self) -> None:
        """Begin an attempt from nothing: whatever an earlier one had parsed is dropped."""
        self._suggestions: Saved | None = None
        if secrets := self._keys.secrets:
            self._request = replace(self._request, api_key=secrets[0], other_keys=secrets[1:])
        request = self._request
        self._parser = self._context.client.parser(request.api_key, *request.other_keys)

    @property
    def text(self) -> str:
        """The answer so far, without thoughts."""
        return self._parser.text

    @property
    def functions(self) -> list[FunctionCall]:
        """The function calls of the answer."""
        return self._parser.functions

    def content(self) -> Content:
        """The answer as it is kept for Gemini's history, with the model and key that signed it."""
        content: Content = {**self._parser.content(), "model": self._request.model}
        key = self._keys.in_use
        if key and is_signed(content):
            content["key"] = key.id
        return content

    async def run(self) -> None:
        """Make the call and emit what the model says, as it says it.

        Raises:
            GeminiError: the call failed, was refused, or ended without a finish or an answer.
        """
        for notice in self._notices:
            self._emitter.emit(notice)
        retries = 0
        while True:
            try:
                await self._attempt()
                self._keys.delivered = True
                return
            except GeminiError as error:
                failure = self._blame_files(error)
            # In this order: another key, another form, then the same once more. A fail-over costs
            # no retry: the other key has not been tried yet, and may meet a fault of its own.
            if self._change_request(failure):
                self._start()
                continue
            wait_s = self._retry_after_s(failure, retries)
            if wait_s is None:
                failure.try_model = capabilities.fallback_model(self._request.model, failure.code)
                raise failure
            retries += 1
            if failure.code == "file_gone" and (key := self._keys.in_use):
                await self._context.files.forget(key)
            if wait_s >= ANNOUNCE_S:
                retry = {"code": failure.code, "retryAfter": wait_s}
                self._emitter.emit(Activity("retry", retry, ref=str(uuid4())))
            await asyncio.sleep(wait_s)
            self._start()

    def _blame_files(self, error: GeminiError) -> GeminiError:
        """The error with the files it is about; those that Google cannot use are recorded."""
        error, files = attribute_to_files(error, self._request.contents, self._sent.contents)
        for artifact in files:
            self._context.record.refused[artifact["id"]] = error.message
        return error

    def _change_request(self, error: GeminiError) -> bool:
        """Have the next attempt made with another key or in another form, if there is one."""
        if switched := self._keys.switch(error.code):
            self._request = self._repairs.for_key(self._request, self._keys.in_use)
            self._emitter.emit(switched)
            return True
        if self._delivered:
            return False
        other = self._repairs.repaired(self._request, error, self._keys.in_use)
        if other is None:
            return False
        self._request, notice = other
        if notice:
            self._emitter.emit(notice)
        return True

    def _retry_after_s(self, error: GeminiError, retries: int) -> float | None:
        """Seconds to wait before a retry; None if there must be none."""
        # Never after a delivery: the user would see an answer begin twice, and pay twice. Of an
        # answer that turned out empty, thoughts may have been shown.
        delivered = self._answered if error.code in EMPTY else self._delivered
        if delivered or not error.retryable or retries >= RETRIES:
            return None
        if error.code == "file_gone":
            return 0.0
        if error.retry_after_s is not None:
            limit = self._request.limits.retry_wait_s
            return error.retry_after_s if error.retry_after_s <= limit else None
        # Google did not say when: asked again at once a quota gets worse, and a model that was
        # silent for a minute stays silent.
        if error.code in ("quota", "timeout"):
            return None
        return BACKOFF_S + random.random() * BACKOFF_S  # noqa: S311 (jitter, not a secret)

    async def _attempt(self) -> None:
        """One answer: one request, or several where it is too long for one."""
        self._sent = self._request
        self._allowances = await self._keys.allowances(self._request.model)
        self._sent = await self._with_files()
        await self._stream()
        while self._has_more:
            self._sent = replace(self._sent, continuation=self._parser.continuation)
            self._parser.resume()
            # A call like any other: noted, counted against the limit, and paid for.
            self._allowances = await self._keys.allowances(self._request.model)
            await self._stream()

    @property
    def _has_more(self) -> bool:
        """Whether there is more of the answer, and room in the run to fetch it."""
        calls, limits = len(self._context.record.calls), self._context.limits
        return bool(self._parser.continuation) and calls < limits.model_calls

    async def _stream(self) -> None:
        """Send one request and emit what comes back. Each delta passes here, and nowhere above."""
        context, parser, emitter = self._context, self._parser, self._emitter
        self._call = call = context.begin_call(self._agent, self._sent.model)
        self._started = self._noted = time.monotonic()
        outcome = "cancelled"
        try:
            async with aclosing(context.client.stream(self._sent)) as batches:
                async for chunks in batches:
                    for output in parser.feed(chunks):
                        if call.first_ms is None:
                            call.first_ms = self._elapsed_ms()
                        complete = await self._saved(output)
                        self._mark_delivered(complete)
                        emitter.emit(complete)
                    call.usage = parser.usage
                    if self._allowances or time.monotonic() - self._noted > NOTE_S:
                        await self._check_budget()
                    await emitter.drain()
            if not self._has_more:
                await self._finish()
            outcome = "ok"
        except GeminiError as error:
            # Letters were held back that might have begun a key; they are no key, and paid for.
            for output in parser.flush():
                complete = await self._saved(output)
                self._mark_delivered(complete)
                emitter.emit(complete)
            outcome, call.retry_after_s = error.code, error.retry_after_s
            call.message = error.message
            raise
        finally:
            # Of a call that is stopped as well: what it used until then is paid for.
            call.usage, call.outcome, call.duration_ms = parser.usage, outcome, self._elapsed_ms()
            context.on_call(call)

    async def _finish(self) -> None:
        """Emit what is only known at the end, and check that the answer is whole."""
        for output in self._parser.finish():
            if isinstance(output, Media) and output.mime_type == "text/html":
                with contextlib.suppress(GeminiError):  # the answer is whole and stays so
                    self._suggestions = await self._context.save(output)
                continue
            complete = await self._saved(output)
            if isinstance(complete, Sources):
                complete = replace(complete, suggestions=self._suggestions)
            self._mark_delivered(complete)
            self._emitter.emit(complete)
        finish = self._parser.check_finish(self._sent.expects)
        self._context.record.truncated = finish or self._context.record.truncated

    async def _saved(self, output: ModelOutput) -> Output:
        return await self._context.save(output) if isinstance(output, Media) else output

    def _mark_delivered(self, output: Output) -> None:
        self._delivered = self._keys.delivered = True
        if not self._answered:
            blank = isinstance(output, TextDelta) and is_blank(output.text)
            self._answered = not blank and not isinstance(output, ThoughtDelta)

    async def _with_files(self) -> ModelRequest:
        """The request with its files put in for the key in use.

        Raises:
            GeminiError: a file could not be brought to Google.
        """
        request, key = self._request, self._keys.in_use
        if key is None:
            return request
        contents = await with_files(
            request.contents,
            self._context.files,
            key,
            kinds=capabilities.readable_kinds(request.model),
            inline_bytes=request.limits.inline_bytes,
        )
        return replace(request, contents=contents)

    def _elapsed_ms(self) -> int:
        return int((time.monotonic() - self._started) * 1000)

    async def _check_budget(self) -> None:
        """Note now and then what the call has used; end it where the key's budget ends."""
        call = self._call
        if time.monotonic() - self._noted > NOTE_S:
            self._noted, call.duration_ms = time.monotonic(), self._elapsed_ms()
            self._context.on_call(call)
            if not self._parser.is_finished:
                self._allowances = await self._keys.allowances(call.model, call.id)
        # An answer that is whole is let through: stopping it would save nothing.
        for allowance in self._allowances:
            if not self._parser.is_finished and _spent(call, allowance.unit) > allowance.left:
                raise RunError("budget", allowance.message)


def _spent(call: CallRecord, unit: str) -> Decimal:
    """What a call has used so far, in ``tokens`` or ``usd``."""
    return Decimal(call.usage.total) if unit == "tokens" else prices.price_of(call) or Decimal(0)
