"""``docs/emulator.md`` says of each refusal and each directive where it comes from."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.faults import FAULTS

ROOT = Path(__file__).parents[2]
CODE = {path.name: path.read_text() for path in sorted((ROOT / "emulator").glob("*.py"))}
DOC = (ROOT / "docs" / "emulator.md").read_text()
RULES = DOC.partition("## Where each rule comes from")[2].partition("### Google's own suite")[0]
MARKS = ("recorded", "documented", "reported", "guessed", "ours")
_DIRECTIVE = re.compile(
    r'directives\.(?:count|get|number)\(\s*"(\w+)"|"(\w+)" in (?:call\.)?directives'
    r'|\("(\w+)", "(?:reset|close|stall)"\)'
)
# They say how another directive is to be carried out, and stand in its row.
PARAMETERS = {"retry", "times", "to", "after", "size"}


def rows() -> list[list[str]]:
    """The cells of each row of the tables of rules, without their heads."""
    lines = [line for line in RULES.splitlines() if line.startswith("| ") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def words(node: ast.expr | None, names: dict[str, ast.expr]) -> str:
    """The beginning of a sentence up to the first thing that is put into it."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=[first, *_]):
            return words(first, names)
        case ast.Name(id=name) if name in names:
            return words(names[name], names)
    return ""


def sentences() -> Iterator[tuple[str, str]]:
    """Where a refusal is made, and how its sentence begins."""
    for name, code in CODE.items():
        for function in ast.walk(ast.parse(code)):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            nodes = list(ast.walk(function))
            assigned = {
                target.id: node.value
                for node in nodes
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for node in nodes:
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Refusal"):
                    found = words(node.args[1], assigned) if len(node.args) > 1 else ""
                elif isinstance(node, ast.Yield) and name.endswith("rules.py"):
                    found = words(node.value, assigned)
                else:
                    continue
                if len(found.strip("* \n")) > 4:
                    yield f"{name}:{node.lineno}", found.strip("* \n")


@pytest.mark.parametrize(("place", "sentence"), list(sentences()))
def test_each_refusal_says_where_it_comes_from(place: str, sentence: str):
    beginning = "emulator: " if sentence.startswith("emulator: ") else sentence[:26]
    assert any(beginning in row[0] for row in rows()), place


def test_each_directive_says_where_it_comes_from():
    found = {name for code in CODE.values() for match in _DIRECTIVE.findall(code) for name in match}
    listed = {name for row in rows() for name in re.findall(r"`(\w+)", row[0])}
    assert found - {""} - PARAMETERS <= listed
    assert len(found) > 20


@pytest.mark.parametrize("fault", FAULTS)
def test_each_refusal_by_name_says_where_it_comes_from(fault: str):
    assert any("`fault`" in row[0] and f"`{fault}`" in row[0] for row in rows())


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:30])
def test_each_rule_has_a_mark(row: list[str]):
    if row[1] != "source":
        assert row[1].startswith(MARKS)
