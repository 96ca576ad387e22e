"""How many tokens a request has, by modality, as far as that can be said without a tokenizer.

Text is four characters a token. For files the figures are Google's (ai.google.dev, "Understand and
count tokens" and "Media resolution"; the recordings agree): a picture 258, since Gemini 3 1,120; a
page 258, since Gemini 3 560, and then counted as a picture; sound 32 a second; film 263 a second,
since Gemini 3 70. A file whose length cannot be read counts as one second or one page.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from emulator.attachments import Attachment, Uploads, attachment_of
from emulator.frames import tokens

_PER_UNIT = {"IMAGE": (258, 1120), "DOCUMENT": (258, 560), "AUDIO": (32, 32), "VIDEO": (263, 70)}
_CODE_FIELDS = (
    *("functionCall", "functionResponse", "toolCall", "toolResponse"),
    *("executableCode", "codeExecutionResult"),
)


def counted(body: dict[str, Any], gemini_3: bool, uploads: Uploads) -> dict[str, int]:
    """Tokens by modality of the contents and the system instruction; TEXT first, one at least.

    What tools are offered is not counted.
    """
    total: Counter[str] = Counter()
    contents = body.get("contents") or []
    contents = [contents] if isinstance(contents, dict) else contents
    chars = 0
    for content in [*contents, body.get("systemInstruction") or {}]:
        for part in _parts(content):
            chars += _chars(part)
            for holder in [part, *_parts(part.get("functionResponse") or {})]:
                if found := attachment_of(holder, uploads):
                    kind, count = _of_file(found, gemini_3)
                    total[kind] += count
                    if found.is_youtube:  # its sound is counted beside it
                        total["AUDIO"] += round(found.seconds * _PER_UNIT["AUDIO"][gemini_3])
    total["TEXT"] += tokens(chars) or (0 if total else 1)
    return {
        kind: total[kind] for kind in sorted(total, key=lambda k: (k != "TEXT", k)) if total[kind]
    }


def _parts(content: dict[str, Any]) -> list[dict[str, Any]]:
    parts = content.get("parts") or []
    return [parts] if isinstance(parts, dict) else parts


def _chars(part: dict[str, Any]) -> int:
    """How much text a part is; the files in a function's response are none."""
    fields = (part[name] for name in _CODE_FIELDS if name in part)
    plain = ({k: v for k, v in found.items() if k != "parts"} for found in fields)
    return sum(len(json.dumps(found)) for found in plain) + len(str(part.get("text") or ""))


def _of_file(file: Attachment, gemini_3: bool) -> tuple[str, int]:
    known = file.facts
    if known.kind == "TEXT":
        return "TEXT", max(1, tokens(known.chars))
    units = {"DOCUMENT": known.pages, "AUDIO": file.seconds, "VIDEO": file.seconds}
    count = round(max(1, units.get(known.kind, 1)) * _PER_UNIT[known.kind][gemini_3])
    kind = "IMAGE" if gemini_3 and known.kind == "DOCUMENT" else known.kind
    return kind, count
