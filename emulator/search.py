"""Search and Google Maps, acted out: invented sources, and the sentences that cite them.

Nothing is searched: the sources are example pages that say so. Shapes from the recordings
``grounding-search--mirascope--*`` and ``grounding-maps--*``; offsets count bytes of a part's text.
Which words ask for a place is guessed.
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import quote_plus

from emulator import prose

PAGES = (
    ("https://example.com/emulated-source", "example.com"),
    ("https://www.example.org/another", "example.org"),
    ("https://example.net/zürich/wetter", "example.net"),
)
PLACES = (("Emulated Pizza", "1001"), ("Café Émulé", "1002"))
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


def findings(text: str) -> str:
    """A paragraph about a message to be cited, with letters of two, three and four bytes in it."""
    words = prose.keywords(text, 2)
    return (
        f"An emulated page knows nothing new about {words[0]}. A second one, from Zürich, where it "
        f"is sunny ☀️ and 21 °C, speaks of {words[-1]} 🙂. Both pages agree that they were never "
        "read."
    )


def findings_of_maps() -> str:
    """A paragraph about places to be cited."""
    return "Emulated Pizza is open until nine. Café Émulé is a short walk away."


def queries(text: str) -> list[str]:
    """What would have been searched for."""
    first = " ".join(text.split())[:100]
    about = " ".join(prose.keywords(text, 3))
    return list(dict.fromkeys([first or about, about]))


def grounding(text: str, answer: str, part_index: int) -> dict[str, Any]:
    """The metadata of an answer that holds the findings about `text`.

    `part_index` is the place of the answer among the parts of the whole.
    """
    chunks = [{"web": {"uri": uri, "title": title}} for uri, title in PAGES]
    return {
        "searchEntryPoint": {"renderedContent": suggestions(queries(text))},
        "groundingChunks": chunks,
        "groundingSupports": _supports(findings(text), answer, part_index, ([0], [1, 2], [0, 1])),
        "webSearchQueries": queries(text),
    }


def grounding_of_maps(answer: str, part_index: int) -> dict[str, Any]:
    """The metadata of an answer that holds the findings about places."""
    address = "https://maps.google.com/?cid="
    places = [
        {"uri": f"{address}{number}", "title": title, "placeId": f"places/emulated{number}"}
        for title, number in PLACES
    ]
    return {
        "groundingChunks": [{"maps": place} for place in places],
        "groundingSupports": _supports(findings_of_maps(), answer, part_index, ([0], [1])),
    }


def _supports(
    cited: str, answer: str, part_index: int, sources: tuple[list[int], ...]
) -> list[dict[str, Any]]:
    sentences = [match[0].strip() for match in _SENTENCE.finditer(cited)]
    return [
        support(answer, sentence, chunks, part_index)
        for sentence, chunks in zip(sentences, sources, strict=True)
    ]


def support(answer: str, segment: str, chunks: list[int], part_index: int) -> dict[str, Any]:
    """Which sources a segment rests on; a nought is left out, as Google leaves it out."""
    start = len(answer[: answer.index(segment)].encode())
    place = {"partIndex": part_index, "startIndex": start}
    shown: dict[str, Any] = {name: value for name, value in place.items() if value}
    shown |= {"endIndex": start + len(segment.encode()), "text": segment}
    return {"segment": shown, "groundingChunkIndices": chunks}


def suggestions(search_queries: list[str]) -> str:
    """The HTML that has to be shown with a grounded answer."""
    address = "https://www.google.com/search?q="
    chips = "\n".join(
        f'    <a class="chip" href="{address}{quote_plus(query)}">{html.escape(query)}</a>'
        for query in search_queries
    )
    return (
        f'<style>\n{_STYLE}\n</style>\n<div class="container">\n  <div class="headline">{_MARK}'
        f'</div>\n  <div class="carousel">\n{chips}\n  </div>\n</div>\n'
    )
