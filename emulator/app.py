"""The ASGI application: Google's routes, the emulator's own beside them, and the journal of all."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

from emulator import wire
from emulator.control import Control
from emulator.delivery import Exchange, Receive, Scope, Send
from emulator.journal import Journal, Record, masked
from emulator.recordings import Recordings
from emulator.scenario import Reply
from emulator.service import Service

PROCESSING_S = 0.3  # how long film and sound stay PROCESSING


class EmulatorApp:
    """A Gemini API that lives in one process and forgets everything when it ends."""

    def __init__(
        self,
        *,
        recordings: Path | None = None,
        pace_s: float = 0.0,
        processing_s: float = PROCESSING_S,
    ) -> None:
        self._pace_s = pace_s
        self._journal = Journal()
        self._service = Service(Recordings(recordings), processing_s=processing_s)
        self._control = Control(self._journal, self._service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError("the emulator speaks HTTP only")
        exchange = Exchange(scope, receive, send)
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        path = scope["path"]
        if path.startswith("/emulator/"):
            await self._control.handle(exchange, scope["method"], path, query, headers)
            return
        key = headers.get("x-goog-api-key") or query.get("key", "")
        key = key or self._service.uploads.key_of(query)
        record = self._record(scope["method"], path, query, headers, key)
        try:
            reply = await self._reply(exchange, record, query, headers, key)
        except wire.Refusal as refusal:
            reply = Reply.of_refusal(refusal)
        if reply.pace_s is None:
            reply.pace_s = self._pace_s
        await exchange.answer(reply, record, self._journal, stream=query.get("alt") == "sse")

    async def _reply(
        self,
        exchange: Exchange,
        record: Record,
        query: dict[str, str],
        headers: dict[str, str],
        key: str,
    ) -> Reply:
        if record.path.startswith("/upload/"):
            pieces = exchange.pieces()
            return await self._service.upload(record.path, query, headers, key, pieces)
        raw = await exchange.read()
        self._journal.keep_body(record, raw)
        reply, record.agent = self._service.reply(record.method, record.path, query, key, raw)
        return reply

    def _record(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], key: str
    ) -> Record:
        """Note a request, with the key replaced wherever it stands."""

        def without_key(values: dict[str, str]) -> dict[str, str]:
            shown = masked(key)
            return {n: v.replace(key, shown) if key else v for n, v in values.items()}

        return self._journal.begin(
            method=method,
            path=path,
            query=without_key(query),
            headers=without_key(headers),
            key=masked(key),
            key_from=_key_from(query, headers, key),
        )


def _key_from(query: dict[str, str], headers: dict[str, str], key: str) -> str:
    """Where the key stood: header, query, or in the first request of an upload; "" if none."""
    if headers.get("x-goog-api-key"):
        return "header"
    return "query" if query.get("key") else "upload" if key else ""
