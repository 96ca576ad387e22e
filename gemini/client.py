"""The adapter to Gemini's API: streamed answers, token counts, files.

The SDK builds and sends every request and raises its typed errors. The body of a streamed answer
is read here: a transport of ours takes it over and gives the SDK an empty one (``pool.Handover``).
That keeps every part as Gemini sent it, costs a fraction of the CPU, and closes the connection when
the reader leaves; the SDK's own stream leaves it open (docs/adr/0009).
"""

from __future__ import annotations

import asyncio
import io
import weakref
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from google.genai import types

from gemini.error_mapping import error_from_frame, map_errors, to_gemini_error
from gemini.error_rules import UNREADABLE
from gemini.errors import GeminiError
from gemini.pool import (
    Connections,
    Endpoint,
    Handover,
    client_for,
    options,
    taking_over,
)
from gemini.request import ModelRequest, request_body
from gemini.response import ResponseParser
from gemini.sse import BadSSE, SSEDecoder
from gemini.types import Content

UPLOAD_S = 180.0  # for one file to be taken and to be ready
POLL_S = 1.0
FILE_LIFETIME = timedelta(hours=48)  # Source: https://ai.google.dev/gemini-api/docs/files


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file at Google, for the project of one key."""

    uri: str
    name: str
    expires_at: datetime


class _Uncopied(dict[str, Any]):
    """A content that the SDK does not copy, piece by piece, before it writes it as it is."""

    def __deepcopy__(self, memo: object) -> _Uncopied:
        return self


@dataclass(frozen=True, slots=True)
class _Pool:
    """What an event loop reaches Google by."""

    connections: Connections
    options: types.HttpOptions


class GeminiClient:
    """A ``Model`` over Gemini's API; one instance serves all users of a process."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool] = (
            weakref.WeakKeyDictionary()
        )

    def _pool(self) -> types.HttpOptions:
        loop = asyncio.get_running_loop()
        if loop not in self._pools:
            connections = Connections()
            self._pools[loop] = _Pool(connections, options(self._endpoint, connections))
        return self._pools[loop].options

    async def close_idle(self) -> None:
        """Let go of this event loop's connections that are of no use any more; now and then."""
        if pool := self._pools.get(asyncio.get_running_loop()):
            await pool.connections.close_idle()

    async def close(self) -> None:
        """Close this event loop's connections."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool and pool.options.httpx_async_client:
            await pool.options.httpx_async_client.aclose()

    def parser(self, *secrets: str) -> ResponseParser:
        """See ``Model.parser``."""
        return ResponseParser(*secrets)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[list[dict[str, Any]], None]:
        """See ``Model.stream``."""
        with map_errors():
            # One deadline over connecting, sending and waiting for the first header. The timeouts
            # of httpx2 are for each phase, and would add up.
            async with asyncio.timeout(request.limits.first_byte_s):
                response = await _send(self._pool(), request)
        decoder, received = SSEDecoder(), 0
        data: bytes | None = b""
        body = response.aiter_bytes()
        try:
            while data is not None:
                try:
                    data = await anext(body, None)
                except httpx2.HTTPError as error:
                    raise to_gemini_error(error) from None
                received += len(data or b"")
                # In bytes, because the decoder holds a line until it ends: an answer of one line
                # without end would otherwise fill the memory before any event of it could be
                # counted.
                if received > request.limits.answer_bytes:
                    raise GeminiError("upstream_error")
                events = decoder.close() if data is None else decoder.feed(data)
                chunks, failure = _until_error(events)
                if chunks:
                    yield chunks
                if failure is not None:
                    raise failure
        finally:
            # Whoever stops iterating stops paying: Gemini goes on generating, and billing, for as
            # long as the connection is open.
            await body.aclose()
            await response.aclose()

    async def count_tokens(self, request: ModelRequest) -> int:
        """How many tokens a request would send; the instruction counts as words of the user.

        Raises:
            GeminiError: Gemini refuses the key, the model or a file, or cannot be reached.
        """
        # Google counts an instruction only on Vertex: for keys of AI Studio the SDK refuses it
        # here, so it is counted as words of the user.
        contents = [*map(_Uncopied, request_body(request)["contents"])]
        if request.system:
            contents.insert(0, _Uncopied(role="user", parts=[{"text": request.system}]))
        sent = types.HttpOptions(extra_body={"contents": contents})
        with map_errors():
            async with asyncio.timeout(request.limits.first_byte_s):
                counted = await client_for(request.api_key, self._pool()).aio.models.count_tokens(
                    model=request.model,
                    # The SDK insists on contents; those of ``extra_body`` replace them on the wire.
                    contents="-",
                    config=types.CountTokensConfig(http_options=sent),
                )
        return counted.total_tokens or 0

    async def upload(self, api_key: str, data: bytes, *, mime_type: str) -> UploadedFile:
        """Bring a file to Google, where it stays for two days, and wait until it can be used.

        Raises:
            GeminiError: Gemini refuses the key or the file, or cannot be reached.
        """
        files = client_for(api_key, self._pool()).aio.files
        with map_errors():
            async with asyncio.timeout(UPLOAD_S):
                config = types.UploadFileConfig(mime_type=mime_type)
                # From memory: the SDK reads what it uploads with blocking calls, which on a disk
                # would hold up everybody on this event loop.
                file = await files.upload(file=io.BytesIO(data), config=config)
                # Videos are transcoded first. A request with one that is not ready is refused, and
                # that refusal would look like a fault of the file.
                while file.state == types.FileState.PROCESSING:
                    await asyncio.sleep(POLL_S)
                    file = await files.get(name=file.name or "")
        if file.state != types.FileState.ACTIVE or not file.uri:
            raise GeminiError("file_refused", UNREADABLE)
        return UploadedFile(
            file.uri, file.name or "", file.expiration_time or datetime.now(UTC) + FILE_LIFETIME
        )

    async def warm_up(self) -> None:
        """Make the SDK's first request, into nowhere: it costs 200 ms that no user should wait."""

        # The SDK builds its pydantic models with the first request, on the event loop: 60 to 240 ms
        # in which no other answer would move. A whole request is the one way to build all that it
        # needs.
        def answer(_: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=b"")

        nowhere = options(self._endpoint, httpx2.MockTransport(answer))
        content: Content = {"role": "user", "parts": [{"text": "-"}]}
        request = ModelRequest(
            model="warm-up", system="-", contents=(content,), api_key="warm-up", thoughts=True
        )
        await _send(nowhere, request)


