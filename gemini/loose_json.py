"""Reads JSON in which any field may be missing, null or of another type.

What only accompanies the answer is passed over where it has another type. What carries the
answer itself is not: passing it over would claim that the answer is whole.
"""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def as_dict(value: object) -> dict[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def as_dicts(value: object) -> list[dict[str, Any]]:
    """The objects of a list; none if there is no list."""
    return [item for item in as_list(value) if isinstance(item, dict)]


def as_list(value: object) -> list[Any]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else []


def as_str(value: object) -> str:
    """The text, or an empty one."""
    return value if isinstance(value, str) else ""


def as_int(value: object) -> int:
    """The whole number, or zero."""
    return value if type(value) is int else 0


def expect(value: object, kind: type[T]) -> T | None:
    """The value of this type, or None.

    Raises:
        TypeError: it is there and of another type.
    """
    if value is None or isinstance(value, kind):
        return value
    raise TypeError(f"{kind.__name__} expected")


def present(value: dict[str, Any]) -> dict[str, Any]:
    """An object without the fields that are null."""
    # Tested first: this runs for each part of each chunk, and hardly any of them holds a null.
    if None not in value.values():
        return value
    return {name: item for name, item in value.items() if item is not None}
