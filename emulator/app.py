"""The ASGI application: Google's routes, the emulator's own beside them, and the journal of all."""

from __future__ import annotations

from pathlib import Path

from emulator.control import Control
from emulator.delivery import Exchange, Receive, Request, Scope, Send
from emulator.errors import Refusal
from emulator.journal import Journal, Record, masked
from emulator.recordings import Recordings
from emulator.scripts import Reply
from emulator.service import Service


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
            key_from=request.key_from or ("upload" if key else ""),
        )
