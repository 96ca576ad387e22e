"""Folds the parts of a streamed answer into one Gemini content that can be sent back.

Gemini 3 signs its thinking: a ``thoughtSignature`` stands beside a text, a function call, or an
empty text, and has to come back where it was. So parts keep their order; neighbouring texts are
joined only where neither is signed; an empty text goes only if it carries no signature; summaries
of thoughts are for the reader and do not go back.

Source: https://ai.google.dev/gemini-api/docs/thought-signatures
"""

from __future__ import annotations

import re
from typing import Any

from agents.core.outputs import Content

Part = dict[str, Any]
_TOP_LEVEL = re.compile(r"^\$\.([A-Za-z_]\w*)$")
_PIECES = ("partialArgs", "willContinue")
_VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")


class PartKeeper:
    """Collects the parts of one answer in order."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._texts: list[str] = []
        self._partial: Part | None = None
        self.calls: list[Part] = []

    def text(self, text: str) -> None:
        """An unsigned piece of the answer."""
        self._texts.append(text)

    def other(self, part: Part) -> None:
        """Any part but an unsigned text."""
        if part.get("thought") and "thoughtSignature" not in part:
            return
        self._flush()
        call = part.get("functionCall")
        if call is None:
            self._parts.append(part)
        else:
            self._function_call(part, call)

    def content(self) -> Content:
        """All parts so far, as the model's content."""
        self._flush()
        return {"role": "model", "parts": list(self._parts)}

    def _flush(self) -> None:
        if text := "".join(self._texts):
            self._parts.append({"text": text})
        self._texts.clear()

    def _function_call(self, part: Part, call: dict[str, Any]) -> None:
        """A call arrives whole, or named first with its arguments in pieces (Vertex does that)."""
        if call.get("name"):
            kept = {name: value for name, value in call.items() if name not in _PIECES}
            part = {**part, "functionCall": {**kept, "args": dict(call.get("args") or {})}}
            self._parts.append(part)
            self.calls.append(part["functionCall"])
            self._partial = part["functionCall"]
        if self._partial is not None:
            for piece in call.get("partialArgs") or []:
                _add_argument(self._partial["args"], piece)
            if not call.get("willContinue"):
                self._partial = None


def _add_argument(args: dict[str, Any], piece: dict[str, Any]) -> None:
    match = _TOP_LEVEL.match(str(piece.get("jsonPath", "")))
    value = next((piece[name] for name in _VALUES if name in piece), None)
    if match is None:
        return
    before = args.get(match[1])
    args[match[1]] = before + value if isinstance(before, str) and isinstance(value, str) else value
