"""Google's own tools, as far as they can be acted out: search, maps, code, URL context.

Nothing is searched, fetched or run: the sources say that they are emulated, and the programs are
ones whose result is known without running them.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from emulator import media, places, search, signatures
from emulator.calls import Call
from emulator.directives import Directives

_SEARCH = re.compile(r"\b(search|latest|news|today|current|look up|weather|price)\b", re.I)
_RUN = re.compile(r"\b(run|execute|calculate|compute|count|how many)\b", re.I)
_PLOT = re.compile(r"\b(plot|chart|graph|diagram|histogram)s?\b", re.I)
_URL = re.compile(r"https?://[^\s<>\"')]+")
_STATUSES = {True: "URL_RETRIEVAL_STATUS_SUCCESS", False: "URL_RETRIEVAL_STATUS_ERROR"}


@dataclass
class Use:
    """What the use of tools adds to an answer.

    `text` is the answer with the tools' findings in it; `parts` come before it; `beginning` and
    `ending` are fields of the first and the last candidate that hold text.
    """

    text: str
    parts: list[dict[str, Any]] = field(default_factory=list)
    beginning: dict[str, Any] = field(default_factory=dict)
    ending: dict[str, Any] = field(default_factory=dict)
    tokens: int = 0


def use(call: Call, said: str, text: str, directives: Directives, *, thoughts: int = 0) -> Use:
    """Use the tools that are offered and fit the words, and those the directives name.

    `thoughts` is how many parts of the whole answer come before those of the tools.
    """
    used = Use(text)
    searches = _searches(call, said, directives)
    addresses = _URL.findall(said) if "urlContext" in call.google_tools else []
    if call.invocations_shown:
        used.parts += invocations(call, said, directives)
    if _runs(call, said, directives):
        used.parts += _program(call, said)
        used.tokens += 120
    before = len(used.parts) + bool(thoughts)
    if searches:
        opening, _, rest = used.text.partition("\n\n")
        used.text = f"{opening}\n\n{search.findings(said)}\n\n{rest}"
        used.ending["groundingMetadata"] = search.grounding(said, used.text, before)
        used.tokens += 253
    if "googleMaps" in call.google_tools and not searches and places.ASKED_FOR.search(said):
        opening, _, rest = used.text.partition("\n\n")
        used.text = f"{opening}\n\n{places.findings()}\n\n{rest}"
        used.ending["groundingMetadata"] = places.grounding(used.text, before)
    if addresses:
        _read_pages(used, addresses, before)
    return used


def invocations(call: Call, said: str, directives: Directives) -> list[dict[str, Any]]:
    """The calls of search and URL context as parts, each with its response; Gemini 3 signs both."""
    used: list[tuple[str, dict[str, Any]]] = []
    if _searches(call, said, directives):
        used.append(("GOOGLE_SEARCH_WEB", {"queries": search.queries(said)}))
    if "urlContext" in call.google_tools and (addresses := _URL.findall(said)):
        used.append(("URL_CONTEXT", {"urls": addresses}))
    parts: list[dict[str, Any]] = []
    for kind, args in used:
        tool = {"id": signatures.new_call_id(), "toolType": kind}
        for name, about in (("toolCall", tool | {"args": args}), ("toolResponse", tool)):
            signature = signatures.signature(f"{name} {tool['id']}")
            parts.append({name: about, "thoughtSignature": signature})
    return parts


def _searches(call: Call, said: str, directives: Directives) -> bool:
    offered = "googleSearch" in call.google_tools
    return "search" in directives or (offered and _SEARCH.search(said) is not None)


def _runs(call: Call, said: str, directives: Directives) -> bool:
    fits = _RUN.search(said) or _PLOT.search(said)
    return bool("code" in directives or ("codeExecution" in call.google_tools and fits))


def _program(call: Call, said: str) -> list[dict[str, Any]]:
    """A program and its result; a picture behind them if a plot is asked for.

    Models before 3 say first what they are about to do, and give no ids and no signatures.
    """
    words = " ".join(said.split())[:200].split()
    plots = _PLOT.search(said)
    code = {"language": "PYTHON", "code": (_PLOTTING if plots else _COUNTING).format(words=words)}
    output = "" if plots else f"{len(words)}\n"
    result = {"outcome": "OUTCOME_OK"} | ({"output": output} if output else {})
    drawn = media.bar_chart([len(word) for word in words[:12]]) if plots else b""
    picture = {"mimeType": "image/png", "data": base64.b64encode(drawn).decode()}
    pictures = [{"inlineData": picture}] if plots else []
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


_COUNTING = "words = {words!r}\nprint(len(words))\n"
_PLOTTING = """\
import matplotlib.pyplot as plt

words = {words!r}
plt.bar(range(len(words[:12])), [len(word) for word in words[:12]])
plt.show()
"""


def _read_pages(used: Use, addresses: list[str], before: int) -> None:
    """Act out the reading of pages: what was read is cited by the first paragraph."""
    read = [uri for uri in addresses if not _is_unreachable(uri)]
    metadata = [
        {"retrievedUrl": uri, "urlRetrievalStatus": _STATUSES[uri in read]} for uri in addresses
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
    supports.insert(0, search.support(used.text, opening, mine, before))


def _is_unreachable(uri: str) -> bool:
    """Names that no page can have (RFC 6761)."""
    return (urlsplit(uri).hostname or "").endswith((".invalid", ".test"))
