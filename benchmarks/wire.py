"""A web socket client that costs next to nothing: the load must not be what is measured.

It reads text frames as a server sends them (unmasked, whole), answers pings, and leaves everything
else to who uses it. Each message comes with the time its bytes arrived, in microseconds.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import zlib
from collections.abc import Callable
from typing import Any

from benchmarks.clock import now_us

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
TAIL = b"\x00\x00\xff\xff"

OnMessage = Callable[[bytes, int], None]


class Socket(asyncio.Protocol):
    """One connection; ``on_message`` is called for every text message."""

    def __init__(self, host: str, path: str, *, deflate: bool = False) -> None:
        self.on_message: OnMessage | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.received = 0
        self._host, self._path, self._deflate = host, path, deflate
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._inflater = zlib.decompressobj(-15) if deflate else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        lines = [
            f"GET {self._path} HTTP/1.1",
            f"Host: {self._host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
        ]
        if self._deflate:
            lines.append("Sec-WebSocket-Extensions: permessage-deflate")
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        at = now_us()
        self.received += len(data)
        data = self._buffer + data
        if not self.opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._buffer = head
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self.opened.set_exception(ConnectionError(head[:100].decode("latin-1")))
                return
            self.opened.set_result(None)
        self._buffer = self._frames(data, at)

    def _frames(self, data: bytes, at: int) -> bytes:
        """Handle the whole frames in ``data``; returns what is left of it."""
        start, size = 0, len(data)
        while size - start >= 2:
            length, body = data[start + 1] & 127, start + 2
            if length > 125:
                wide = 2 if length == 126 else 8
                body += wide
                length = int.from_bytes(data[start + 2 : body], "big")
            if size < body or size - body < length:
                break
            self._frame(data[start], data[body : body + length], at)
            start = body + length
        return data[start:]

    def _frame(self, head: int, payload: bytes, at: int) -> None:
        kind = head & 15
        if head & 0x40 and self._inflater is not None:
            payload = self._inflater.decompress(payload + TAIL)
        if kind == TEXT and self.on_message is not None:
            self.on_message(payload, at)
        elif kind == PING:
            self._send(PONG, payload)
        elif kind == CLOSE and not self.closed.done():
            self.closed.set_result(int.from_bytes(payload[:2], "big"))

    def connection_lost(self, _: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(1006)
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before it was open"))

    def send(self, message: dict[str, Any] | str) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        self._send(TEXT, text.encode())

    def _send(self, kind: int, payload: bytes) -> None:
        """Masked with zeros, which is a mask like any other."""
        size = len(payload)
        if size < 126:
            head = bytes([0x80 | kind, 0x80 | size])
        else:
            head = bytes([0x80 | kind, 0xFE]) + size.to_bytes(2, "big")
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(head + b"\0\0\0\0" + payload)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def connect(port: int, path: str = "/chat/stream", *, deflate: bool = False) -> Socket:
    loop = asyncio.get_running_loop()
    _, ws = await loop.create_connection(
        lambda: Socket(f"127.0.0.1:{port}", path, deflate=deflate), "127.0.0.1", port
    )
    await ws.opened
    return ws
