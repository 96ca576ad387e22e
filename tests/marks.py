"""What the structure of the product is held to, measured: ``make check`` prints it.

python -m tests.marks            fails when a mark is missed
python -m tests.marks --report   prints only
"""

from __future__ import annotations

import ast
import sys
import tokenize
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grimp

from tests.vocabulary import PACKAGES, ROOT, modules, private_names

MAX_PARAMETERS = 12
# What a test measures better than a count does: the mark is met as long as the test is there.
MEASURED_BY_TESTS = {
    "shapes of a request, at most 4": "tests/test_request_shapes.py",
    "frames between Google's bytes and a run's log, at most 4": "tests/core/test_delta_frames.py",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """One measure, the bar it is held to, and where to look when it is missed."""

    name: str
    value: float
    bar: str
    met: bool
    places: tuple[str, ...] = ()


def at_most(name: str, value: float, bar: float, places: Iterator[str] | None = None) -> Mark:
    return Mark(name, value, f"<= {bar:,g}", value <= bar, tuple(places or ()))


def measure() -> list[Mark]:
    """Every mark, in the order in which they are printed."""
    upward = list(upward_imports())
    wide = list(places_of(wide_functions))
    closing = list(places_of(aclosing_blocks))
    private = [f"{room}: {name}" for room, names in private_names().items() for name in names]
    product = sum(map(lines, python_files(*PACKAGES)))
    tests = sum(map(lines, python_files("tests")))
    comments = sum(map(own_line_comments, python_files(*PACKAGES)))
    return [
        at_most("imports that run back up", len(upward), 0, iter(upward)),
        at_most("modules directly in agents/", len(direct_modules("agents")), 6),
        at_most("lines of agents/core", sum(map(lines, python_files("agents/core"))), 2000),
        at_most(f"functions of more than {MAX_PARAMETERS} parameters", len(wide), 0, iter(wide)),
        at_most("aclosing blocks", len(closing), 4, iter(closing)),
        at_most("lines of the emulator", sum(map(lines, python_files("emulator"))), 4000),
        at_most("lines of tests per line of the product", round(tests / product, 2), 1.5),
        at_most("private words as names", len(private), 0, iter(sorted(private))),
        Mark(
            "own-line comments, % of the product's lines",
            round(100 * comments / product, 2),
            ">= 2",
            comments >= 0.02 * product,
        ),
    ]


def floors_of_rooms() -> dict[str, int]:
    """The floor of each room, as the layers in pyproject.toml order them; 1 is the ground."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return {
        room.strip(): len(layers) - level
        for level, rooms in enumerate(layers)
        for room in rooms.split("|")
    }


def upward_imports() -> Iterator[str]:
    """Imports from a room to one above it or beside it."""
    floors = floors_of_rooms()
    graph = grimp.build_graph(*PACKAGES)
    for module in sorted(graph.modules):
        room = room_in(floors, module)
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            other = room_in(floors, imported)
            if room and other and room != other and floors[room] <= floors[other]:
                yield f"{module} -> {imported}"


def room_in(floors: dict[str, int], module: str) -> str:
    """The room that a module is in; empty for one that the layers do not name."""
    return next((room for room in floors if f"{module}.".startswith(f"{room}.")), "")


def direct_modules(package: str) -> list[Path]:
    return [path for path in (ROOT / package).glob("*.py") if path.name != "__init__.py"]


def python_files(*folders: str) -> list[Path]:
    """The Python files in these folders. Migrations are history that a command writes."""
    return [path for folder in folders for path in modules(folder)]


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def own_line_comments(path: Path) -> int:
    """Lines that are a comment and nothing else."""
    with path.open("rb") as file:
        tokens = list(tokenize.tokenize(file.readline))
    return sum(
        token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip()
        for token in tokens
    )


def places_of(lines_in: Callable[[ast.AST], Iterator[int]]) -> Iterator[str]:
    """``file:line`` of each place of the product that ``lines_in`` names in a syntax tree."""
    for path in python_files(*PACKAGES):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from (f"{path.relative_to(ROOT)}:{line}" for line in lines_in(tree))


def wide_functions(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            parameters = node.args
            named = [*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs]
            if len(named) > MAX_PARAMETERS:
                yield node.lineno


def aclosing_blocks(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        call = node.context_expr if isinstance(node, ast.withitem) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("aclosing"):
            yield call.lineno


def main(arguments: list[str]) -> int:
    marks = measure()
    missed = [mark.name for mark in marks if not mark.met]
    for mark in marks:
        sign = "met   " if mark.met else "MISSED"
        sys.stdout.write(f"{sign} {mark.value:>8,g}  {mark.bar:<9} {mark.name}\n")
        for place in mark.places if not mark.met else ():
            sys.stdout.write(f"                            {place}\n")
    for name, test in MEASURED_BY_TESTS.items():
        there = (ROOT / test).exists()
        sys.stdout.write(f"{'met   ' if there else 'MISSED'} {name}: {test}\n")
        missed += [] if there else [name]
    return 0 if not missed or arguments == ["--report"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
