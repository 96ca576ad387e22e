"""Google Maps, acted out: invented places, and the words that rest on them.

Source: the recording ``grounding-maps--*`` for the shape; which words ask for a place is guessed.
"""

from __future__ import annotations

import re
from typing import Any

from emulator import search

ASKED_FOR = re.compile(r"\b(near|nearby|restaurants?|cafes?|places?|directions|open now)\b", re.I)
_PLACES = (("Emulated Pizza", "1001"), ("Café Émulé", "1002"))


def findings() -> str:
    """A paragraph to be cited."""
    return "Emulated Pizza is open until nine. Café Émulé is a short walk away."


def grounding(text: str, part_index: int) -> dict[str, Any]:
    """The metadata of a text that holds the findings, and is the part of that index."""
    chunks = [
        {
            "maps": {
                "uri": f"https://maps.google.com/?cid={number}",
                "title": title,
                "placeId": f"places/emulated{number}",
            }
        }
        for title, number in _PLACES
    ]
    sentences = re.findall(r"[^.]+\.", findings())
    supports = [
        search.support(text, sentence.strip(), [index], part_index)
        for index, sentence in enumerate(sentences)
    ]
    return {"groundingChunks": chunks, "groundingSupports": supports}
