"""Cached contents: made, read, prolonged, deleted, and used by a later request.

Source: the recordings ``cached-content--ruby-llm--*`` and ``error-403--rig--explicit-cache-*``.
"""

from __future__ import annotations

import re
import secrets
import string
import time
from dataclasses import dataclass
from typing import Any

from emulator import wire
from emulator.catalogue import Model
from emulator.files import timestamp
from emulator.paging import page
from emulator.scenario import Reply
from emulator.wire import Refusal

MIN_TOKENS = 1024
USUAL_TTL_S = 3600.0
_TTL = re.compile(r"(\d+(?:\.\d+)?)s")
_LETTERS = string.ascii_lowercase + string.digits


@dataclass
class Cache:
    name: str
    key: str
    model: str
    body: dict[str, Any]
    tokens: int
    display_name: str
    created_at: float
    updated_at: float
    expires_at: float

    def shown(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "model": f"models/{self.model}",
            "createTime": timestamp(self.created_at),
            "updateTime": timestamp(self.updated_at),
            "expireTime": timestamp(self.expires_at),
            "displayName": self.display_name,
            "usageMetadata": {"totalTokenCount": self.tokens},
        }


class Caches:
    """All caches of all keys."""

    def __init__(self) -> None:
        self._caches: dict[str, Cache] = {}

    def clear(self) -> None:
        self._caches.clear()

    def create(self, model: Model, key: str, body: dict[str, Any], tokens: int) -> Reply:
        """Keep contents of so many tokens.

        Raises:
            Refusal: there is too little of them, or the lifetime is none.
        """
        if tokens < MIN_TOKENS:
            counts = f"total_token_count={tokens}, min_total_token_count={MIN_TOKENS}"
            raise Refusal(400, f"Cached content is too small. {counts}")
        now = time.time()
        name = "cachedContents/" + "".join(secrets.choice(_LETTERS) for _ in range(40))
        display_name = str(body.get("displayName") or "")
        expires_at = _expiry(body, now)
        cache = Cache(name, key, model.id, body, tokens, display_name, now, now, expires_at)
        self._caches[name] = cache
        return _reply(cache.shown())

    def get(self, name: str, key: str) -> Cache:
        """The key's cache of that name.

        Raises:
            Refusal: 403, whether it is another key's, has lapsed, or never was.
        """
        cache = self._caches.get(name)
        if cache is None or cache.key != key or cache.expires_at <= time.time():
            raise Refusal(403, "CachedContent not found (or permission denied)")
        return cache

    def reply(
        self, method: str, name: str, key: str, query: dict[str, str], body: dict[str, Any]
    ) -> Reply:
        """Answer a request about one cache, or (without a name) about all."""
        if not name and method == "GET":
            mine = [cache.shown() for cache in self._caches.values() if cache.key == key]
            return _reply(page("cachedContents", mine, query))
        cache = self.get(name, key)
        if method == "DELETE":
            del self._caches[name]
            return _reply({})
        if method == "PATCH":
            cache.updated_at = time.time()
            cache.expires_at = _expiry(body, cache.updated_at)
        elif method != "GET":
            raise Refusal(404, wire.MESSAGES[404])
        return _reply(cache.shown())

    def used_by(self, body: dict[str, Any], model: Model, key: str) -> dict[str, Any]:
        """The request that lies in the cache this body names; nothing if it names none.

        Raises:
            Refusal: it is not there, is another model's, or the request repeats what it holds.
        """
        name = body.get("cachedContent")
        if not name:
            return {}
        cache = self.get(str(name), key)
        if cache.model != model.id:
            raise Refusal(
                400,
                f"Model used by GenerateContent request (models/{model.id}) and CachedContent "
                f"(models/{cache.model}) has to be the same.",
            )
        if any(body.get(field) for field in ("systemInstruction", "tools", "toolConfig")):
            raise Refusal(
                400,
                "CachedContent can not be used with GenerateContent request setting "
                "system_instruction, tools or tool_config.\n\nProposed fix: move those values to "
                "CachedContent from GenerateContent request.",
            )
        return cache.body


def _expiry(body: dict[str, Any], now: float) -> float:
    if moment := body.get("expireTime"):
        try:
            from_text = wire.seconds_of(str(moment))
        except ValueError as error:
            raise Refusal(400, "Invalid value at 'cached_content.expire_time'.") from error
        return from_text
    ttl = body.get("ttl")
    found = _TTL.fullmatch(str(ttl)) if ttl else None
    if ttl and found is None:
        raise Refusal(400, "Invalid value at 'cached_content.ttl' (type.googleapis.com/Duration).")
    return now + (float(found[1]) if found else USUAL_TTL_S)


def _reply(shown: dict[str, Any]) -> Reply:
    return Reply(body=wire.pretty(shown) + b"\n")
