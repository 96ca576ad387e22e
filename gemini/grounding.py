"""What an answer was based on, out of Gemini's grounding, URL-context and citation metadata.

Gemini counts in bytes of UTF-8 within one part of the answer, and a text that was cleaned on its
way no longer fits its counts; so each place is checked against the words that should stand
there. Any field may be missing, null or of another type. A source without an address is left
out, but for a site of the web that is known by its name.

Source: https://ai.google.dev/gemini-api/docs/google-search,
https://ai.google.dev/api/generate-content (GroundingChunk, CitationMetadata), and recorded
answers of 2025-26.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gemini.loose_json import as_dict, as_dicts, as_int, as_list, as_str
from gemini.outputs import Sources, Support

METADATA = ("groundingMetadata", "urlContextMetadata")
_KINDS = ("web", "retrievedContext", "maps", "image")
_ADDRESSES = ("uri", "sourceUri", "imageUri")  # of a picture: of its page, rather than its file's
_TITLES = ("title", "domain")
_READ = "URL_RETRIEVAL_STATUS_SUCCESS"
SUGGESTIONS_MAX = 64 * 1024

Source = dict[str, str]


class Grounding:
    """Collects what the candidates of one streamed answer say it is based on."""

    def __init__(self) -> None:
        self._metadata: dict[str, dict[str, Any]] = {}
        self._citations: list[dict[str, Any]] = []

    def feed(self, candidate: dict[str, Any]) -> None:
        """A later chunk may say more, or the same again, or null."""
        for name in METADATA:
            known = self._metadata.setdefault(name, {})
            for key, value in as_dict(candidate.get(name)).items():
                # Chunks repeat their metadata, more of it each time, or null once it was said: the
                # last value of the right type is the fullest.
                if isinstance(value, type(known.get(key, value))) and value is not None:
                    known[key] = value
        metadata = as_dict(candidate.get("citationMetadata"))
        for citations in ("citationSources", "citations"):  # the Gemini API's name, and Vertex'
            new = as_dicts(metadata.get(citations))
            self._citations += [one for one in new if one not in self._citations]

    def sources(self, text: str) -> Sources | None:
        """The sources of an answer, their places in its ``text``, the pages it read; or None."""
        metadata = {**self._metadata, "citationMetadata": {"citationSources": self._citations}}
        return sources(metadata, text)

    def suggestions(self) -> str:
        """See ``suggestions``."""
        return suggestions(self._metadata)


def sources(candidate: dict[str, Any], text: str) -> Sources | None:
    """The sources of an answer, their places in its ``text``, the pages it read; None if none."""
    grounding = as_dict(candidate.get("groundingMetadata"))
    read = as_dicts(as_dict(candidate.get("urlContextMetadata")).get("urlMetadata"))
    pages = tuple(map(_page, read))
    chunks = [_source(as_dict(chunk)) for chunk in as_list(grounding.get("groundingChunks"))]
    numbered = _NumberedSources(chunks)
    if not numbered.sources:
        numbered.sources += [
            {"title": p["uri"], "uri": p["uri"]} for p in pages if p["ok"] and p["uri"]
        ]
    places = _PlaceFinder(text)
    supports = list(
        _supports(as_dicts(grounding.get("groundingSupports")), places, numbered.numbers)
    )
    citations = as_dict(candidate.get("citationMetadata"))
    for citation in as_dicts(citations.get("citationSources") or citations.get("citations")):
        if source := _titled(citation):
            number = numbered.number(source)
            if place := places.find(citation):
                supports.append(Support(*place, (number,)))
    queries = tuple(filter(None, map(as_str, as_list(grounding.get("webSearchQueries")))))
    if not numbered.sources and not queries and not pages:
        return None
    return Sources(queries, tuple(numbered.sources), tuple(supports), pages, text)


def suggestions(candidate: dict[str, Any]) -> str:
    """The HTML of Google's search suggestions, which its terms ask to be shown; empty if none."""
    entry = as_dict(as_dict(candidate.get("groundingMetadata")).get("searchEntryPoint"))
    html = as_str(entry.get("renderedContent"))
    return html if len(html) <= SUGGESTIONS_MAX else ""


class _NumberedSources:
    """The sources that have an address, by number; Gemini's numbers count the others, too."""

    def __init__(self, chunks: Sequence[Source | None]) -> None:
        self.sources = [chunk for chunk in chunks if chunk]
        at = (number for number, chunk in enumerate(chunks) if chunk)
        self.numbers = {theirs: ours for ours, theirs in enumerate(at)}

    def number(self, source: Source) -> int:
        """Of a source that may be among them already."""
        for number, known in enumerate(self.sources):
            if known["uri"] == source["uri"]:
                return number
        self.sources.append(source)
        return len(self.sources) - 1


def _source(chunk: dict[str, Any]) -> Source | None:
    for name in _KINDS:
        if source := _titled(as_dict(chunk.get(name))):
            # Google asks that a source of Maps is named as one.
            return {**source, "kind": "maps"} if name == "maps" else source
    site = as_str(as_dict(chunk.get("web")).get("title"))
    return {"title": site, "uri": ""} if site else None


def _titled(kind: dict[str, Any]) -> Source | None:
    """The title and the web address of a source; None if it has no address."""
    uri = next((uri for name in _ADDRESSES if (uri := _web_address(kind.get(name)))), "")
    for extra in as_dicts(kind.get("customMetadata")):  # what the owner of a file store noted
        uri = uri or _web_address(extra.get("stringValue"))
    title = next((title for name in _TITLES if (title := as_str(kind.get(name)).strip())), uri)
    return {"title": title, "uri": uri} if uri else None


def _page(page: dict[str, Any]) -> dict[str, Any]:
    status = as_str(page.get("urlRetrievalStatus")) or _READ
    return {"uri": _web_address(page.get("retrievedUrl")), "ok": status == _READ}


def _web_address(uri: object) -> str:
    text = as_str(uri).strip()
    return text if text.startswith(("https://", "http://")) else ""


def _supports(
    items: list[dict[str, Any]], places: _PlaceFinder, numbers: dict[int, int]
) -> Iterator[Support]:
    for item in items:
        indices = as_list(item.get("groundingChunkIndices"))
        known = tuple(numbers[index] for index in map(_number, indices) if index in numbers)
        place = places.find(as_dict(item.get("segment"))) if known else None
        if place:
            yield Support(*place, known)


def _number(value: object) -> int:
    """A number of a chunk, as JSON may write a whole number too: ``1.0``; -1 for anything else."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) is int else -1


class _PlaceFinder:
    """Finds where in a text some words stand."""

    def __init__(self, text: str) -> None:
        # Once for all places, which Gemini counts in bytes.
        self._bytes = text.encode()

    def find(self, segment: dict[str, Any]) -> tuple[int, int] | None:
        start, end = as_int(segment.get("startIndex")), as_int(segment.get("endIndex"))
        words = as_str(segment.get("text")).encode(errors="replace")
        # Offsets are trusted only where the words that Gemini quotes really stand there: it counts
        # within a part, and a removed key or a replaced character moves everything behind it.
        if words and self._bytes[max(start, 0) : max(end, 0)] != words:
            # Counted within a later part of the answer, so it stands further on.
            start = self._bytes.find(words, max(start, 0))
            start = start if start >= 0 else self._bytes.find(words)
            end = start + len(words)
        if not 0 <= start < end <= len(self._bytes):
            return None
        return self._units(start), self._units(end)

    def _units(self, at: int) -> int:
        """A place in bytes, in UTF-16 code units."""
        before = self._bytes[:at].decode(errors="replace")
        return len(before.encode("utf-16-le")) // 2
