"""Folds the parts of a streamed answer into one Gemini content that can be sent back.

Gemini 3 signs its thinking: a ``thoughtSignature`` stands beside a text, a function call, or an
empty text, and has to come back where it was. So parts keep their order; neighbouring texts are
joined only where neither is signed; an empty text goes only if it carries no signature; summaries
of thoughts are for the reader and do not go back.

Source: https://ai.google.dev/gemini-api/docs/thought-signatures
"""

from __future__ import annotations

from typing import Any

from common.bounded import BoundedText
from gemini import partial_args
from gemini.lenient import as_dicts, as_str, expect, present
from gemini.outputs import Content

Part = dict[str, Any]
_PIECES = ("partialArgs", "willContinue")


class PartKeeper:
    """Collects the parts of one answer in order."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._texts = BoundedText()
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
        call = expect(part.get("functionCall"), dict)
        if call is None:
            self._parts.append(part)
        else:
            self._function_call(part, present(call))

    def content(self) -> Content:
        """All parts so far, as the model's content."""
        self._flush()
        return {"role": "model", "parts": list(self._parts)}

    def _flush(self) -> None:
        if text := str(self._texts):
            self._parts.append({"text": text})
        self._texts.clear()

    def _function_call(self, part: Part, call: dict[str, Any]) -> None:
        """A call arrives whole, or named first with its arguments in pieces (Vertex does that)."""
        if expect(call.get("name"), str):
            kept = {field: value for field, value in call.items() if field not in _PIECES}
            if not as_str(kept.get("id")):
                kept.pop("id", None)
            args = dict(expect(call.get("args"), dict) or {})
            part = {**part, "functionCall": {**kept, "args": args}}
            self._parts.append(part)
            self.calls.append(part["functionCall"])
            self._partial = part["functionCall"]
        if self._partial is not None:
            for piece in as_dicts(call.get("partialArgs")):
                partial_args.add(self._partial["args"], piece)
            if call.get("willContinue") is not True:
                self._partial = None


def is_signed(content: Content) -> bool:
    return any("thoughtSignature" in part for part in content["parts"])
