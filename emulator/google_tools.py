"""Google's own tools, as far as they can be acted out: search, code execution, URL context.

Nothing is searched or fetched: the sources are example.com pages that say so. The program is one
whose result is known without running it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from emulator import signatures
from emulator.calls import Call
from emulator.directives import Directives

_SEARCH = re.compile(r"\b(search|latest|news|today|current|look up|weather|price)\b", re.I)
_RUN = re.compile(r"\b(run|execute|calculate|compute|count|how many)\b", re.I)
_URL = re.compile(r"https?://[^\s<>\"')]+")


@dataclass
class Use:
    """What the use of tools adds to an answer: parts before it, fields at its end, tokens read."""

    parts: list[dict[str, Any]] = field(default_factory=list)
    ending: dict[str, Any] = field(default_factory=dict)
    tokens: int = 0


def use(call: Call, said: str, text: str, directives: Directives) -> Use:
    """Use the tools that are offered and fit the words, and those the directives name."""
    used = Use()
    offered = call.google_tools
    if "code" in directives or ("codeExecution" in offered and _RUN.search(said)):
        used.parts = _program(said, call)
        used.tokens += 120
    if "search" in directives or ("googleSearch" in offered and _SEARCH.search(said)):
        used.ending["groundingMetadata"] = _grounding(said, text)
        used.tokens += 253
    addresses = _URL.findall(said)
    if "urlContext" in offered and addresses:
        used.ending |= _url_context(addresses, text)
        used.tokens += 400 * len(addresses)
    return used


def _program(said: str, call: Call) -> list[dict[str, Any]]:
    text = json.dumps(" ".join(said.split())[:200], ensure_ascii=False)
    words = len(json.loads(text).split())
    code = {"language": "PYTHON", "code": f"text = {text}\nprint(len(text.split()))\n"}
    result = {"outcome": "OUTCOME_OK", "output": f"{words}\n"}
    if not call.model.is_gemini_3:
        return [{"executableCode": code}, {"codeExecutionResult": result}]
    run = {"id": signatures.new_call_id()}
    signature = signatures.signature(run["id"])
    return [
        {"executableCode": code | run, "thoughtSignature": signature},
        {"codeExecutionResult": result | run},
    ]


def _grounding(said: str, text: str) -> dict[str, Any]:
    query = " ".join(said.split())[:100]
    sources = [("https://example.com/emulated-source", "example.com (emulated source)")]
    sources.append(("https://www.example.org/another", "example.org (emulated source)"))
    return {
        "searchEntryPoint": {"renderedContent": '<div class="container">emulated search</div>'},
        "groundingChunks": [{"web": {"uri": uri, "title": title}} for uri, title in sources],
        "groundingSupports": [_support(text, [0]), _support(text.partition("\n\n")[0], [0, 1])],
        "webSearchQueries": [query],
    }


def _url_context(addresses: list[str], text: str) -> dict[str, Any]:
    read = [
        {"retrievedUrl": uri, "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"}
        for uri in addresses
    ]
    chunks = [{"web": {"uri": uri, "title": urlsplit(uri).netloc}} for uri in addresses]
    supports = [_support(text.partition("\n\n")[0], list(range(len(addresses))))]
    return {
        "urlContextMetadata": {"urlMetadata": read},
        "groundingMetadata": {"groundingChunks": chunks, "groundingSupports": supports},
    }


def _support(segment: str, chunks: list[int]) -> dict[str, Any]:
    """A segment from the start of the text; its end is counted in bytes, as Google counts."""
    end = len(segment.encode())
    return {"segment": {"endIndex": end, "text": segment}, "groundingChunkIndices": chunks}
