"""The emulator's own endpoints under /emulator/: script replies, see requests, start over."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from emulator import wire
from emulator.delivery import Exchange, Request
from emulator.journal import Journal, masked
from emulator.service import Service
from emulator.wire import Refusal

MAX_WAIT_S = 60.0


class Control:
    """Answers the requests of whoever steers the emulator."""

    def __init__(self, journal: Journal, service: Service) -> None:
        self._journal = journal
        self._service = service

    async def handle(self, exchange: Exchange) -> None:
        """Answer one request; never one that a browser sent for a page of another origin."""
        request = exchange.request
        body = await exchange.read()
        try:
            if "origin" in request.headers or not _is_local(request.headers.get("host", "")):
                raise Refusal(403, "emulator: not from a page; by IP address or localhost.")
            status, answer = 200, wire.compact(await self._answer(request, body))
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body
        except (ValueError, TypeError, AttributeError) as error:
            refused = Refusal(400, f"emulator: {request.path} does not take this: {error}")
            status, answer = refused.status, refused.body
        await exchange.body(status, answer, {"content-type": wire.JSON})

    async def _answer(self, request: Request, body: bytes) -> dict[str, Any]:
        """The answer of one page.

        Raises:
            Refusal: there is no such page. ValueError, TypeError, AttributeError: what was sent is
                of another shape.
        """
        service, query = self._service, request.query
        key = query.get("key", "")
        match request.method, request.path.removeprefix("/emulator/"):
            case "POST", "script":
                return {"queued": service.replies.scripts.add(json.loads(body))}
            case "POST", "models":
                return {"published": service.models.publish(json.loads(body)).id}
            case "DELETE", "models":
                return {"withdrawn": service.models.pop(query.get("id", ""), None) is not None}
            case "GET", "requests":
                return {"requests": await self._requests(query)}
            case "GET", "files":
                return {"files": service.files.overview(key)}
            case "POST", "files/expire":
                return {"expired": service.files.expire(key)}
            case "GET", "health":
                return {"ok": True}
            case "DELETE", "state":
                self._journal.clear()
                service.clear()
                return {"ok": True}
        raise Refusal(404, "emulator: no such page; see docs/emulator.md.")

    async def _requests(self, query: dict[str, str]) -> list[dict[str, Any]]:
        key = query.get("key", "")
        records = await self._journal.wait(
            int(query.get("count", "0")),
            min(float(query.get("timeout", "5")), MAX_WAIT_S),
            key=key if key.startswith("sha256:") else masked(key),
            ended=query.get("ended", "") == "1",
        )
        if query.get("open") == "1":
            records = [record for record in records if record.streaming and not record.ended]
        return [record.shown() for record in records]


def _is_local(host: str) -> bool:
    """Whether a Host header names this machine plainly; a name could be a page's trick."""
    name = host.rsplit(":", 1)[0].strip("[]") if host else ""
    try:
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False
