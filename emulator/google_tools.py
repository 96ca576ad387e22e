"""Google's own tools, as far as they can be acted out: search, maps, code, URL context.

Nothing is searched, fetched or run: the sources say that they are emulated, and the programs are
ones whose result is known without running them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from emulator import media, search, signatures
from emulator.calls import Call
from emulator.pictures import inline_png

_SEARCH = re.compile(r"\b(search|latest|news|today|current|look up|weather|price)\b", re.I)
_PLACE = re.compile(r"\b(near|nearby|restaurants?|cafes?|places?|directions|open now)\b", re.I)
_RUN = re.compile(r"\b(run|execute|calculate|compute|count|how many)\b", re.I)
_PLOT = re.compile(r"\b(plot|chart|graph|diagram|histogram)s?\b", re.I)
_URL = re.compile(r"https?://[^\s<>\"')]+")
_STATUS = "URL_RETRIEVAL_STATUS_"
_COUNTING = "words = {words!r}\nprint(len(words))\n"
_PLOTTING = """\
import matplotlib.pyplot as plt

words = {words!r}
plt.bar(range(len(words[:12])), [len(word) for word in words[:12]])
plt.show()
"""


@dataclass
class ToolUse:
    """What the use of tools adds to an answer.

    `text` is the answer with the tools' findings in it; `parts` come before it; `beginning` and
    `ending` are fields of the first and the last candidate that hold text.
    """

    text: str
    parts: list[dict[str, Any]] = field(default_factory=list)
    beginning: dict[str, Any] = field(default_factory=dict)
    ending: dict[str, Any] = field(default_factory=dict)
    tokens: int = 0


def use_tools(call: Call, text: str, *, thoughts: int = 0) -> ToolUse:
    """Use the tools that are offered and fit the words, and those the directives name.

    Args:
        call: what is answered.
        text: the answer without tools.
        thoughts: how many parts of the whole answer come before those of the tools.
    """
    message = call.message.text
    used = ToolUse(text, invocations(call) if call.shows_google_tools else [])
    runs = _RUN.search(message) or _PLOT.search(message)
    if "code" in call.directives or ("codeExecution" in call.google_tools and runs):
        used.parts += _program(call)
        used.tokens += 120
    part_index = len(used.parts) + bool(thoughts)
    if _searches(call):
        used.text = _with_second_paragraph(used.text, search.findings(message))
        used.ending["groundingMetadata"] = search.grounding(message, used.text, part_index)
        used.tokens += 253
    elif "googleMaps" in call.google_tools and _PLACE.search(message):
        used.text = _with_second_paragraph(used.text, search.findings_of_maps())
        used.ending["groundingMetadata"] = search.grounding_of_maps(used.text, part_index)
    if addresses := _addresses(call):
        _read_pages(used, addresses, part_index)
    return used


def invocations(call: Call) -> list[dict[str, Any]]:
    """The calls of search and URL context as parts, each with its response; Gemini 3 signs both."""
    used: list[tuple[str, dict[str, Any]]] = []
    if _searches(call):
        used.append(("GOOGLE_SEARCH_WEB", {"queries": search.queries(call.message.text)}))
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


def _read_pages(used: ToolUse, addresses: list[str], part_index: int) -> None:
    """Act out the reading of pages: what was read is cited by the first paragraph."""
    read = [uri for uri in addresses if not _is_unreachable(uri)]
    metadata = [
        {
            "retrievedUrl": uri,
            "urlRetrievalStatus": _STATUS + ("SUCCESS" if uri in read else "ERROR"),
        }
        for uri in addresses
    ]
    used.beginning = {"groundingMetadata": {}, "urlContextMetadata": {"urlMetadata": metadata}}
    used.tokens += 400 * len(read)
    if not read:
        return
    grounding = used.ending.setdefault("groundingMetadata", {})
    chunks = grounding.setdefault("groundingChunks", [])
    mine = list(range(len(chunks), len(chunks) + len(read)))
    chunks += [{"web": {"uri": uri, "title": urlsplit(uri).netloc}} for uri in read]
    opening = used.text.partition("\n\n")[0]
    supports = grounding.setdefault("groundingSupports", [])
    supports.insert(0, search.support(used.text, opening, mine, part_index))


def _is_unreachable(uri: str) -> bool:
    """Names that no page can have (RFC 6761)."""
    return (urlsplit(uri).hostname or "").endswith((".invalid", ".test"))
