"""Strict readers for settings from the environment.

A value that is present but makes no sense stops the start with a sentence; it never falls back
to a default. Every secret ``X`` can be given as ``X_FILE``, the path of a file that holds it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


secret_files: list[Path] = []  # what secrets were read from; chatproject.private watches them


def load_file(path: Path) -> None:
    """Add the ``NAME=value`` lines of ``path`` to the environment; what is already set wins.

    As editors and shells write them: with a mark of UTF-8 in front, ``export``, and quotes around
    a value.
    """
    if not path.is_file():
        return
    secret_files.append(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{path.name} is no text in UTF-8. Save it as such.") from None
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, separator, value = text.removeprefix("export ").partition("=")
        if not separator or not name.strip().isidentifier():
            raise ImproperlyConfigured(f"{path.name}, line {number}: expected NAME=value.")
        os.environ.setdefault(name.strip(), _unquoted(value.strip()))


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def forget(*names: str, prefix: str) -> None:
    """Take the names, and all with the prefix, out of the environment of this process."""
    for name in [*names, *(name for name in os.environ if name.startswith(prefix))]:
        os.environ.pop(name, None)


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def boolean(name: str, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be one of 1, 0, true, false, yes, no, on, off.")


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    value = text(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}.")
    return number


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list; blanks around and between are dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choice(name: str, default: str, choices: Sequence[str]) -> str:
    value = text(name, default).upper()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}.")
    return value


def json_object(name: str) -> dict[str, Any]:
    """A JSON object; empty when nothing is set."""
    value = text(name)
    if not value:
        return {}
    try:
        content = json.loads(value)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ImproperlyConfigured(f'{name} must be a JSON object: {{"name": ...}}.')
    return content


def mapping(name: str) -> dict[str, str]:
    """A JSON object of strings; empty when nothing is set."""
    content = json_object(name)
    if not all(isinstance(value, str) for value in content.values()):
        raise ImproperlyConfigured(f'{name} must be a JSON object of strings: {{"name": "value"}}.')
    return content


def secret(name: str) -> str:
    """The value of ``name``, or the content of the file that ``name_FILE`` points at."""
    path = text(f"{name}_FILE")
    if not path:
        return text(name)
    # Both set, one of them is forgotten: which of them was meant cannot be told.
    if text(name):
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE, not both.")
    secret_files.append(Path(path))
    try:
        return Path(path).read_text(encoding="utf-8-sig").strip()
    except OSError:
        raise ImproperlyConfigured(f"{name}_FILE points at a file that cannot be read.") from None
