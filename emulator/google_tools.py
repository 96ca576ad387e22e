"""Google's own tools, as far as they can be acted out: search, maps, code, URL context.

Nothing is searched, fetched or run: the sources are example pages that say so, and the programs are
ones whose result is known without running them. Shapes from the recordings ``grounding-*``; offsets
count bytes of a part's text. Which words ask for a tool is guessed.
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import quote_plus, urlsplit

from emulator import media, prose, signatures
from emulator.calls import Call
from emulator.frames import Answer
from emulator.pictures import inline_png

_SEARCH = re.compile(r"\b(search|latest|news|today|current|look up|weather|price)\b", re.I)
_PLACE = re.compile(r"\b(near|nearby|restaurants?|cafes?|places?|directions|open now)\b", re.I)
_RUN = re.compile(r"\b(run|execute|calculate|compute|count|how many)\b", re.I)
_PLOT = re.compile(r"\b(plot|chart|graph|diagram|histogram)s?\b", re.I)
_URL = re.compile(r"https?://[^\s<>\"')]+")
_STATUS = "URL_RETRIEVAL_STATUS_"
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
_COUNTING = "words = {words!r}\nprint(len(words))\n"
_PLOTTING = """\
import matplotlib.pyplot as plt

words = {words!r}
plt.bar(range(len(words[:12])), [len(word) for word in words[:12]])
plt.show()
"""


def use_tools(call: Call, text: str, answer: Answer) -> str:
    """Use the tools that are offered and fit the words, and those the directives name.

    Args:
        call: what is answered.
        text: the answer without tools.
        answer: gets the parts and the metadata of the tools.

    Returns:
        The text with the findings of the tools in it.
    """
    message = call.message.text
    parts = invocations(call) if call.shows_google_tools else []
    runs = _RUN.search(message) or _PLOT.search(message)
    if "code" in call.directives or ("codeExecution" in call.google_tools and runs):
        parts += _program(call)
        answer.tool_tokens += 120
    answer.parts, part_index = parts, len(parts) + bool(answer.thoughts)
    if _searches(call):
        text = _with_second_paragraph(text, findings(message))
        answer.ending["groundingMetadata"] = grounding(message, text, part_index)
        answer.tool_tokens += 253
    elif "googleMaps" in call.google_tools and _PLACE.search(message):
        text = _with_second_paragraph(text, findings_of_maps())
        answer.ending["groundingMetadata"] = grounding_of_maps(text, part_index)
    if addresses := _addresses(call):
        _read_pages(answer, text, addresses, part_index)
    return text


def invocations(call: Call) -> list[dict[str, Any]]:
    """The calls of search and URL context as parts, each with its response; Gemini 3 signs both."""
    used: list[tuple[str, dict[str, Any]]] = []
    if _searches(call):
        used.append(("GOOGLE_SEARCH_WEB", {"queries": queries(call.message.text)}))
    if addresses := _addresses(call):
        used.append(("URL_CONTEXT", {"urls": addresses}))
    parts: list[dict[str, Any]] = []
    for kind, args in used:
        tool = {"id": signatures.new_call_id(), "toolType": kind}
        for name, about in (("toolCall", tool | {"args": args}), ("toolResponse", tool)):
            signature = signatures.signature(f"{name} {tool['id']}")
            parts.append({name: about, "thoughtSignature": signature})
    return parts


def _searches(call: Call) -> bool:
    fits = "googleSearch" in call.google_tools and _SEARCH.search(call.message.text)
    return "search" in call.directives or bool(fits)


def _addresses(call: Call) -> list[str]:
    return _URL.findall(call.message.text) if "urlContext" in call.google_tools else []


def _with_second_paragraph(text: str, paragraph: str) -> str:
    opening, _, rest = text.partition("\n\n")
    return f"{opening}\n\n{paragraph}\n\n{rest}"


def _program(call: Call) -> list[dict[str, Any]]:
    """A program and its result; a picture behind them if a plot is asked for.

    Models before 3 say first what they are about to do, and give no ids and no signatures.
    """
    words = " ".join(call.message.text.split())[:200].split()
    plots = _PLOT.search(call.message.text)
    code = {"language": "PYTHON", "code": (_PLOTTING if plots else _COUNTING).format(words=words)}
    result = {"outcome": "OUTCOME_OK"} | ({} if plots else {"output": f"{len(words)}\n"})
    pictures = [inline_png(media.bar_chart([len(word) for word in words[:12]]))] if plots else []
    if not call.model.is_gemini_3:
        opening = {"text": "I will write a small program for this and run it.\n\n"}
        return [opening, {"executableCode": code}, {"codeExecutionResult": result}, *pictures]
    run = {"id": signatures.new_call_id()}
    signature = signatures.signature(run["id"])
    return [
        {"executableCode": code | run, "thoughtSignature": signature},
        {"codeExecutionResult": result | run},
        *pictures,
    ]


def _read_pages(answer: Answer, text: str, addresses: list[str], part_index: int) -> None:
    """Act out the reading of pages: what was read is cited by the first paragraph."""
    read = [uri for uri in addresses if not _is_unreachable(uri)]
    metadata = [
        {
            "retrievedUrl": uri,
            "urlRetrievalStatus": _STATUS + ("SUCCESS" if uri in read else "ERROR"),
        }
        for uri in addresses
    ]
    answer.beginning = {"groundingMetadata": {}, "urlContextMetadata": {"urlMetadata": metadata}}
    answer.tool_tokens += 400 * len(read)
    if not read:
        return
    grounding = answer.ending.setdefault("groundingMetadata", {})
    chunks = grounding.setdefault("groundingChunks", [])
    mine = list(range(len(chunks), len(chunks) + len(read)))
    chunks += [{"web": {"uri": uri, "title": urlsplit(uri).netloc}} for uri in read]
    opening = text.partition("\n\n")[0]
    supports = grounding.setdefault("groundingSupports", [])
    supports.insert(0, support(text, opening, mine, part_index))


def _is_unreachable(uri: str) -> bool:
    """Names that no page can have (RFC 6761)."""
    return (urlsplit(uri).hostname or "").endswith((".invalid", ".test"))


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
