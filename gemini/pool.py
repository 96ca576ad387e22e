"""How we reach Google: one pool of connections and one TLS context for the keys of everybody.

The key is a header of each request. No redirects (they would carry the key elsewhere), no cookies
(they would cross keys), nothing from the process's environment.
"""

from __future__ import annotations

import contextvars
import functools
import http.cookiejar
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from google import genai
from google.genai import errors, types

from gemini.errors import GeminiError
from gemini.google_errors import agent_error
from gemini.model_lists import ListTransport
from gemini.sse import BadSSE

logger = logging.getLogger(__name__)

CONNECT_S, WRITE_S, POOL_S, CHECK_S = 10.0, 30.0, 10.0, 15.0
KEEPALIVE_S = 60.0

taking_over: contextvars.ContextVar[Handover] = contextvars.ContextVar("taking_over")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Gemini is; a setting of the server, never of a user."""

    base_url: str
    api_version: str


@dataclass(slots=True)
class Handover:
    """What a request and its transport tell each other past the SDK."""

    idle_s: float
    responses: list[httpx2.Response] = field(default_factory=list)


class _Empty(httpx2.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        return
        yield b""


class _HandoverTransport(httpx2.AsyncBaseTransport):
    """Hands the body of a good event stream to ``taking_over``, and an empty one to the SDK."""

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
        handover = taking_over.get()
        # From here on, for each read: a second timer around every one of them costs a seventh of
        # all that the server spends on a delta.
        phases["read"] = handover.idle_s
        handover.responses.append(response)
        return httpx2.Response(200, headers={"content-type": content_type}, stream=_Empty())

    async def aclose(self) -> None:
        await self._inner.aclose()


class Connections(httpx2.AsyncHTTPTransport):
    """The connections to Google of one event loop."""

    def __init__(self) -> None:
        limits = httpx2.Limits(
            max_connections=1000, max_keepalive_connections=200, keepalive_expiry=KEEPALIVE_S
        )
        super().__init__(verify=tls(), limits=limits, trust_env=False)

    async def close_idle(self) -> None:
        """Close the idle connections that the other side has closed, or that are too old.

        httpcore2 does so when a request comes or goes, and never in between: after a busy hour
        they would stay half closed (CLOSE-WAIT), each with its descriptor, until the next one.
        """
        for connection in self._pool.connections:
            if connection.is_idle() and connection.has_expired():
                await connection.aclose()


@functools.cache
def tls() -> Any:
    return httpx2.create_ssl_context()


def _no_cookies() -> http.cookiejar.CookieJar:
    policy = http.cookiejar.DefaultCookiePolicy(allowed_domains=[])
    return http.cookiejar.CookieJar(policy=policy)


@functools.cache
def sync_client() -> httpx2.Client:
    """For key checks, which run in threads; httpx2's sync client is safe to share."""
    timeout = httpx2.Timeout(CHECK_S, connect=CONNECT_S)

    def set_timeouts(request: httpx2.Request) -> None:
        request.extensions["timeout"] = timeout.as_dict()  # the SDK asks for none at all

    return httpx2.Client(
        transport=ListTransport(
            verify=tls(), limits=httpx2.Limits(max_keepalive_connections=0), trust_env=False
        ),
        cookies=_no_cookies(),
        trust_env=False,
        event_hooks={"request": [set_timeouts]},
    )


def options(endpoint: Endpoint, transport: httpx2.AsyncBaseTransport) -> types.HttpOptions:
    client = httpx2.AsyncClient(
        transport=_HandoverTransport(transport), cookies=_no_cookies(), trust_env=False
    )
    return types.HttpOptions(
        base_url=endpoint.base_url,
        api_version=endpoint.api_version,
        httpx_client=sync_client(),
        httpx_async_client=client,
        async_client_args={"ssl": tls()},
    )


def client_for(api_key: str, options: types.HttpOptions) -> genai.Client:
    """A client for one key; 0.2 ms, because all that is dear is shared."""
    if not api_key:  # the SDK would take a key from the environment
        raise GeminiError("invalid_key")
    return genai.Client(enterprise=False, api_key=api_key, http_options=options)


@contextmanager
def our_words() -> Iterator[None]:
    """Whatever goes wrong inside is raised as a ``GeminiError``; the cause's own text ends here."""
    try:
        yield
    except GeminiError:
        raise
    except TimeoutError:
        raise GeminiError("timeout") from None
    except Exception as error:
        raise translated(error) from None


def translated(error: Exception) -> GeminiError:
    """Our error for one of the SDK or the network. The text of either stays here."""
    if isinstance(error, errors.APIError):
        return agent_error(error.code, error.details)
    if isinstance(error, httpx2.TimeoutException):
        return GeminiError("timeout")
    if isinstance(error, httpx2.ConnectError):
        return GeminiError("unreachable")
    if isinstance(error, (httpx2.HTTPError, BadSSE, errors.UnknownApiResponseError)):
        return GeminiError("upstream_error")
    logger.error("Unexpected %s while calling Gemini", type(error).__name__)
    return GeminiError("upstream_error")
