"""What an answer was based on, out of Gemini's grounding and URL-context metadata.

Gemini counts in bytes of UTF-8 within one part of the answer, and a text that was cleaned on its
way no longer fits its counts; so each place is checked against the words said to stand there.

Source: https://ai.google.dev/gemini-api/docs/google-search, and recorded answers of 2025-26.
"""

from __future__ import annotations

from typing import Any

from agents.core.outputs import Sources, Support

_KINDS = ("web", "retrievedContext", "maps")
_READ = "URL_RETRIEVAL_STATUS_SUCCESS"
SUGGESTIONS_MAX = 64 * 1024


def sources(candidate: dict[str, Any], text: str) -> Sources | None:
    """The sources of an answer, their places in its ``text``, the pages it read; None if none."""
    grounding = candidate.get("groundingMetadata") or {}
    pages = tuple(map(_page, (candidate.get("urlContextMetadata") or {}).get("urlMetadata") or []))
    found = tuple(_source(chunk) for chunk in grounding.get("groundingChunks") or [])
    if not found:
        found = tuple({"title": page["uri"], "uri": page["uri"]} for page in pages if page["ok"])
    queries = tuple(str(query) for query in grounding.get("webSearchQueries") or [])
    if not found and not queries and not pages:
        return None
    places = _Places(text)
    supports = [
        support
        for item in grounding.get("groundingSupports") or []
        if (support := places.support(item, len(found)))
    ]
    return Sources(queries, found, tuple(supports), pages, text)


def suggestions(candidate: dict[str, Any]) -> str:
    """The HTML of Google's search suggestions, which its terms ask to be shown; empty if none."""
    entry = (candidate.get("groundingMetadata") or {}).get("searchEntryPoint") or {}
    html = str(entry.get("renderedContent") or "")
    return html if len(html) <= SUGGESTIONS_MAX else ""


def _source(chunk: dict[str, Any]) -> dict[str, str]:
    kind: dict[str, Any] = next((chunk[name] for name in _KINDS if name in chunk), {})
    uri = _web_address(kind.get("uri"))
    return {"title": str(kind.get("title") or uri), "uri": uri}


def _page(page: dict[str, Any]) -> dict[str, Any]:
    return {
        "uri": _web_address(page.get("retrievedUrl")),
        "ok": page.get("urlRetrievalStatus", _READ) == _READ,
    }


def _web_address(uri: object) -> str:
    text = str(uri or "")
    return text if text.startswith(("https://", "http://")) else ""


class _Places:
    """Finds where in a text something is said."""

    def __init__(self, text: str) -> None:
        self._bytes = text.encode()

    def support(self, item: dict[str, Any], sources: int) -> Support | None:
        indices = [int(index) for index in item.get("groundingChunkIndices") or []]
        known = tuple(index for index in indices if 0 <= index < sources)
        place = self._place(item.get("segment") or {})
        return Support(*place, known) if known and place else None

    def _place(self, segment: dict[str, Any]) -> tuple[int, int] | None:
        start, end = int(segment.get("startIndex") or 0), int(segment.get("endIndex") or 0)
        words = str(segment.get("text") or "").encode()
        if words and self._bytes[start:end] != words:
            # Counted within a later part of the answer, so it stands further on.
            start = self._bytes.find(words, start)
            start = start if start >= 0 else self._bytes.find(words)
            end = start + len(words)
        if not 0 <= start < end <= len(self._bytes):
            return None
        return self._units(start), self._units(end)

    def _units(self, at: int) -> int:
        """A place in bytes, in UTF-16 code units."""
        before = self._bytes[:at].decode(errors="replace")
        return len(before.encode("utf-16-le")) // 2
