"""What of a system instruction can be followed without a model: how answers begin and end.

``Begin every answer with "Ahoy."`` and ``End your answers with 'Over.'`` are followed; where two
say different things, the later one holds.
"""

from __future__ import annotations

import re

_FRAME = re.compile(
    r"\b(begin|start|end|finish)\b[^.\n\"“']{0,60}\bwith\b[^.\n\"“']{0,20}"
    r"(?:\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”|'([^'\n]{1,200})')",
    re.IGNORECASE,
)


def followed(system: str, text: str) -> str:
    """``text``, begun and ended as the instruction asks."""
    wanted: dict[str, str] = {}
    for found in _FRAME.finditer(system):
        at = "first" if found[1].lower() in ("begin", "start") else "last"
        wanted[at] = next(filter(None, found.groups()[1:]))
    return "\n\n".join(filter(None, [wanted.get("first"), text, wanted.get("last")]))
