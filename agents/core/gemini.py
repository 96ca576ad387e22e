"""Gemini through google-genai: the one place that knows the SDK, and that holds a key in a request.

The SDK builds and sends every request and names its errors. The body of a streamed answer is read
here, by ``frames.py``: a transport of ours takes it over and gives the SDK an empty one. That keeps
every part as Gemini sent it, costs a fraction of the CPU, and closes the connection when we say so;
the SDK's own stream leaves it open (docs/adr/0009).

One connection pool and TLS context serve all keys of an event loop: the key is a header of each
request. No redirects (they would carry the key elsewhere), no cookies (they would cross keys),
nothing from the process's environment.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import http.cookiejar
import logging
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx2
from google import genai
from google.genai import errors, types

from agents.core.errors import AgentError
from agents.core.frames import BadFrame, FrameReader
from agents.core.google_body import body
from agents.core.google_errors import agent_error, error_in_stream
from agents.core.model import ModelRequest

logger = logging.getLogger(__name__)

CONNECT_S, WRITE_S, POOL_S, CHECK_S = 10.0, 30.0, 10.0, 15.0
LIST_PAGES = 5  # Google lists 1000 models a page, and has some fifty

_handover: contextvars.ContextVar[_Handover] = contextvars.ContextVar("handover")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Gemini is; a setting of the server, never of a user."""

    base_url: str
    api_version: str


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """``status`` is active, invalid, blocked, quota or unreachable; ``code`` an AgentError code."""

    status: str
    code: str = ""
    retry_after_s: float | None = None


@dataclass(slots=True)
class _Handover:
    """What a request and its transport tell each other past the SDK."""

    idle_s: float
    responses: list[httpx2.Response] = field(default_factory=list)


