"""The picture in docs/architecture.md is that of the imports: no arrow more, none less."""

from __future__ import annotations

import re

import grimp
import pytest

from tests.marks import floors_of_rooms
from tests.vocabulary import PACKAGES, ROOT

NODE = re.compile(r'^ +(\w+)\["([\w/]+)<br>', re.MULTILINE)
ARROW = re.compile(r"^ +(\w+) --> (\w+)$", re.MULTILINE)

Arrows = set[tuple[str, str]]


def room_of(module: str) -> str:
    """``agents.runs.task`` is in agents/runs, ``accounts.models`` in accounts."""
    parts = module.split(".")
    return "/".join(parts[: 2 if parts[0] == "agents" else 1])


@pytest.fixture(scope="module")
def picture() -> str:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return text.partition("```mermaid\n")[2].partition("```")[0]


@pytest.fixture(scope="module")
def drawn(picture: str) -> Arrows:
    rooms = dict(NODE.findall(picture))
    return {(rooms[importer], rooms[imported]) for importer, imported in ARROW.findall(picture)}


@pytest.fixture(scope="module")
def imports() -> Arrows:
    graph = grimp.build_graph(*PACKAGES)
    pairs = {
        (room_of(module), room_of(imported))
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
    }
    return {(importer, imported) for importer, imported in pairs if importer != imported}


def followed(arrows: Arrows) -> Arrows:
    """The arrows, and those that follow: over one room or several."""
    reached = set(arrows)
    while more := {(a, d) for a, b in reached for c, d in arrows if b == c} - reached:
        reached |= more
    return reached


def test_every_room_is_in_the_picture_and_every_room_of_the_picture_is_there(picture):
    rooms = {room for _, room in NODE.findall(picture)}
    assert [room for room in rooms if not (ROOT / room).is_dir()] == []
    assert rooms >= {room.replace(".", "/") for room in floors_of_rooms()}


def test_every_arrow_of_the_picture_is_an_import(drawn, imports):
    assert drawn - imports == set()


def test_every_import_between_rooms_follows_from_the_picture(drawn, imports):
    assert imports - followed(drawn) == set()
