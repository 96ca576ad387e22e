"""Search, acted out: invented sources, sentences that cite them, and the suggestions to show.

Nothing is searched: the sources are example pages that say so. Shapes from the recordings
``grounding-search--mirascope--*`` and ``grounding-maps--*``; offsets count bytes of a part's text.
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import quote_plus

from emulator import prose

SOURCES = (
    ("https://example.com/emulated-source", "example.com"),
    ("https://www.example.org/another", "example.org"),
    ("https://example.net/zürich/wetter", "example.net"),
)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]")

_STYLE = """\
.container { align-items: center; border-radius: 8px; display: flex; padding: 8px 12px; }
.chip { border: solid 1px; border-radius: 16px; margin: 0 8px; padding: 5px 16px; }
.carousel { overflow: auto; scrollbar-width: none; white-space: nowrap; }
@media (prefers-color-scheme: dark) { .container { background-color: #1f1f1f; color: #fff; } }"""
_MARK = (
    '<svg width="18" height="18" viewBox="0 0 18 18" fill="none" '
    'xmlns="http://www.w3.org/2000/svg"><circle cx="9" cy="9" r="8" fill="#4285F4"/></svg>'
)


def findings(said: str) -> str:
    """A paragraph to be cited, with letters of two, three and four bytes in it."""
    words = prose.keywords(said, 2)
    a, b = words[0], words[-1]
    return (
        f"An emulated page knows nothing new about {a}. A second one, from Zürich, where it is "
        f"sunny ☀️ and 21 °C, speaks of {b} 🙂. Both pages agree that they were never read."
    )


def queries(said: str) -> list[str]:
    """What would have been searched for."""
    first = " ".join(said.split())[:100]
    about = " ".join(prose.keywords(said, 3))
    return list(dict.fromkeys([first or about, about]))


def grounding(said: str, text: str, part_index: int) -> dict[str, Any]:
    """The metadata of a text that holds the findings, and is the part of that index."""
    cited = findings(said)
    sentences = [match[0].strip() for match in _SENTENCE.finditer(cited)]
    supports = [
        support(text, sentence, chunks, part_index)
        for sentence, chunks in zip(sentences, ([0], [1, 2], [0, 1]), strict=True)
    ]
    chunks = [{"web": {"uri": uri, "title": title}} for uri, title in SOURCES]
    asked = queries(said)
    return {
        "searchEntryPoint": {"renderedContent": suggestions(asked)},
        "groundingChunks": chunks,
        "groundingSupports": supports,
        "webSearchQueries": asked,
    }


def support(text: str, segment: str, chunks: list[int], part_index: int) -> dict[str, Any]:
    """Which sources a segment rests on; a nought is left out, as Google leaves it out."""
    start = len(text[: text.index(segment)].encode())
    place = {"partIndex": part_index, "startIndex": start}
    shown: dict[str, Any] = {name: value for name, value in place.items() if value}
    shown |= {"endIndex": start + len(segment.encode()), "text": segment}
    return {"segment": shown, "groundingChunkIndices": chunks}


def suggestions(asked: list[str]) -> str:
    """The HTML that has to be shown with a grounded answer."""
    address = "https://www.google.com/search?q="
    chips = "\n".join(
        f'    <a class="chip" href="{address}{quote_plus(query)}">{html.escape(query)}</a>'
        for query in asked
    )
    return (
        f'<style>\n{_STYLE}\n</style>\n<div class="container">\n  <div class="headline">{_MARK}'
        f'</div>\n  <div class="carousel">\n{chips}\n  </div>\n</div>\n'
    )
