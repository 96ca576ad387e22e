"""The names in the product, and which of them hold a word that only its authors understand.

python -m tests.vocabulary      prints them by room
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "chatproject", "common", "accounts", "apikeys", "conversations", "agents", "gemini", "emulator",
)  # fmt: skip
PAGE = "web/src"

# Words that need this project's own history to be understood. The field has others for each:
# docs/glossary.md.
SPEECH = {"said", "told", "asked", "heard", "questions", "orders", "sings", "song"}
BANNED = SPEECH | {"kept", "found", "look", "ring", "rung", "desk"}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def banned_words(name: str) -> set[str]:
    """The banned words that are whole parts of a name: ``last_said``, ``whoAsked``, ``SONG``.

    ``not_found`` is HTTP's, and stays.
    """
    words = [word.lower() for word in WORD.findall(name)]
    return {
        word
        for before, word in zip(["", *words], words, strict=False)
        if word in BANNED and (before, word) != ("not", "found")
    }


def python_names(path: Path) -> Iterator[str]:
    """What a module defines: itself, classes, functions, arguments, variables, attributes."""
    yield path.stem if path.stem != "__init__" else path.parent.name
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name
            case _:
                pass


# What a script is made of beside names: comments, texts, and the texts of templates up to what
# they put in. Regular expressions are left to be read as code: they hold few words.
NOT_CODE = re.compile(r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
TEMPLATE_TEXT = re.compile(r"`(?:\\.|[^`\\$]|\$(?!\{))*|\}(?:\\.|[^`\\$]|\$(?!\{))*`")
SCRIPT = re.compile(r"<script[^>]*>(.*?)</script>", re.DOTALL)
STYLE = re.compile(r"<style[^>]*>.*?</style>|<!--.*?-->", re.DOTALL)
NAME = re.compile(r"[A-Za-z_$][\w$]*")


def page_names(path: Path) -> Iterator[str]:
    """The names in a TypeScript or Svelte file, and the file's own."""
    yield path.name.partition(".")[0]
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".svelte":
        markup = STYLE.sub("", SCRIPT.sub("", source))
        source = "\n".join([*SCRIPT.findall(source), *_expressions(markup)])
    code = TEMPLATE_TEXT.sub(" ", NOT_CODE.sub(" ", source))
    yield from NAME.findall(code)


def _expressions(markup: str) -> Iterator[str]:
    """What stands in braces in a component's markup."""
    depth = start = 0
    for at, character in enumerate(markup):
        if character == "{":
            start = at + 1 if depth == 0 else start
            depth += 1
        elif character == "}" and depth:
            depth -= 1
            if depth == 0:
                yield markup[start:at]


def modules(package: str) -> list[Path]:
    """The Python files of a package, without migrations: they are history."""
    return sorted(path for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts)


def page_files() -> list[Path]:
    files = [*(ROOT / PAGE).rglob("*.ts"), *(ROOT / PAGE).rglob("*.svelte")]
    return sorted(path for path in files if not path.name.endswith((".test.ts", ".d.ts")))


def room_of(path: Path) -> str:
    """The folder that people know a file by: ``accounts``, ``agents/runs``, ``web/src/chat``."""
    parts = path.relative_to(ROOT).parts
    depth = {"agents": 2, "web": 3, "conversations": 2}.get(parts[0], 1)
    return "/".join(parts[: min(depth, len(parts) - 1)])


@cache
def private_names() -> dict[str, set[str]]:
    """By room, every name that holds a banned word."""
    names: dict[str, set[str]] = {}
    for path in [path for package in PACKAGES for path in modules(package)]:
        names.setdefault(room_of(path), set()).update(filter(banned_words, python_names(path)))
    for path in page_files():
        names.setdefault(room_of(path), set()).update(filter(banned_words, page_names(path)))
    return {room: found for room, found in sorted(names.items()) if found}


if __name__ == "__main__":
    for room, names in private_names().items():
        sys.stdout.write(f"{room}: {' '.join(sorted(names))}\n")
