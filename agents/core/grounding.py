"""What an answer was based on, out of Gemini's grounding and URL-context metadata."""

from __future__ import annotations

from typing import Any

_KINDS = ("web", "retrievedContext", "maps")


def sources(candidate: dict[str, Any]) -> dict[str, Any] | None:
    """``{queries, sources: [{title, uri}], supports: [{start, end, sources}]}``, or None.

    ``start`` and ``end`` are byte offsets into the UTF-8 answer, as Gemini counts them;
    ``supports[].sources`` are indices into ``sources``.
    """
    grounding = candidate.get("groundingMetadata") or {}
    found = [_source(chunk) for chunk in grounding.get("groundingChunks") or []]
    if not found:
        pages = (candidate.get("urlContextMetadata") or {}).get("urlMetadata") or []
        found = [
            _source({"web": {"uri": page["retrievedUrl"]}})
            for page in pages
            if page.get("retrievedUrl")
        ]
    queries = [str(query) for query in grounding.get("webSearchQueries") or []]
    if not found and not queries:
        return None
    supports = [_support(support) for support in grounding.get("groundingSupports") or []]
    return {"queries": queries, "sources": found, "supports": supports}


def _source(chunk: dict[str, Any]) -> dict[str, str]:
    kind: dict[str, Any] = next((chunk[name] for name in _KINDS if name in chunk), {})
    uri = str(kind.get("uri") or "")
    safe = uri if uri.startswith(("https://", "http://")) else ""
    return {"title": str(kind.get("title") or uri), "uri": safe}


def _support(support: dict[str, Any]) -> dict[str, Any]:
    segment = support.get("segment") or {}
    return {
        "start": int(segment.get("startIndex") or 0),
        "end": int(segment.get("endIndex") or 0),
        "sources": [int(index) for index in support.get("groundingChunkIndices") or []],
    }
