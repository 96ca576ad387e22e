"""Markdown: what a text leaves open, and its end. Nothing here knows Django."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

HEADING = "# The end"
ENDS = (  # of what goes on over empty lines, in CommonMark
    ("<!--", "-->"),
    ("<?", "?>"),
    ("<![cdata[", "]]>"),
    *((f"<{name}", f"</{name}>") for name in ("pre", "script", "style", "textarea")),
    ("<!", ">"),
)
OPENING = re.compile(r"```|~~~|<")
PARSER = MarkdownIt("commonmark")
PARSER.core.ruler.enableOnly(["normalize", "block"])  # what stands inside of a line opens nothing


def may_be_open(text: str) -> bool:
    """Whether ``closed`` could have anything to do; at once, where that reads the whole text."""
    return OPENING.search(text) is not None


def closed(text: str) -> str:
    """``text`` with an end to the code or HTML that it leaves open: what follows is not part of it.

    Parsed with a heading behind it: where that is read as a heading, nothing was open.
    """
    # The parser is asked rather than fences counted: indentation, lists and quotes decide what
    # opens.
    last = PARSER.parse(f"{text}\n\n{HEADING}\n")[-1]
    if last.type == "fence":
        return f"{text}\n{last.markup}"
    if last.type == "html_block":
        opening = last.content.lstrip().lower()
        return f"{text}\n{next((end for begin, end in ENDS if opening.startswith(begin)), '')}"
    return text
