"""A user's key: opened for a run; checked with Google, which also lists its models."""

from __future__ import annotations

from dataclasses import dataclass, field

from google.genai import types

from gemini.error_mapping import map_errors
from gemini.errors import GeminiError
from gemini.model_info import ListedModel
from gemini.pool import Endpoint, client_for, sync_client, tls


@dataclass(frozen=True, slots=True)
class Key:
    """A user's key, opened for a run and gone with it; ``name`` is what its user calls it."""

    id: str
    name: str
    secret: str = field(repr=False)


PAGE_SIZE = 1000  # the most that Google lists on a page; it has some seventy
LIST_PAGES = 5
WORDS_CHARS = 300


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """What a check of a key gave.

    Args:
        status: ``active``, ``invalid``, ``blocked``, ``limited``, ``quota``; ``unchecked``: Google
            refused to answer for a reason that lies elsewhere; or ``unreachable``.
        code: of a ``GeminiError``. message: its sentence.
        listed: the models Google lists for the key; None where there was no list.
    """

    status: str
    code: str = ""
    retry_after_s: float | None = None
    listed: tuple[ListedModel, ...] | None = None
    message: str = ""


def check_key(endpoint: Endpoint, api_key: str) -> KeyCheck:
    """Check a key with Google: one request, no tokens. Blocks for up to 15 s: use a thread."""
    try:
        listed = list_models(endpoint, api_key)
    except GeminiError as error:
        spec = error.spec
        status = "unchecked" if spec.unchecked else spec.key_status or "unreachable"
        return KeyCheck(status, error.code, error.retry_after_s, message=error.message)
    return KeyCheck("active", listed=listed)


def list_models(endpoint: Endpoint, api_key: str) -> tuple[ListedModel, ...]:
    """The models that make content and that this key may use. Blocks: use a thread.

    Raises:
        GeminiError: Google refuses the key, or cannot be reached.
    """
    return tuple(
        ListedModel(
            id=_printable(model.name).removeprefix("models/"),
            label=_printable(model.display_name),
            description=_printable(model.description),
            input_tokens=model.input_token_limit,
            output_tokens=model.output_token_limit,
            thinks=model.thinking,
        )
        for model in _all_pages(endpoint, api_key)
        # Google lists all it has. A model without this method, such as one for vectors, answers
        # with an error, whoever asks it.
        if model.name and "generateContent" in (model.supported_actions or ())
    )


def _printable(text: str | None) -> str:
    """What can be stored and shown of a text of Google's."""
    return "".join(filter(str.isprintable, text or ""))[:WORDS_CHARS]


def _all_pages(endpoint: Endpoint, api_key: str) -> list[types.Model]:
    options = types.HttpOptions(
        base_url=endpoint.base_url, api_version=endpoint.api_version, httpx_client=sync_client()
    )
    options.async_client_args = {"ssl": tls()}
    with map_errors():
        pager = client_for(api_key, options).models.list(config={"page_size": PAGE_SIZE})
        models = list(pager.page)
        # Not by iterating over the pager, which goes on for as long as pages are announced: a
        # server that announces another one for ever would hold the thread.
        for _ in range(LIST_PAGES - 1):
            if not pager.config.get("page_token"):
                break
            models += pager.next_page()
    return models
