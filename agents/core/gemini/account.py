"""What Google says of a key: whether it works, and for which models."""

from __future__ import annotations

from dataclasses import dataclass

from google.genai import types

from agents.core.errors import AgentError
from agents.core.gemini.pool import Endpoint, client_for, our_words, sync_client, tls

LIST_PAGES = 5  # Google lists 1000 models a page, and has some fifty


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """``status`` is active, invalid, blocked, quota or unreachable; ``code`` an AgentError code."""

    status: str
    code: str = ""
    retry_after_s: float | None = None


def check_key(endpoint: Endpoint, api_key: str) -> KeyCheck:
    """Ask Google about a key: one request, no tokens. Blocks for up to 15 s: use a thread."""
    try:
        _listed(endpoint, api_key, page_size=1, pages=1)
    except AgentError as failure:
        statuses = {"invalid_key": "invalid", "key_blocked": "blocked", "quota": "quota"}
        status = statuses.get(failure.code, "unreachable")
        return KeyCheck(status, failure.code, failure.retry_after_s)
    return KeyCheck("active")


def list_models(endpoint: Endpoint, api_key: str) -> tuple[str, ...]:
    """The ids of the models that make content and that this key may use. Blocks: use a thread.

    Raises:
        AgentError: Google refuses the key, or cannot be asked.
    """
    return tuple(
        model.name.removeprefix("models/")
        for model in _listed(endpoint, api_key, page_size=1000, pages=LIST_PAGES)
        if model.name and "generateContent" in (model.supported_actions or ())
    )


def _listed(endpoint: Endpoint, api_key: str, *, page_size: int, pages: int) -> list[types.Model]:
    options = types.HttpOptions(
        base_url=endpoint.base_url, api_version=endpoint.api_version, httpx_client=sync_client()
    )
    options.async_client_args = {"ssl": tls()}
    with our_words():
        pager = client_for(api_key, options).models.list(config={"page_size": page_size})
        found = list(pager.page)
        for _ in range(pages - 1):
            if not pager.config.get("page_token"):
                break
            found += pager.next_page()
    return found
