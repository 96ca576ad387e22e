"""Serving the emulator with uvicorn: on a socket of its own, in this thread or another."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from emulator.app import EmulatorApp


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, which lets the application see the transport: to reset a connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.access_log = False  # an address may hold a key; other people's logging may turn it on
        self.app_state = self.app_state | {"transport": transport}


class EmulatorServer(uvicorn.Server):
    """The emulator on a port; port 0 takes any free one. ``base_url`` is known at once."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        recordings: Path | None,
        pace_s: float,
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
