"""The ASGI application, and the server: on a socket of its own, in this thread or another."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from emulator.control import Control
from emulator.delivery import Exchange, Receive, Request, Scope, Send
from emulator.journal import Journal, Record, masked
from emulator.scripts import Recordings, Reply
from emulator.service import Service
from emulator.wire import Refusal


class EmulatorApp:
    """A Gemini API that lives in one process and forgets everything when it ends.

    Args:
        recordings: a folder of recorded traffic to replay.
        pace_s: seconds between two frames of a stream.
    """

    def __init__(self, *, recordings: Path | None = None, pace_s: float = 0.0) -> None:
        self._pace_s = pace_s
        self._journal = Journal()
        self._service = Service(Recordings(recordings))
        self._control = Control(self._journal, self._service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError("the emulator speaks HTTP only")
        exchange = Exchange(scope, receive, send)
        request = exchange.request
        if request.path.startswith("/emulator/"):
            await self._control.handle(exchange)
            return
        key = request.key or self._service.uploads.key_of(request)
        record = self._record(request, key)
        try:
            reply = await self._reply(exchange, record, key)
        except Refusal as refusal:
            reply = Reply.of_refusal(refusal)
        if reply.pace_s is None:
            reply.pace_s = self._pace_s
        stream = request.query.get("alt") == "sse"
        await exchange.answer(reply, record, self._journal, stream=stream)

    async def _reply(self, exchange: Exchange, record: Record, key: str) -> Reply:
        if record.path.startswith("/upload/"):
            return await self._service.upload(exchange.request, key, exchange.pieces())
        raw = await exchange.read()
        self._journal.add_body(record, raw)
        reply, record.agent = self._service.reply(exchange.request, key, raw)
        return reply

    def _record(self, request: Request, key: str) -> Record:
        """Note a request, with the key replaced wherever it stands."""

        def without_key(values: dict[str, str]) -> dict[str, str]:
            shown = masked(key)
            return {n: v.replace(key, shown) if key else v for n, v in values.items()}

        return self._journal.begin(
            method=request.method,
            path=request.path,
            query=without_key(request.query),
            headers=without_key(request.headers),
            key=masked(key),
        )


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, which lets the application see the transport: to reset a connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.access_log = False  # an address may hold a key; other people's logging may turn it on
        self.app_state = self.app_state | {"transport": transport}


class EmulatorServer(uvicorn.Server):
    """The emulator on a port; port 0 takes any free one. ``base_url`` is known at once."""

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, recordings: Path | None, pace_s: float
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # With the protocol named, asyncio turns Nagle off: without it each answer waits 40 ms.
        self._socket = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        shown = f"[{host}]" if ":" in host else host
        self.base_url = f"http://{shown}:{self._socket.getsockname()[1]}"
        self.listening = threading.Event()
        super().__init__(
            uvicorn.Config(
                EmulatorApp(recordings=recordings, pace_s=pace_s),
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=1,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    def serve_here(self) -> None:
        """Serve until it is stopped: by ``should_exit`` or by a signal to the main thread."""
        try:
            self.run(sockets=[self._socket])
        finally:
            self._socket.close()
