"""How Google is reached: one pool of connections and one TLS context for the keys of everybody.

The key is a header of each request. No redirects (they would carry the key elsewhere), no cookies
(they would cross keys), nothing from the process's environment.
"""

from __future__ import annotations

import contextvars
import functools
import http.cookiejar
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
from google import genai
from google.genai import types

from gemini.errors import GeminiError
from gemini.loose_json import as_dict, as_dicts, as_list

# Seconds. POOL_S: without it a request would wait for a free connection for ever, and in silence.
CONNECT_S, WRITE_S, POOL_S, CHECK_S = 10.0, 30.0, 10.0, 15.0
KEEPALIVE_S = 60.0

taking_over: contextvars.ContextVar[Handover] = contextvars.ContextVar("taking_over")

LISTED_FIELDS = {
    "name": str,
    "displayName": str,
    "description": str,
    "inputTokenLimit": int,
    "outputTokenLimit": int,
    "thinking": bool,
}
LISTED_METHODS = "supportedGenerationMethods"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Gemini is; a setting of the server, never of a user."""

    base_url: str
    api_version: str


@dataclass(slots=True)
class Handover:
    """What a request and its transport exchange past the SDK.

    Args:
        idle_s: the longest pause between two pieces of the answer, in seconds.
        responses: where the transport puts the answer whose body is to be read.
    """

    idle_s: float
    responses: list[httpx2.Response] = field(default_factory=list)


class _Empty(httpx2.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        return
        yield b""


class _HandoverTransport(httpx2.AsyncBaseTransport):
    """Hands the body of a good event stream to ``taking_over``, and an empty one to the SDK.

    The SDK is left everything that changes with Google's API, and refusals are left to it whole: it
    reads their bodies and raises what ``error_mapping`` reads. Only a 200 with an event stream is
    taken.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # The SDK sets no timeouts. The answer's beginning has a deadline of its own.
        phases = {"connect": CONNECT_S, "write": WRITE_S, "pool": POOL_S, "read": None}
        request.extensions["timeout"] = phases
        response = await self._inner.handle_async_request(request)
        content_type = response.headers.get("content-type", "")
        if response.status_code != 200 or not content_type.startswith("text/event-stream"):
            return response
        handover = taking_over.get()
        # The connection takes its timeouts from this very dict, once more when the body begins: a
        # copy would change nothing. They count for each read. A second timer around every one of
        # them costs a seventh of all that the server spends on a delta.
        phases["read"] = handover.idle_s
        handover.responses.append(response)
        return httpx2.Response(200, headers={"content-type": content_type}, stream=_Empty())

    async def aclose(self) -> None:
        await self._inner.aclose()


class Connections(httpx2.AsyncHTTPTransport):
    """The connections to Google of one event loop."""

    def __init__(self) -> None:
        # The defaults (100, of which 20 stay open) are fewer than the answers of a busy process,
        # each of which holds a connection until its end.
        limits = httpx2.Limits(
            max_connections=1000, max_keepalive_connections=200, keepalive_expiry=KEEPALIVE_S
        )
        super().__init__(verify=tls(), limits=limits, trust_env=False)

    async def close_idle(self) -> None:
        """Close the idle connections that the other side has closed, or that are too old."""
        # httpcore2 does so when a request comes or goes, and never in between: after a busy hour
        # they would stay half closed (CLOSE-WAIT), each with its descriptor, until the next one. It
        # has no public way to do it at another time, so this reads its list of connections; the
        # pinned release is what makes that safe, and a test over real sockets counts them.
        for connection in self._pool.connections:
            if connection.is_idle() and connection.has_expired():
                await connection.aclose()


@functools.cache
def tls() -> Any:
    return httpx2.create_ssl_context()


def _no_cookies() -> http.cookiejar.CookieJar:
    # The pool is everybody's. An ordinary jar was measured to send the cookie that an answer to one
    # key had set along with the next request, which had another key.
    policy = http.cookiejar.DefaultCookiePolicy(allowed_domains=[])
    return http.cookiejar.CookieJar(policy=policy)


class ListTransport(httpx2.HTTPTransport):
    """Makes lists of models readable for the SDK."""

    # The SDK refuses a whole list for one odd field, such as a limit in words: no key could be
    # checked any more, nor a model be chosen, on the day on which Google adds such a thing. So only
    # the fields that are read here go on to it, and those only with the type they should have.

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        if response.status_code != 200 or not request.url.path.endswith("/models"):
            return response
        try:
            body = json.loads(response.read())
        except (ValueError, RecursionError):
            raise httpx2.DecodingError("This is no list of models.", request=request) from None
        finally:
            response.close()
        return httpx2.Response(200, json=_readable_list(body))


def _readable_list(body: Any) -> dict[str, Any]:
    given = as_dict(body[0] if isinstance(body, list) and body else body)
    models = [_readable_model(entry) for entry in as_dicts(given.get("models"))]
    token = given.get("nextPageToken")
    return {"models": models} | ({"nextPageToken": token} if isinstance(token, str) else {})


def _readable_model(entry: dict[str, Any]) -> dict[str, Any]:
    known = {
        name: entry[name]
        for name, kind in LISTED_FIELDS.items()
        if _has_type(entry.get(name), kind)
    }
    methods = [method for method in as_list(entry.get(LISTED_METHODS)) if isinstance(method, str)]
    return {**known, LISTED_METHODS: methods}


def _has_type(value: object, kind: type) -> bool:
    """Whether it is of the type; a number may be written as a text, as protobuf does."""
    in_text = kind is int and isinstance(value, str) and value.isascii() and value.isdigit()
    return in_text or type(value) is kind


@functools.cache
def sync_client() -> httpx2.Client:
    """For key checks, which run in threads; httpx2's sync client is safe to share."""
    timeout = httpx2.Timeout(CHECK_S, connect=CONNECT_S)

    def set_timeouts(request: httpx2.Request) -> None:
        request.extensions["timeout"] = timeout.as_dict()  # the SDK sets none

    return httpx2.Client(
        transport=ListTransport(
            verify=tls(), limits=httpx2.Limits(max_keepalive_connections=0), trust_env=False
        ),
        cookies=_no_cookies(),
        trust_env=False,
        event_hooks={"request": [set_timeouts]},
    )


def options(endpoint: Endpoint, transport: httpx2.AsyncBaseTransport) -> types.HttpOptions:
    """What the clients of all keys share."""
    # Whatever is not given here the SDK makes for each client, even if it never uses it. Measured:
    # 80 ms of the event loop with nothing given, 30 with both HTTP clients (a TLS context for web
    # sockets is left), 0.2 with all three. A client of ours also keeps the SDK from changing to
    # aiohttp, whose timeouts and errors are others, on the day that one gets installed.
    #
    # It follows no redirects, as httpx2 does not by default: the SDK's own client does, and was
    # seen to carry the header with the key to the other host.
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
    # Said, not left open: in the environment GOOGLE_GENAI_USE_ENTERPRISE would turn the client to
    # Vertex, and GOOGLE_GEMINI_BASE_URL (see ``options``) would send everybody's keys to another
    # server.
    return genai.Client(enterprise=False, api_key=api_key, http_options=options)
