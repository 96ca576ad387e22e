"""How many tokens a request has, by modality, as far as that is known without a tokenizer.

Text is four characters a token. For files the figures are Google's (ai.google.dev, "Understand and
count tokens" and "Media resolution"; the recordings agree): a picture 258, since Gemini 3 1,120; a
page 258, since Gemini 3 560, and then counted as a picture; sound 32 a second; film 263 a second,
since Gemini 3 70. A file whose length cannot be read counts as one second or one page.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from emulator.attachments import Attachment
from emulator.frames import tokens

_PER_UNIT = {"IMAGE": (258, 1120), "DOCUMENT": (258, 560), "AUDIO": (32, 32), "VIDEO": (263, 70)}
_CODE_FIELDS = (
    *("functionCall", "functionResponse", "toolCall", "toolResponse"),
    *("executableCode", "codeExecutionResult"),
)


def counted(
    parts: list[dict[str, Any]], files: list[Attachment], *, gemini_3: bool
) -> dict[str, int]:
    """Tokens by modality of the parts of a request and the files in them.

    TEXT comes first; there is one token at least. What tools are offered is not counted.
    """
    total: Counter[str] = Counter()
    for file in files:
        total += _of_file(file, gemini_3)
    total["TEXT"] += tokens(sum(map(_chars, parts))) or (0 if total else 1)
    ordered = sorted(total, key=lambda kind: (kind != "TEXT", kind))
    return {kind: total[kind] for kind in ordered if total[kind]}


def _chars(part: dict[str, Any]) -> int:
    """How much text a part is; the files in a function's response are none."""
    fields = (part[name] for name in _CODE_FIELDS if name in part)
    plain = ({k: v for k, v in field.items() if k != "parts"} for field in fields)
    return sum(len(json.dumps(field)) for field in plain) + len(str(part.get("text") or ""))


def _of_file(file: Attachment, gemini_3: bool) -> Counter[str]:
    if file.modality == "TEXT":
        return Counter(TEXT=max(1, tokens(len(file.facts.text))))
    units = {"DOCUMENT": file.facts.pages, "AUDIO": file.seconds, "VIDEO": file.seconds}
    count = round(max(1, units.get(file.modality, 1)) * _PER_UNIT[file.modality][gemini_3])
    kind = "IMAGE" if gemini_3 and file.modality == "DOCUMENT" else file.modality
    sound = round(file.seconds * _PER_UNIT["AUDIO"][gemini_3]) if file.is_youtube else 0
    return Counter({kind: count}) + Counter(AUDIO=sound)  # of a video on YouTube it is counted too
