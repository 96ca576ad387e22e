"""The ASGI application: Google's routes under /v1 and /v1beta, the emulator's own beside them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from emulator import catalogue, rules, wire
from emulator.calls import Call, camelised, parse_body
from emulator.control import Control
from emulator.delivery import Exchange, Receive, Scope, Send
from emulator.journal import Journal, Record, masked
from emulator.recordings import Recordings
from emulator.replies import Replies
from emulator.scenario import Reply

_ROUTE = re.compile(r"/(v1|v1beta)/models(?:/([^/:]+)(?::(\w+))?)?")
_GENERATE = ("generateContent", "streamGenerateContent")


class EmulatorApp:
    """A Gemini API that lives in one process and forgets everything when it ends."""

    def __init__(self, *, recordings: Path | None = None, pace_s: float = 0.0) -> None:
        folder = Recordings(recordings)
        self._pace_s = pace_s
        self._journal = Journal()
        self._replies = Replies(folder)
        self._control = Control(self._journal, self._replies, folder)

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
        record = self._record(scope["method"], path, query, headers, key)
        raw = await exchange.read()
        self._journal.keep_body(record, raw)
        sse = query.get("alt") == "sse"
        style = "sse" if sse else "array" if "stream" in path else "unary"
        try:
            reply = self._reply(scope["method"], path, query, key, raw, record)
        except wire.Refusal as refusal:
            reply = Reply.of_refusal(refusal)
        if reply.pace_s is None:
            reply.pace_s = self._pace_s
        await exchange.answer(reply, record, self._journal, style)

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
            key_from="header" if headers.get("x-goog-api-key") else "query" if key else "",
        )

    def _reply(
        self, method: str, path: str, query: dict[str, str], key: str, raw: bytes, record: Record
    ) -> Reply:
        route = _ROUTE.fullmatch(path)
        if route is None:
            raise wire.Refusal(404, wire.MESSAGES[404])
        version, model_id, action = route.groups()
        rules.check_key(key, model_id or "")
        if method == "GET" and action is None:
            scripted = self._replies.step_for(key, "models")
            return scripted or self._models(version, model_id, query)
        model = catalogue.find(model_id or "", version)
        asked = "generateContent" if action in _GENERATE else str(action)
        if model is None or asked not in model.methods or method != "POST":
            raise rules.model_not_found(model_id, version, asked)
        body = parse_body(raw)
        if action == "countTokens":
            return self._replies.step_for(key, action) or _count_tokens(model, key, body)
        call = Call(model, action, key, body, hashlib.sha256(raw).hexdigest())
        rules.check_call(call)
        record.agent = call.agent
        return self._replies.reply_to(call)

    def _models(self, version: str, model_id: str | None, query: dict[str, str]) -> Reply:
        if model_id is not None:
            model = catalogue.find(model_id, version)
            if model is None:
                raise rules.model_not_found(model_id, version, "GetModel")
            return Reply(body=wire.pretty(model.listed()) + b"\n")
        asked = camelised(query)
        known = [model for model in catalogue.MODELS if catalogue.find(model.id, version)]
        try:
            size = min(max(int(asked.get("pageSize") or 50), 1), 1000)
            start = int(asked.get("pageToken") or 0)
        except ValueError as error:
            raise wire.Refusal(400, "Invalid page_token or page_size.") from error
        page: dict[str, Any] = {"models": [model.listed() for model in known[start : start + size]]}
        if start + size < len(known):
            page["nextPageToken"] = str(start + size)
        return Reply(body=wire.pretty(page) + b"\n")


def _count_tokens(model: catalogue.Model, key: str, body: dict[str, Any]) -> Reply:
    call = Call(model, "countTokens", key, body.get("generateContentRequest") or body)
    rules.check_call(call)
    total = call.prompt_tokens
    details = [{"modality": "TEXT", "tokenCount": total}]
    return Reply(body=wire.pretty({"totalTokens": total, "promptTokensDetails": details}) + b"\n")
