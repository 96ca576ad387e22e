"""The marks measure what their names say."""

from __future__ import annotations

import ast

from tests import marks

FLOORS = {"agents.runs": 3, "agents.core": 2, "common": 1}


def test_a_function_is_wide_from_its_thirteenth_parameter_on():
    code = "def narrow({}): ...\nasync def wide({}, *, thirteenth): ...\n"
    twelve = ", ".join(f"p{number}" for number in range(12))
    assert list(marks.wide_functions(ast.parse(code.format(twelve, twelve)))) == [2]


def test_every_generator_that_is_closed_by_a_block_counts():
    code = (
        "async def f():\n"
        "    async with aclosing(a()) as one, contextlib.aclosing(b()) as two:\n"
        "        pass\n"
        "    async with timeout(1):\n"
        "        pass\n"
    )
    assert list(marks.aclosing_blocks(ast.parse(code))) == [2, 2]


def test_a_module_is_in_the_room_whose_name_it_begins_with():
    modules = ["agents.runs.task", "agents.core", "agents.corelike", "common.text"]
    rooms = [marks.room_in(FLOORS, module) for module in modules]
    assert rooms == ["agents.runs", "agents.core", "", "common"]


def test_comments_behind_code_and_hashes_in_texts_are_not_lines_of_their_own(tmp_path):
    module = tmp_path / "module.py"
    module.write_text('# one\nx = 1  # behind\n"""\n# in a text\n"""\nif x:\n    # two\n    pass\n')
    assert marks.own_line_comments(module) == 2


def test_the_product_has_no_import_that_runs_back_up():
    assert list(marks.upward_imports()) == []