async def _send(pool: types.HttpOptions, request: ModelRequest) -> httpx2.Response:
    """Send the request and return Gemini's answer, its body not read.

    The SDK believes that it reads an empty stream: it has returned by the time this does, with
    its retries and its errors behind it. The context variable is how the transport, which the SDK
    calls and which serves all requests of the event loop, knows whose answer it holds.

    Raises:
        GeminiError: it was refused, or could not be sent.
    """
    handover = Handover(request.limits.idle_s)
    token = taking_over.set(handover)
    try:
        # Like the key in the client, the context variable is this task's own: requests side by side
        # on one pool cannot take each other's answers.
        stream = await client_for(request.api_key, pool).aio.models.generate_content_stream(
            model=request.model, contents="-", config=_config(request)
        )
        async for _ in stream:  # empty: the body went to the handover
            pass
        return handover.responses[0]
    except BaseException:  # a timeout or a stop, too: nobody else knows of the open answer
        for response in handover.responses:
            await response.aclose()
        raise
    finally:
        taking_over.reset(token)


def _config(request: ModelRequest) -> types.GenerateContentConfig:
    """Everything travels as ``extra_body``: as it is, and ten times cheaper than as objects."""
    sent = request_body(request)
    sent["contents"] = [*map(_Uncopied, sent["contents"])]
    return types.GenerateContentConfig(
        # Both are on unless they are switched off. The first makes deep copies, for functions that
        # the SDK could call itself and is given none of. The second would send a further request by
        # itself, past the ledger, the budget and the limit of calls; ``ModelCall`` sends it.
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        automatic_continuation=False,
        http_options=types.HttpOptions(extra_body=sent),
    )


def _until_error(
    events: Iterator[dict[str, Any]],
) -> tuple[list[dict[str, Any]], GeminiError | None]:
    """The events up to the first bad one, and what that one means: what came before is no less
    true, and the user has paid for it.
    """
    chunks: list[dict[str, Any]] = []
    try:
        for event in events:
            if event.get("error") is not None or event.keys() == {"error"}:
                return chunks, error_from_frame(event)
            chunks.append(event)
    except BadSSE as error:
        return chunks, to_gemini_error(error)
    return chunks, None
