"""The emulator's own endpoints under /emulator/: script replies, look at requests, start over."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from emulator import wire
from emulator.delivery import Exchange
from emulator.journal import Journal, masked
from emulator.service import Service

MAX_WAIT_S = 60.0


class Control:
    """Answers the requests of whoever steers the emulator."""

    def __init__(self, journal: Journal, service: Service) -> None:
        self._journal = journal
        self._service = service

    async def handle(
        self,
        exchange: Exchange,
        method: str,
        path: str,
        query: dict[str, str],
        headers: dict[str, str],
    ) -> None:
        """Answer one request; never one that a browser sent for a page of another origin."""
        host, from_page = headers.get("host", ""), "origin" in headers
        body = await exchange.read()
        try:
            if from_page or not _is_near(host):
                raise wire.Refusal(403, "emulator: not from a page; by IP address or localhost.")
            found = await self._found(method, path, query, body)
        except wire.Refusal as refusal:
            await exchange.body(refusal.status, refusal.body, wire.JSON)
            return
        await exchange.body(200, wire.compact(found), wire.JSON)

    async def _found(self, method: str, path: str, query: dict[str, str], body: bytes) -> Any:
        match method, path.removeprefix("/emulator/"):
            case "POST", "script":
                return {"queued": self._script(body)}
            case (("POST" | "DELETE"), "models"):
                return self._models(method, query, body)
            case "GET", "requests":
                return {"requests": await self._requests(query, streams=False)}
            case "GET", "streams":
                return {"streams": await self._requests(query, streams=True)}
            case "GET", "files":
                return {"files": self._service.files.overview(query.get("key", ""))}
            case "POST", "files/expire":
                forget = query.get("forget") == "1"
                count = self._service.files.expire(query.get("key", ""), forget=forget)
                return {"expired": count}
            case "GET", "health":
                return {"ok": True, "queued": len(self._service.replies.scripts)}
            case "DELETE", "state":
                self._journal.clear()
                self._service.clear()
                return {"ok": True}
        raise wire.Refusal(404, "emulator: no such page; see docs/emulator.md.")

    def _script(self, body: bytes) -> int:
        try:
            return self._service.replies.scripts.add(json.loads(body))
        except (ValueError, TypeError, AttributeError) as error:
            raise wire.Refusal(400, f"emulator: not a script: {error}") from error

    def _models(self, method: str, query: dict[str, str], body: bytes) -> dict[str, Any]:
        models = self._service.models
        if method == "DELETE":
            return {"withdrawn": models.withdraw(query.get("id", ""))}
        try:
            return {"published": models.publish(json.loads(body)).id}
        except (ValueError, TypeError, AttributeError) as error:
            raise wire.Refusal(400, f"emulator: not a model: {error}") from error

    async def _requests(self, query: dict[str, str], *, streams: bool) -> list[dict[str, Any]]:
        key = query.get("key", "")
        match: dict[str, Any] = {
            "key": key if key.startswith("sha256:") else masked(key),
            "ended": query.get("ended", "") == "1",
            "streams": streams,
        }
        try:
            count = int(query.get("count", "0"))
            timeout_s = min(float(query.get("timeout", "5")), MAX_WAIT_S)
        except ValueError as error:
            raise wire.Refusal(400, "emulator: count and timeout are numbers.") from error
        records = await self._journal.wait(count, timeout_s, **match)
        if query.get("open") == "1":
            records = [record for record in records if not record.ended]
        return [record.shown(with_body=not streams) for record in records]


def _is_near(host: str) -> bool:
    """Whether a Host header names this machine plainly; a name could be a page's trick."""
    name = host.rsplit(":", 1)[0].strip("[]") if host else ""
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
