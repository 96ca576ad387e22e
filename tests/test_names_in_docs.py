"""What the documentation names is there: folders, files, modules, classes, functions."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.vocabulary import PACKAGES, ROOT, modules, page_files, page_names, python_names

# Decisions tell of the day they were made; the changelog, of the past.
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("deploy/*.md")]
    if path.name != "CHANGELOG.md"
)
CODE = re.compile(r"`([^`\n]+)`")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
PATH = re.compile(r"([\w.-]+)(/[\w.*-]*)+")
FILE = re.compile(r"[\w-]+\.(py|ts|svelte|sh|conf|service|toml)")
DOTTED = re.compile(rf"({'|'.join([*PACKAGES, 'tests', 'benchmarks'])})(\.\w+)+(\(\))?")
CALL = re.compile(r"(?:\w+\.)*(\w+)\([^`]*\)")
# Named, and not here: an example of the reader's own, a file of Google's SDK, what is built.
ELSEWHERE = {"agents/core/team/dice.py", "web/node_modules", "web/dist", "var", ".venv"}


def names_in(document: Path, pattern: re.Pattern[str]) -> set[str]:
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    return {name for name in CODE.findall(text) if pattern.fullmatch(name)}


@cache
def files() -> frozenset[str]:
    """The names of all files of ours."""
    folders = [*PACKAGES, "tests", "benchmarks", "deploy", "web/src", "web/public"]
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    return frozenset(path.name for path in [*paths, *ROOT.iterdir(), *(ROOT / "web").iterdir()])


@cache
def syntax_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def members(scope: ast.Module | ast.ClassDef) -> dict[str, ast.AST]:
    """What is defined at the top of a module or class, attributes that methods set included."""
    defined: dict[str, ast.AST] = {}
    for node in scope.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                defined[node.name] = node
            case ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                names = [name for target in targets for name in ast.walk(target)]
                defined |= {name.id: node for name in names if isinstance(name, ast.Name)}
            case ast.ImportFrom() | ast.Import():
                defined |= {alias.asname or alias.name: node for alias in node.names}
            case _:
                pass
    if isinstance(scope, ast.ClassDef):
        attributes = [node for node in ast.walk(scope) if isinstance(node, ast.Attribute)]
        own = [node for node in attributes if isinstance(node.ctx, ast.Store)]
        defined |= {node.attr: node for node in own if ast.unparse(node.value) == "self"}
    return defined


def exists(dotted: str) -> bool:
    """Whether ``package.module.Class.member`` is there, by its syntax: nothing is imported."""
    place, parts = ROOT, dotted.removesuffix("()").split(".")
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    module = place / f"{parts[0]}.py" if parts else place / "__init__.py"
    if parts and module.is_file():
        parts.pop(0)
    else:
        module = place / "__init__.py"
    if not module.is_file():
        return False
    scope: ast.AST = syntax_of(module)
    for part in parts:
        if not isinstance(scope, ast.Module | ast.ClassDef) or part not in members(scope):
            return False
        scope = members(scope)[part]
    return True


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_folders_and_files_that_are_named_are_there(document):
    paths = {path.rstrip("/") for path in names_in(document, PATH)} - ELSEWHERE
    ours = [path for path in paths if (ROOT / path.partition("/")[0]).is_dir()]
    assert [path for path in ours if not any(ROOT.glob(path))] == []
    assert names_in(document, FILE) - files() == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_modules_classes_and_functions_that_are_named_are_there(document):
    dotted = names_in(document, DOTTED)
    checks = {name for name in dotted if re.search(r"\.[EW]\d{3}$", name)}  # ids of system checks
    assert [name for name in dotted - checks if not exists(name)] == []


@cache
def definitions() -> frozenset[str]:
    """Every name that the product defines, of the page too."""
    python = [path for package in PACKAGES for path in modules(package)]
    names = [*map(python_names, python), *map(page_names, page_files())]
    return frozenset(name for given in names for name in given)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_functions_that_are_named_as_calls_are_there(document):
    calls = (CALL.fullmatch(name) for name in names_in(document, CALL))
    assert {call[1] for call in calls if call} - definitions() == set()


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("gemini", True),
        ("agents.runs", True),
        ("accounts.models", True),
        ("accounts.models.UserProfile", True),
        ("accounts.models.UserProfile.ai_model", True),
        ("apikeys.models.UserApiKey.get_decrypted_key()", True),
        ("accounts.models.UserProfile.nothing", False),
        ("accounts.models.nothing()", False),
        ("accounts.nothing", False),
        ("nothing.models", False),
    ],
)
def test_a_name_is_looked_up_down_to_the_members_of_a_class(name, there):
    assert exists(name) == there
