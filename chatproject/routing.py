"""What every connection passes before it reaches Django, the stream or the socket.

Pure ASGI, because Django's own checks see plain HTTP requests only. No rule of the chat lives
here: this file knows paths, hosts, origins and sizes.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from chatproject.bodies import Body, BodyRefused, Identify, InFlight
from chatproject.headers import security_headers
from common.asgi import Message, Receive, Scope, Send, header_values, send_error
from common.errors import AppError
from common.outages import app_error

App = Callable[[Any, Any, Any], Awaitable[None]]
Hook = Callable[[], Awaitable[None]]

STREAM_PATH = "/chat/stream"

BAD_HOST = AppError("bad_host", "This server is not known by that name.")
BAD_ORIGIN = AppError("origin_not_allowed", "This site may not use this server.", status=403)
POST_ONLY = AppError("method_not_allowed", "Send a POST, or open a web socket here.", status=405)
CLOSE = [(b"connection", b"close")]  # what is left of the body is not read
CLOSE_FORBIDDEN_ORIGIN = 4403
CLOSE_NOT_FOUND = 4404

# A server in front of us is believed by uvicorn (--forwarded-allow-ips), which has used these by
# now. Whatever is left of them, and daphne's root path, comes from the client.
UNTRUSTED_HEADERS = (b"daphne-root-path", b"forwarded", b"x-real-ip", b"x-forwarded-")

logger = logging.getLogger(__name__)


class ProtocolRouter:
    """Sends each connection to the one application that serves its path.

    Args:
        pages: everything on plain HTTP: the page, the admin, the REST API.
        stream: ``POST /chat/stream``, answered as server-sent events.
        socket: the web socket on ``/chat/stream``.
        identify: the id of the user whose token a request carries; raises ``AppError``.
        startup: awaited before the server takes connections, where the server tells (uvicorn).
        shutdown: awaited before the process ends, where the server tells.
    """

    def __init__(
        self,
        *,
        pages: App,
        stream: App,
        socket: App,
        identify: Identify,
        startup: Hook,
        shutdown: Hook,
    ) -> None:
        self.pages = pages
        self.stream = stream
        self.socket = socket
        self.identify = identify
        self.startup = startup
        self.shutdown = shutdown
        self.in_flight = InFlight()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self._lifespan(receive, send)
        elif kind == "http":
            await self._http(_trusted(scope), receive, _with_security_headers(scope, send))
        elif kind == "websocket":
            await self._websocket(_trusted(scope), receive, send)
        else:
            raise ValueError(f"Unknown kind of connection: {kind}")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.startup()
                except Exception:
                    logger.exception("The server could not start.")
                    await send({"type": "lifespan.startup.failed"})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _host_allowed(scope):
            await send_error(send, BAD_HOST)
            return
        if scope["path"] != STREAM_PATH:
            await self._bounded(self.pages, scope, receive, send)
        elif scope["method"] != "POST":
            await send_error(send, POST_ONLY, [(b"allow", b"POST")])
        elif not _origin_allowed(scope):
            await send_error(send, BAD_ORIGIN)
        else:
            await self._bounded(self.stream, scope, receive, send)

    async def _bounded(self, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        """Run ``app``, and answer instead of it once the body is not taken."""
        body = Body(scope, receive, self.identify, self.in_flight)
        started = False

        async def tracked_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await body.check_declared()
            await app(scope, body.receive, tracked_send)
        except BodyRefused as refused:
            if not started:
                await send_error(send, refused.error, CLOSE)
        except Exception as error:
            # The beginning of an answer is out: a second one behind it would be read as part of it.
            if started:
                raise
            await send_error(send, app_error(error, during="Answering a request"), CLOSE)
        finally:
            # Also when the client left: what a request took of the room is free with its end.
            body.release()

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != STREAM_PATH:
            await _close(receive, send, CLOSE_NOT_FOUND)
        elif not _host_allowed(scope) or not _origin_allowed(scope):
            await _close(receive, send, CLOSE_FORBIDDEN_ORIGIN)
        else:
            await self.socket(scope, receive, send)


def _trusted(scope: Scope) -> Scope:
    """The scope without what a client could have made up."""
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if not name.lower().startswith(UNTRUSTED_HEADERS)
    ]
    # daphne takes ``root_path`` from a header of the client: ``Daphne-Root-Path: /evil`` stood in
    # every address that Django made, redirects among them.
    return {**scope, "root_path": "", "headers": headers}


def _host_allowed(scope: Scope) -> bool:
    # Django checks the host of plain requests alone, never that of a socket. Two such headers are
    # two opinions: a proxy in front may have believed the other one.
    hosts = header_values(scope, b"host")
    if len(hosts) != 1:
        return False
    domain, _port = split_domain_port(hosts[0])
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _origin_allowed(scope: Scope) -> bool:
    """Whether the origin is on the list, compared whole: scheme, host and port.

    Programs send none; they are let through, because nothing here signs in by cookie.
    """
    # Channels' own check knows hosts: any scheme and any port of one pass, and ``*`` lets
    # everything in.
    origins = header_values(scope, b"origin")
    return not origins or (len(origins) == 1 and origins[0] in settings.ALLOWED_ORIGINS)


async def _close(receive: Receive, send: Send, code: int) -> None:
    """Accept, then close: a socket that is refused earlier reaches a browser as a bare 1006."""
    message = await receive()
    if message["type"] == "websocket.connect":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": code})


def _with_security_headers(scope: Scope, send: Send) -> Send:
    """Add the headers to answers that Django's middleware does not see."""

    async def secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            present = {bytes(name).lower(): bytes(value) for name, value in headers}
            own_policy = present.get(b"content-security-policy", b"").decode("latin-1")
            for name, value in security_headers(scope["path"], own_policy=own_policy).items():
                if name.lower().encode() not in present:
                    headers.append((name.lower().encode(), value.encode()))
            message = {**message, "headers": headers}
        await send(message)

    return secured
