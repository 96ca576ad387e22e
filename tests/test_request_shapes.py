"""A request is validated once and passed whole: few shapes hold what a user chose."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ON_THE_WAY = ("agents/protocol/**/*.py", "agents/runs/**/*.py", "agents/core/**/*.py")
ADAPTER = "gemini/request.py"
MAX_SHAPES = 4
MAX_FILES = 3
# What else has such a field: the result of an estimate, and one speaker of a dialogue.
NO_SHAPE_OF_A_REQUEST = {"Preview", "_Speaker", "Speaker"}


def shapes_with(option: str) -> Iterator[tuple[str, str]]:
    """The file and name of each class that declares a field for the option."""
    rooms = [path for room in (*ON_THE_WAY, ADAPTER) for path in ROOT.glob(room)]
    for path in sorted(rooms):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ClassDef) or node.name in NO_SHAPE_OF_A_REQUEST:
                continue
            if any(
                isinstance(line, ast.AnnAssign)
                and isinstance(line.target, ast.Name)
                and line.target.id == option
                for line in node.body
            ):
                yield str(path.relative_to(ROOT)), node.name


@pytest.mark.parametrize("option", ["picture", "speech", "thinking", "voice", "output"])
def test_an_option_of_a_message_has_few_shapes(option: str):
    shapes = [*shapes_with(option)]
    assert {"_Props", "RunRequest"} <= {name for _, name in shapes}, "the door, and what it makes"
    assert len(shapes) <= MAX_SHAPES, shapes


@pytest.mark.parametrize("option", ["thinking", "output", "speech"])
def test_an_option_is_declared_in_few_files(option: str):
    assert len({path for path, _ in shapes_with(option)}) <= MAX_FILES