class _Empty(httpx2.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        return
        yield b""


class _HandoverTransport(httpx2.AsyncBaseTransport):
    """Hands the body of a good event stream to ``_handover``, and an empty one to the SDK."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # The SDK asks for none at all. The answer's beginning has a deadline of its own.
        phases = {"connect": CONNECT_S, "write": WRITE_S, "pool": POOL_S, "read": None}
        request.extensions["timeout"] = phases
        response = await self._inner.handle_async_request(request)
        content_type = response.headers.get("content-type", "")
        if response.status_code != 200 or not content_type.startswith("text/event-stream"):
            return response
        handover = _handover.get()
        # From here on, for each read: a second timer around every one of them costs a seventh of
        # all that the server spends on a delta.
        phases["read"] = handover.idle_s
        handover.responses.append(response)
        return httpx2.Response(200, headers={"content-type": content_type}, stream=_Empty())

    async def aclose(self) -> None:
        await self._inner.aclose()


@functools.cache
def _tls() -> Any:
    return httpx2.create_ssl_context()


def _no_cookies() -> http.cookiejar.CookieJar:
    policy = http.cookiejar.DefaultCookiePolicy(allowed_domains=[])
    return http.cookiejar.CookieJar(policy=policy)


@functools.cache
def _sync_client() -> httpx2.Client:
    """For key checks, which run in threads; httpx2's sync client is safe to share."""
    timeout = httpx2.Timeout(CHECK_S, connect=CONNECT_S)

    def set_timeouts(request: httpx2.Request) -> None:
        request.extensions["timeout"] = timeout.as_dict()  # the SDK asks for none at all

    return httpx2.Client(
        verify=_tls(),
        limits=httpx2.Limits(max_keepalive_connections=0),
        cookies=_no_cookies(),
        trust_env=False,
        event_hooks={"request": [set_timeouts]},
    )


def _options(
    endpoint: Endpoint, transport: httpx2.AsyncBaseTransport | None = None
) -> types.HttpOptions:
    limits = httpx2.Limits(max_connections=1000, max_keepalive_connections=200, keepalive_expiry=60)
    inner = transport or httpx2.AsyncHTTPTransport(verify=_tls(), limits=limits, trust_env=False)
    client = httpx2.AsyncClient(
        transport=_HandoverTransport(inner), cookies=_no_cookies(), trust_env=False
    )
    return types.HttpOptions(
        base_url=endpoint.base_url,
        api_version=endpoint.api_version,
        httpx_client=_sync_client(),
        httpx_async_client=client,
        async_client_args={"ssl": _tls()},
    )


def _client(api_key: str, options: types.HttpOptions) -> genai.Client:
    """A client for one key; 0.2 ms, because all that is dear is shared."""
    if not api_key:  # the SDK would take a key from the environment
        raise AgentError("invalid_key")
    return genai.Client(enterprise=False, api_key=api_key, http_options=options)


class Gemini:
    """A ``Model`` over Gemini's API; one instance serves all users of a process."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._pools: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, types.HttpOptions] = (
            weakref.WeakKeyDictionary()
        )

    def _pool(self) -> types.HttpOptions:
        loop = asyncio.get_running_loop()
        if loop not in self._pools:
            self._pools[loop] = _options(self._endpoint)
        return self._pools[loop]

    async def close(self) -> None:
        """Close this event loop's connections."""
        options = self._pools.pop(asyncio.get_running_loop(), None)
        if options and options.httpx_async_client:
            await options.httpx_async_client.aclose()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[list[dict[str, Any]], None]:
        """See ``Model.stream``."""
        try:
            async with asyncio.timeout(request.limits.first_byte_s):
                response = await _send(self._pool(), request)
        except TimeoutError:
            raise AgentError("timeout") from None
        try:
            async with aclosing(_read(response, request)) as batches:
                async for frames in batches:
                    yield frames
        finally:
            await response.aclose()

    async def warm_up(self) -> None:
        """Make the SDK's first request, into nowhere: it costs 200 ms that no user should wait."""

        def answer(_: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=b"")

        options = _options(self._endpoint, httpx2.MockTransport(answer))
        content = {"role": "user", "parts": [{"text": "-"}]}
        request = ModelRequest(
            model="warm-up", system="-", contents=(content,), api_key="warm-up", thoughts=True
        )
        await _send(options, request)


def check_key(endpoint: Endpoint, api_key: str) -> KeyCheck:
    """Ask Google about a key: one request, no tokens. Blocks for up to 15 s: use a thread."""
    try:
        _listed(endpoint, api_key, page_size=1, pages=1)
    except AgentError as failure:
        statuses = {"invalid_key": "invalid", "key_blocked": "blocked", "quota": "quota"}
        status = statuses.get(failure.code, "unreachable")
        return KeyCheck(status, failure.code, failure.retry_after_s)
    return KeyCheck("active")


def list_models(endpoint: Endpoint, api_key: str) -> tuple[str, ...]:
    """The ids of the models that make content and that this key may use. Blocks: use a thread.

    Raises:
        AgentError: Google refuses the key, or cannot be asked.
    """
    return tuple(
        model.name.removeprefix("models/")
        for model in _listed(endpoint, api_key, page_size=1000, pages=LIST_PAGES)
        if model.name and "generateContent" in (model.supported_actions or ())
    )


def _listed(endpoint: Endpoint, api_key: str, *, page_size: int, pages: int) -> list[types.Model]:
    options = types.HttpOptions(
        base_url=endpoint.base_url, api_version=endpoint.api_version, httpx_client=_sync_client()
    )
    options.async_client_args = {"ssl": _tls()}
    try:
        pager = _client(api_key, options).models.list(config={"page_size": page_size})
        found = list(pager.page)
        for _ in range(pages - 1):
            if not pager.config.get("page_token"):
                break
            found += pager.next_page()
    except AgentError:
        raise
    except Exception as error:
        raise _translated(error) from None
    return found


async def _send(options: types.HttpOptions, request: ModelRequest) -> httpx2.Response:
    """Send the request and return Gemini's open answer.

    Raises:
        AgentError: it was refused, or could not be sent.
    """
    handover = _Handover(request.limits.idle_s)
    token = _handover.set(handover)
    try:
        stream = await _client(request.api_key, options).aio.models.generate_content_stream(
            model=request.model, contents="-", config=_config(request)
        )
        async for _ in stream:  # empty: the body went to _handover
            pass
        return handover.responses[0]
    except AgentError:
        raise
    except Exception as error:
        raise _translated(error) from None
    except BaseException:
        for response in handover.responses:
            await response.aclose()
        raise
    finally:
        _handover.reset(token)


def _config(request: ModelRequest) -> types.GenerateContentConfig:
    """Everything travels as ``extra_body``: as it is, and ten times cheaper than as objects."""
    return types.GenerateContentConfig(
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        automatic_continuation=False,
        http_options=types.HttpOptions(extra_body=body(request)),
    )


async def _read(
    response: httpx2.Response, request: ModelRequest
) -> AsyncGenerator[list[dict[str, Any]], None]:
    reader = FrameReader(request.api_key, *request.other_keys)
    received = 0
    async with aclosing(response.aiter_bytes()) as pieces:
        while (data := await _next(pieces)) is not None:
            received += len(data)
            if received > request.limits.answer_bytes:
                raise AgentError("upstream_error")
            frames, failure = _good_frames(reader.feed(data))
            if frames:
                yield frames
            if failure is not None:
                raise failure
    frames, failure = _good_frames(reader.end())
    if frames:
        yield frames
    if failure is not None:
        raise failure


async def _next(body: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(body, None)
    except httpx2.HTTPError as error:
        raise _translated(error) from None


def _good_frames(
    frames: Iterator[dict[str, Any]],
) -> tuple[list[dict[str, Any]], AgentError | None]:
    """The frames up to the first bad one, and what that one means: nothing said is lost."""
    good: list[dict[str, Any]] = []
    try:
        for frame in frames:
            if "error" in frame:
                return good, error_in_stream(frame)
            good.append(frame)
    except BadFrame as error:
        return good, _translated(error)
    return good, None


def _translated(error: Exception) -> AgentError:
    """Our error for one of the SDK or the network. The text of either stays here."""
    if isinstance(error, errors.APIError):
        return agent_error(error.code, error.details)
    if isinstance(error, httpx2.TimeoutException):
        return AgentError("timeout")
    if isinstance(error, httpx2.ConnectError):
        return AgentError("unreachable")
    if isinstance(error, (httpx2.HTTPError, BadFrame, errors.UnknownApiResponseError)):
        return AgentError("upstream_error")
    logger.error("Unexpected %s while calling Gemini", type(error).__name__)
    return AgentError("upstream_error")
