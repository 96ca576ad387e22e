"""The smallest JSON value that a response schema allows, made of the words of the question.

Both of Google's forms are read: its own (``{"type": "OBJECT", "propertyOrdering": [...]}``) and
JSON Schema with ``$ref``, ``anyOf``, ``enum`` and ``const``.
"""

from __future__ import annotations

import json
from typing import Any

from emulator.calls import Call
from emulator.prose import keywords, numbers

MAX_DEPTH = 12
MAX_ITEMS = 10
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "email": "emulator@example.com",
}


def wanted(call: Call) -> bool:
    """Whether the answer is to be JSON, or one value of an enum."""
    mime_type = str(call.config.get("responseMimeType") or "")
    return mime_type in ("application/json", "text/x.enum")


def instance(call: Call, said: str) -> str:
    """The text of the answer: a value of the schema, or an object that says what was asked."""
    schema = call.config.get("responseJsonSchema") or call.config.get("responseSchema")
    if not isinstance(schema, dict):
        return json.dumps({"answer": said or "Nothing was asked."}, ensure_ascii=False)
    value = Maker(schema, said).value(schema)
    if call.config.get("responseMimeType") == "text/x.enum":
        return str(value)
    return json.dumps(value, ensure_ascii=False)


class Maker:
    """Makes values; knows the whole schema, for what its parts refer to."""

    def __init__(self, root: dict[str, Any], said: str) -> None:
        self._root = root
        self._said = " ".join(said.split()) or "nothing"
        self._numbers = numbers(said)

    def value(self, schema: Any, depth: int = 0) -> Any:
        """A value of the schema; None where it allows anything, or is nested too deep."""
        if not isinstance(schema, dict) or depth > MAX_DEPTH:
            return None
        if "$ref" in schema or "ref" in schema:
            return self.value(
                self._referred(str(schema.get("$ref") or schema.get("ref"))), depth + 1
            )
        if "const" in schema:
            return schema["const"]
        if choices := schema.get("enum"):
            return choices[0]
        for name in ("anyOf", "oneOf", "allOf"):
            if choices := _named(schema, name):
                return self.value(choices[0], depth + 1)
        kinds = schema.get("type") or ("object" if "properties" in schema else "")
        kind = str(kinds[0] if isinstance(kinds, list) else kinds).lower()
        return self._of_kind(kind, schema, depth)

    def _of_kind(self, kind: str, schema: dict[str, Any], depth: int) -> Any:
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            prefix = _named(schema, "prefixItems") or []
            least = _whole(_named(schema, "minItems"), 1)
            asked = int(self._numbers[0]) if self._numbers and not depth else 0
            most = _whole(_named(schema, "maxItems"), MAX_ITEMS)
            count = max(len(prefix), least, min(asked, most, MAX_ITEMS))
            items = [*prefix, *[schema.get("items")] * count][:count]
            return [self.value(item, depth + 1) for item in items]
        if kind == "string":
            return self._string(schema)
        if kind in ("integer", "number"):
            lowest = schema.get("minimum", schema.get("exclusiveMinimum"))
            number = self._numbers[0] if self._numbers else 1.0
            if lowest is not None:
                number = max(number, float(lowest) + ("exclusiveMinimum" in schema))
            number = min(number, float(schema.get("maximum", number)))
            return int(number) if kind == "integer" else float(number)
        return True if kind == "boolean" else None

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        order = _named(schema, "propertyOrdering") or list(properties)
        made = {
            name: self.value(properties[name], depth + 1) for name in order if name in properties
        }
        extra = schema.get("additionalProperties")
        if not made and isinstance(extra, dict):
            made[keywords(self._said)[0]] = self.value(extra, depth + 1)
        return made

    def _string(self, schema: dict[str, Any]) -> str:
        if (known := _FORMATS.get(str(schema.get("format", "")))) is not None:
            return known
        text = self._said
        shortest = _whole(_named(schema, "minLength"), 0)
        longest = _whole(_named(schema, "maxLength"), max(80, shortest))
        return (text * (shortest // max(1, len(text)) + 1))[:longest]

    def _referred(self, reference: str) -> Any:
        found: Any = self._root
        for step in reference.removeprefix("#").strip("/").split("/"):
            if not isinstance(found, dict):
                return None
            found = found.get(step, found.get("defs") if step == "$defs" else None)
        return found


def _named(schema: dict[str, Any], name: str) -> Any:
    """A keyword of the schema, in either spelling: ``maxItems`` or ``max_items``."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return schema.get(name, schema.get(snake))


def _whole(value: Any, default: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return default
