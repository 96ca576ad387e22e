"""Batches of requests that came in one body: they wait a moment, then all are answered at once.

Source: the shapes that Google's SDK reads and writes; no recording holds one.
"""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator import wire
from emulator.files import timestamp
from emulator.paging import page
from emulator.scenario import Reply
from emulator.wire import Refusal

Answer = Callable[[str, str, dict[str, Any]], dict[str, Any]]  # model, key, body: the answer

_TYPE = "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch"
_LETTERS = string.ascii_lowercase + string.digits


@dataclass
class Batch:
    name: str
    key: str
    model: str
    display_name: str
    requests: list[dict[str, Any]]
    created_at: float = field(default_factory=time.time)
    ended_at: float = 0.0
    state: str = "BATCH_STATE_PENDING"
    responses: list[dict[str, Any]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        metadata: dict[str, Any] = {
            "@type": _TYPE,
            "model": f"models/{self.model}",
            "displayName": self.display_name,
            "createTime": timestamp(self.created_at),
            "updateTime": timestamp(self.ended_at or self.created_at),
            "batchStats": {"requestCount": str(len(self.requests))},
            "state": self.state,
            "name": self.name,
        }
        shown: dict[str, Any] = {"name": self.name, "metadata": metadata}
        if self.ended_at:
            metadata["endTime"] = timestamp(self.ended_at)
        if self.responses:
            metadata["output"] = {"inlinedResponses": {"inlinedResponses": self.responses}}
            shown |= {"done": True, "response": {"@type": _TYPE} | metadata["output"]}
        return shown


class Batches:
    """All batches of all keys; `answer` gives what a request of its own would have got."""

    def __init__(self, answer: Answer, *, wait_s: float = 0.0) -> None:
        self._answer = answer
        self._wait_s = wait_s
        self._batches: dict[str, Batch] = {}

    def clear(self) -> None:
        self._batches.clear()

    def create(self, model: str, key: str, body: dict[str, Any]) -> Reply:
        """Take a batch in.

        Raises:
            Refusal: it holds no requests (a file of requests is not read here).
        """
        batch = body.get("batch")
        source = batch.get("inputConfig") if isinstance(batch, dict) else None
        requests = ((source or {}).get("requests") or {}).get("requests")
        if not isinstance(requests, list) or not requests:
            raise Refusal(400, "* BatchGenerateContentRequest.batch.input_config: is required\n")
        name = "batches/" + "".join(secrets.choice(_LETTERS) for _ in range(36))
        made = Batch(name, key, model, str((batch or {}).get("displayName") or ""), requests)
        self._batches[name] = made
        return _reply(made.shown())

    def reply(self, method: str, name: str, action: str, key: str, query: dict[str, str]) -> Reply:
        """Answer a request about one batch, or (without a name) about all.

        Raises:
            Refusal: it is not there for this key, or nothing of the kind can be done.
        """
        if not name and method == "GET":
            mine = [self._seen(batch) for batch in self._batches.values() if batch.key == key]
            return _reply(page("operations", mine, query))
        batch = self._batches.get(name)
        if batch is None or batch.key != key:
            raise Refusal(404, wire.MESSAGES[404])
        if (method, action) == ("POST", "cancel"):
            if batch.state == "BATCH_STATE_PENDING":
                batch.state, batch.ended_at = "BATCH_STATE_CANCELLED", time.time()
            return _reply({})
        if method == "DELETE":
            del self._batches[name]
            return _reply({})
        if method != "GET" or action:
            raise Refusal(404, wire.MESSAGES[404])
        return _reply(self._seen(batch))

    def _seen(self, batch: Batch) -> dict[str, Any]:
        """The batch as it is now; one that has waited long enough is answered."""
        due = batch.created_at + self._wait_s <= time.time()
        if due and batch.state == "BATCH_STATE_PENDING":
            batch.responses = [self._response(batch, request) for request in batch.requests]
            batch.state, batch.ended_at = "BATCH_STATE_SUCCEEDED", time.time()
        return batch.shown()

    def _response(self, batch: Batch, inlined: dict[str, Any]) -> dict[str, Any]:
        kept = {"metadata": inlined["metadata"]} if "metadata" in inlined else {}
        body = {name: v for name, v in (inlined.get("request") or {}).items() if name != "model"}
        try:
            return {"response": self._answer(batch.model, batch.key, body)} | kept
        except Refusal as refusal:
            return {"error": {"code": 3, "message": str(refusal)}} | kept


def _reply(shown: dict[str, Any]) -> Reply:
    return Reply(body=wire.pretty(shown) + b"\n")
