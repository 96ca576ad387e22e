"""Folds the parts of a streamed answer into one Gemini content that can be sent back.

Gemini 3 signs its thinking: a ``thoughtSignature`` stands beside a text, a function call, or an
empty text, and has to come back where it was. Without it Gemini refuses the turn with a 400. So
parts keep their order; neighbouring texts are joined only where neither is signed.

The arguments of a function call may arrive in pieces. A piece names its place by a JSON path of
names and indices, such as ``$.days[0].title`` or ``$['a b'][2]``, and holds a text, number, truth
value or null; a text may go on in later pieces.

Source: https://ai.google.dev/gemini-api/docs/thought-signatures and
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/PartialArg
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any, cast

from common.bounded import BoundedText
from gemini.loose_json import as_dicts, as_str, expect, present
from gemini.types import Content, FunctionCall, Part

_PIECES = ("partialArgs", "willContinue")


MAX_STEPS = 32
MAX_INDEX = 10_000  # pieces come in order: a far higher index would only take memory
_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]'"\s]+)"""
    r"""|\[(?P<index>\d{1,6})\]"""
    r"""|\[(?P<quoted>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')\]"""
)
_VALUES = ("stringValue", "numberValue", "boolValue")

Step = str | int


class PartCollector:
    """Collects the parts of one answer in order.

    Parts come as Gemini gave them, so their type is only claimed where they leave.
    """

    def __init__(self) -> None:
        self._parts: list[dict[str, Any]] = []
        self._texts = BoundedText()
        self._partial: dict[str, Any] | None = None
        self._calls: list[dict[str, Any]] = []

    def text(self, text: str) -> None:
        """An unsigned piece of the answer."""
        self._texts.append(text)

    def other(self, part: dict[str, Any]) -> None:
        """Any part but an unsigned text."""
        # A summary of thoughts is for the reader; sent back it would be taken for what the model
        # said.
        if part.get("thought") and "thoughtSignature" not in part:
            return
        # Order is what a signature signs: the text before this part has to stand before it.
        self._flush()
        call = expect(part.get("functionCall"), dict)
        if call is None:
            self._parts.append(part)
        else:
            self._function_call(part, present(call))

    @property
    def calls(self) -> list[FunctionCall]:
        """The function calls so far."""
        return cast(list[FunctionCall], self._calls)

    def content(self) -> Content:
        """All parts so far, as the model's content."""
        self._flush()
        return {"role": "model", "parts": cast(list[Part], list(self._parts))}

    def _flush(self) -> None:
        if text := str(self._texts):
            self._parts.append({"text": text})
        self._texts.clear()

    def _function_call(self, part: dict[str, Any], call: dict[str, Any]) -> None:
        """A call arrives whole, or named first with its arguments in pieces (Vertex does that)."""
        if expect(call.get("name"), str):
            whole = {field: value for field, value in call.items() if field not in _PIECES}
            if not as_str(whole.get("id")):
                whole.pop("id", None)
            # A copy: pieces of arguments are put into it, and the part that came stays as it is.
            whole["args"] = dict(expect(call.get("args"), dict) or {})
            # One object in both lists: pieces that come later complete the call in the content as
            # well.
            self._parts.append({**part, "functionCall": whole})
            self._calls.append(whole)
            self._partial = whole
        if self._partial is not None:
            for piece in as_dicts(call.get("partialArgs")):
                add_partial_arg(self._partial["args"], piece)
            if call.get("willContinue") is not True:
                self._partial = None


def is_signed(content: Content) -> bool:
    return any("thoughtSignature" in part for part in content["parts"])


def add_partial_arg(args: dict[str, Any], piece: dict[str, Any]) -> None:
    """Put the value of one ``partialArg`` into ``args``; one without a usable place is dropped."""
    steps = _path_steps(piece.get("jsonPath"))
    if not steps or not isinstance(steps[0], str):
        return
    # Dropped rather than refused: a path of a kind that is new here costs one argument, not the
    # answer.
    named = [piece[name] for name in _VALUES if piece.get(name) is not None]
    if not named and "nullValue" not in piece:
        return
    target: Any = args
    for step, following in pairwise(steps):
        target = _inside(target, step, following)
    _put(target, steps[-1], named[0] if named else None)


def _path_steps(path: object) -> list[Step]:
    """The names and indices of a path; none if it is none."""
    if not isinstance(path, str) or not path.startswith("$"):
        return []
    steps: list[Step] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or len(steps) == MAX_STEPS:
            return []
        steps.append(_path_step(match))
        at = match.end()
    return steps


def _path_step(match: re.Match[str]) -> Step:
    if match["index"]:
        return int(match["index"])
    if not match["quoted"]:
        return match["name"]
    inside = match["quoted"][1:-1]
    try:
        return str(json.loads(f'"{inside}"' if match["quoted"][0] == '"' else _double(inside)))
    except ValueError:
        return inside


def _double(inside: str) -> str:
    """The inside of a text in single quotes as JSON, which knows double ones only."""
    plain = inside.replace("\\'", "'").replace('"', '\\"')
    return f'"{plain}"'


def _inside(target: Any, step: Step, following: Step) -> Any:
    """The object or list at ``step``, made if it is not there; None where it has no place."""
    kind: type = dict if isinstance(following, str) else list
    there = _get(target, step)
    if there is None:
        there = kind()
        if not _put(target, step, there):
            return None
    return there if isinstance(there, kind) else None


def _get(target: Any, step: Step) -> Any:
    if isinstance(target, dict):
        return target.get(step)
    if isinstance(target, list) and isinstance(step, int) and step < len(target):
        return target[step]
    return None


def _put(target: Any, step: Step, value: Any) -> bool:
    """Set a value, or add a text to the one that is there; False where it has no place."""
    before = _get(target, step)
    if isinstance(before, str) and isinstance(value, str):
        value = before + value
    if isinstance(target, dict) and isinstance(step, str):
        target[step] = value
    elif isinstance(target, list) and isinstance(step, int) and step <= MAX_INDEX:
        target += [None] * (step + 1 - len(target))
        target[step] = value
    else:
        return False
    return True
