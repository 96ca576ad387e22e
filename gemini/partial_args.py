"""Puts the arguments of a function call together that arrive in pieces.

A piece names its place by a JSON path of names and indices, such as ``$.days[0].title`` or
``$['a b'][2]``, and holds a text, number, truth value or null; a text may go on in later pieces.

Source: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/PartialArg
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

MAX_STEPS = 32
MAX_INDEX = 10_000  # pieces come in order: a far higher index would only take memory
_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]'"\s]+)"""
    r"""|\[(?P<index>\d{1,6})\]"""
    r"""|\[(?P<quoted>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')\]"""
)
_VALUES = ("stringValue", "numberValue", "boolValue")

Step = str | int


def add(args: dict[str, Any], piece: dict[str, Any]) -> None:
    """Put the value of one ``partialArg`` into ``args``; one without a usable place is dropped."""
    steps = _steps(piece.get("jsonPath"))
    if not steps or not isinstance(steps[0], str):
        return
    named = [piece[name] for name in _VALUES if piece.get(name) is not None]
    if not named and "nullValue" not in piece:
        return
    target: Any = args
    for step, following in pairwise(steps):
        target = _inside(target, step, following)
    _put(target, steps[-1], named[0] if named else None)


def _steps(path: object) -> list[Step]:
    """The names and indices of a path; none if it is none."""
    if not isinstance(path, str) or not path.startswith("$"):
        return []
    steps: list[Step] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or len(steps) == MAX_STEPS:
            return []
        steps.append(_step(match))
        at = match.end()
    return steps


def _step(match: re.Match[str]) -> Step:
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
